package main

import (
	"errors"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/attach"
	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) runCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "run",
		Usage:     "create and start a container",
		ArgsUsage: containerArg,
		Description: "Without --detach it waits for the program, hands signals and, with a terminal,\n" +
			"keys to it, removes the container afterwards and exits with the program's code.",
		Flags: append(creationFlags(),
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "return once the program runs"},
			&cli.BoolFlag{Name: "keep", Usage: "keep the container after its program has ended"},
			&cli.BoolFlag{Name: "no-subreaper", Usage: "do not become the parent of the container's orphans"},
		),
	}, arity{1, 1}, func(cmd *cli.Command) error {
		leave := detached(cmd.Bool("detach"))
		n, err := c.prepareCreation(cmd, leave, true)
		if err != nil {
			return err
		}
		if leave {
			return c.runDetached(n)
		}
		return c.runForeground(n, cmd.Bool("keep"), cmd.Bool("no-subreaper"))
	})
}

// startNew makes the container and starts it; on failure nothing is left.
func (c *call) startNew(n *creation) (*libcontainer.Container, *sdsocket.Relay, error) {
	container, err := c.create(n)
	if err != nil {
		return nil, nil, err
	}
	relay, err := c.newRelay(n.id)
	if err == nil {
		err = container.Start()
	}
	if err == nil {
		return container, relay, nil
	}
	if relay != nil {
		relay.Close()
	}
	if removeErr := container.Delete(true); !errors.Is(removeErr, libcontainer.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	return nil, nil, err
}

func (c *call) runDetached(n *creation) error {
	container, relay, err := c.startNew(n)
	if err != nil {
		return err
	}
	if init := container.Init(); relay != nil {
		relayReady(relay, init.Pidfd(), init.Pid())
	}
	return nil
}

func (c *call) runForeground(n *creation, keep, noSubreaper bool) error {
	// Our terminal gets its mode back whatever happens from here on.
	defer n.io.close()
	if !noSubreaper {
		if err := linux.BecomeSubreaper(); err != nil {
			return err
		}
	}
	signals, err := attach.CatchSignals()
	if err != nil {
		return err
	}
	container, relay, err := c.startNew(n)
	if err != nil {
		return err
	}
	init := container.Init()
	relayed := c.relayBeside(relay, init)
	reap := init.Pid()
	if noSubreaper {
		reap = 0
	}
	exit, err := c.await(init, n.io, signals, reap)
	<-relayed
	if !keep {
		// Somebody else may have been quicker.
		if removeErr := container.Delete(false); !errors.Is(removeErr, libcontainer.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	if err != nil {
		return err
	}
	return exitStatus(exit.Status())
}

// relayBeside relays the payload's readiness while it is waited for; the
// channel is closed when that is over.
func (c *call) relayBeside(relay *sdsocket.Relay, init *libcontainer.Process) <-chan struct{} {
	over := make(chan struct{})
	if relay == nil {
		close(over)
		return over
	}
	// Our own descriptor: the process' is closed as soon as it was reaped.
	pidfd, err := linux.FD(init.Pidfd()).Dup()
	if err != nil {
		warn(err.Error())
		relay.Close()
		close(over)
		return over
	}
	go func() {
		// The service manager goes on watching this process: it is its
		// child, and ends as the payload does.
		relayReady(relay, int(pidfd), c.pid)
		_ = pidfd.Close()
		close(over)
	}()
	return over
}
