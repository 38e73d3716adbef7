package main

import "github.com/urfave/cli/v3"

func (c *call) killCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "kill",
		Usage:       "send a signal to a container's program",
		ArgsUsage:   containerArg + " [signal]",
		Description: "The signal is a number or a name such as TERM, sigkill or SIGRTMIN+3, and TERM if\nnone is given.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Hidden: true},
		},
	}, arity{1, 2}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		text := cmd.Args().Get(1)
		if text == "" {
			text = "SIGTERM"
		}
		signal, err := parseSignal(text)
		if err != nil {
			return err
		}
		return container.Signal(signal, cmd.Bool("all"))
	})
}
