package main

import (
	"errors"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) deleteCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "delete",
		Usage:       "remove a container that has stopped",
		ArgsUsage:   containerArg,
		Description: "A container that was created and not started is removed too.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "kill the container first if it runs; one that does not exist is no error"},
		},
	}, arity{1, 1}, func(cmd *cli.Command) error {
		force := cmd.Bool("force")
		container, err := c.load(cmd)
		if err == nil {
			err = container.Delete(force)
		}
		if force && errors.Is(err, libcontainer.ErrNotExist) {
			return nil
		}
		return err
	})
}
