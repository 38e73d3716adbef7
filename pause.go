package main

import (
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) pauseCommand() *cli.Command {
	return c.freezer(&cli.Command{
		Name:        "pause",
		Usage:       "suspend all processes of a container",
		Description: "They stay where they are until \"resume\".",
	}, (*libcontainer.Container).Pause)
}

func (c *call) resumeCommand() *cli.Command {
	return c.freezer(&cli.Command{
		Name:        "resume",
		Usage:       "let the processes of a paused container go on",
		Description: "The other half of \"pause\".",
	}, (*libcontainer.Container).Resume)
}

func (c *call) freezer(cmd *cli.Command, act func(*libcontainer.Container) error) *cli.Command {
	cmd.ArgsUsage = containerArg
	return c.command(cmd, arity{1, 1}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		return act(container)
	})
}
