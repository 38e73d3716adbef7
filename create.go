package main

import "github.com/urfave/cli/v3"

func (c *call) createCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "create",
		Usage:     "create a container",
		ArgsUsage: containerArg,
		Description: "Makes the container of a bundle, with its namespaces, mounts and limits, up to\n" +
			"the point where \"start\" runs the program. Its standard streams become the\n" +
			"container's.",
		Flags: creationFlags(),
	}, arity{1, 1}, func(cmd *cli.Command) error {
		n, err := c.prepareCreation(cmd, true, false)
		if err != nil {
			return err
		}
		_, err = c.create(n)
		return err
	})
}
