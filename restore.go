package main

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/attach"
	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func (c *call) restoreCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "restore",
		Usage:     "make a container of files that checkpoint has written",
		ArgsUsage: containerArg,
		Description: "The processes go on where they were, with the mounts, devices, limits and hooks\n" +
			"of the bundle. Without --detach it then does what \"run\" does.",
		Flags: append(imageFlags(),
			&cli.StringFlag{Name: "bundle", Aliases: []string{"b"}, Value: ".", Usage: "`directory` of the bundle"},
			&cli.StringFlag{Name: "pid-file", Usage: "`file` to write the process id to"},
			&cli.StringFlag{Name: "console-socket", Usage: "`socket` to send the terminal's master end to"},
			&cli.StringFlag{Name: "pidfd-socket", Usage: "`socket` to send a pidfd of the process to"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "return once the program runs"},
			&cli.BoolFlag{Name: "no-subreaper", Usage: "do not become the parent of the container's orphans"},
			&cli.BoolFlag{Name: "no-pivot", Usage: "no effect: criu changes the root in its own way"},
			&cli.StringFlag{Name: "lsm-profile", Usage: "`type:name` of the security profile instead of the one in the images"},
			&cli.StringFlag{Name: "lsm-mount-context", Usage: "SELinux `context` of mounts instead of the one in the images"},
		),
	}, arity{1, 1}, func(cmd *cli.Command) error {
		leave := detached(cmd.Bool("detach"))
		n, err := c.prepareRestoration(cmd, leave)
		if err != nil {
			return err
		}
		// Our terminal gets its mode back whatever happens from here on.
		defer n.io.close()
		if leave {
			_, err := c.factory().Restore(n.id, n.bundle.spec, n.bundle.raw, n.options)
			return err
		}
		return c.restoreForeground(n, cmd.Bool("no-subreaper"))
	})
}

// restoration is a container about to be restored.
type restoration struct {
	id      string
	bundle  *bundle
	io      *processIO
	options libcontainer.RestoreOptions
}

func (c *call) prepareRestoration(cmd *cli.Command, leave detached) (*restoration, error) {
	n := &restoration{id: cmd.Args().First()}
	err := spec.CheckID(n.id)
	if err != nil {
		return nil, err
	}
	rootless, err := c.rootlessCgroups()
	if err != nil {
		return nil, err
	}
	if n.options.CriuOptions, err = c.criuOptions(cmd); err != nil {
		return nil, err
	}
	n.options.LSMProfile, n.options.LSMMountContext = cmd.String("lsm-profile"), cmd.String("lsm-mount-context")
	n.bundle, err = c.loadBundle(cmd.String("bundle"), spec.Options{
		SystemdCgroup: c.global.systemdCgroup, Rootless: c.uid != 0, NeedProcess: true,
	})
	if err != nil {
		return nil, err
	}
	process := n.bundle.spec.Process
	if process == nil {
		process = &specs.Process{}
	}
	if n.io, err = c.newProcessIO(cmd, process, leave); err != nil {
		return nil, err
	}
	n.options.CreateOptions = libcontainer.CreateOptions{
		Bundle: n.bundle.dir, SystemdCgroup: c.global.systemdCgroup, Rootless: rootless, Warn: warn, Note: note,
	}
	if n.options.ProcessOptions, err = c.processOptions(cmd, n.io, 0); err != nil {
		return nil, err
	}
	return n, c.makeRoot()
}

func (c *call) restoreForeground(n *restoration, noSubreaper bool) error {
	reap := 0
	if !noSubreaper {
		if err := linux.BecomeSubreaper(); err != nil {
			return err
		}
	}
	signals, err := attach.CatchSignals()
	if err != nil {
		return err
	}
	container, err := c.factory().Restore(n.id, n.bundle.spec, n.bundle.raw, n.options)
	if err != nil {
		return err
	}
	init := container.Init()
	if !noSubreaper {
		reap = init.Pid()
	}
	exit, err := c.await(init, n.io, signals, reap)
	// Somebody else may have been quicker.
	if removeErr := container.Delete(false); !errors.Is(removeErr, libcontainer.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	if err != nil {
		return err
	}
	return exitStatus(exit.Status())
}
