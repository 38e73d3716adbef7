package main

import (
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) startCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "start",
		Usage:       "run the program of a created container",
		ArgsUsage:   containerArg,
		Description: "Returns once the program runs, or says why it does not.",
	}, arity{1, 1}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		relay, err := c.newRelay(container.ID())
		if err != nil {
			return err
		}
		if relay == nil {
			return container.Start()
		}
		return startAndRelay(container, relay)
	})
}

// startAndRelay starts the container and stays until its payload has said that
// it is ready, or is gone.
func startAndRelay(container *libcontainer.Container, relay *sdsocket.Relay) error {
	defer relay.Close()
	state, err := container.State()
	if err != nil {
		return err
	}
	if state.Pid == 0 {
		return container.Start() // it has ended, and start says so
	}
	// Opened before the start: until then init waits for us and keeps its pid.
	pidfd, err := linux.PidfdOpen(state.Pid)
	if err != nil {
		return err
	}
	defer pidfd.Close()
	if err := container.Start(); err != nil {
		return err
	}
	relayReady(relay, int(pidfd), state.Pid)
	return nil
}
