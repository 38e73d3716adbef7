package main

import (
	"errors"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/attach"
	"github.com/oci-rung/rung/internal/fdpass"
	"github.com/oci-rung/rung/internal/linux"
)

// processIO is where the input and output of a container's process go.
type processIO struct {
	call   *call
	leave  detached
	size   linux.WindowSize // the config's, or zero
	wanted bool             // a terminal
	socket string           // to send its master to

	terminal *attach.Terminal // of a foreground process, once it has one
}

// newProcessIO decides from the flags and the config.
func (c *call) newProcessIO(cmd *cli.Command, process *specs.Process, leave detached) (*processIO, error) {
	io := &processIO{call: c, leave: leave, wanted: process.Terminal, socket: cmd.String("console-socket")}
	if err := io.check(); err != nil {
		return nil, err
	}
	if box := process.ConsoleSize; box != nil {
		const most = 1<<16 - 1
		io.size = linux.WindowSize{Row: uint16(min(box.Height, most)), Col: uint16(min(box.Width, most))}
	}
	return io, nil
}

// check refuses what cannot work: a terminal nobody holds, or one that is to
// be sent away and kept. Callers know the words.
func (io *processIO) check() error {
	if bool(io.leave) && io.wanted && io.socket == "" {
		return errors.New("cannot allocate tty if runc will detach without setting console socket")
	}
	if (!bool(io.leave) || !io.wanted) && io.socket != "" {
		return errors.New("cannot use console socket if runc will not detach or allocate tty")
	}
	return nil
}

// console is what libcontainer calls with the master of the process's
// terminal; nil if there is none.
func (io *processIO) console() func(*os.File) error {
	switch {
	case !io.wanted:
		return nil
	case io.socket != "":
		return io.send
	}
	return io.attach
}

// send hands the master to who listens on the console socket, in the mode in
// which the kernel made it.
func (io *processIO) send(master *os.File) error {
	defer master.Close()
	if err := attach.SetSize(master, io.size); err != nil {
		return err
	}
	name, err := linux.PtyName(master)
	if err != nil {
		return err
	}
	return fdpass.SendTo(io.socket, name, master)
}

// attach joins the master to our own terminal.
func (io *processIO) attach(master *os.File) error {
	c := io.call
	size := io.size
	if size == (linux.WindowSize{}) {
		size = attach.CallerSize(c.stdin, c.stdout, c.stderr)
	}
	if err := attach.SetSize(master, size); err != nil {
		return errors.Join(err, master.Close())
	}
	terminal, err := attach.Attach(master, c.stdin, c.stdout)
	io.terminal = terminal
	return err
}

// close hands on the last output and gives our terminal its mode back. It may
// be called more than once.
func (io *processIO) close() error {
	if io.terminal == nil {
		return nil
	}
	return io.terminal.Close()
}
