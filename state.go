package main

import "github.com/urfave/cli/v3"

func (c *call) stateCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "state",
		Usage:       "print the state of a container as JSON",
		ArgsUsage:   containerArg,
		Description: "The object is the one of the OCI runtime specification, with some more fields.",
	}, arity{1, 1}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		state, err := container.State()
		if err != nil {
			return err
		}
		_, err = c.stdout.Write(appendState(nil, state, "  "))
		return err
	})
}
