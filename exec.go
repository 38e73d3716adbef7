package main

import (
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/attach"
	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) execCommand() *cli.Command {
	onlyID := 1
	return c.command(&cli.Command{
		Name:      "exec",
		Usage:     "run a further program in a container",
		ArgsUsage: containerArg + " <command> [arguments], or --process file " + containerArg,
		Description: "Runs the command with what the container's own program has of user, environment\n" +
			"and privileges, but for the flags. The exit code is the command's, or 255 if it\n" +
			"could not be run.",
		StopOnNthArg: &onlyID,
		Flags: append(processFlags(),
			&cli.StringFlag{Name: "process", Aliases: []string{"p"}, Usage: "`file` with the process object to run, - for the standard input"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "return once the command runs"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give the command a terminal"},
			&cli.StringFlag{Name: "cwd", Usage: "`directory` to run the command in"},
			&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, Usage: "further `name=value` in the environment"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "`uid[:gid]` to run as"},
			&cli.StringSliceFlag{Name: "additional-gids", Aliases: []string{"g"}, Usage: "further `gid` to have"},
			&cli.StringSliceFlag{Name: "cap", Aliases: []string{"c"}, Usage: "further `capability` to have"},
			&cli.BoolFlag{Name: "no-new-privs", Usage: "never gain privileges by running a file"},
			&cli.StringFlag{Name: "apparmor", Usage: "AppArmor `profile`"},
			&cli.StringFlag{Name: "process-label", Usage: "SELinux `label`"},
			&cli.StringSliceFlag{Name: "cgroup", Usage: "run in a cgroup below the container's: `[controllers:]path`"},
			&cli.BoolFlag{Name: "ignore-paused", Usage: "do not refuse if the container is paused: the command waits"},
		),
	}, arity{1, anyNumber}, func(cmd *cli.Command) error {
		exit, err := c.exec(cmd)
		if err != nil {
			return &exitError{exitExec, err}
		}
		return exitStatus(exit.Status())
	})
}

// exec runs the process and, unless detached, waits for it.
func (c *call) exec(cmd *cli.Command) (libcontainer.Exit, error) {
	container, err := c.load(cmd)
	if err != nil {
		return libcontainer.Exit{}, err
	}
	config, err := container.Spec()
	if err != nil {
		return libcontainer.Exit{}, err
	}
	process, err := c.execProcess(cmd, config.Process)
	if err != nil {
		return libcontainer.Exit{}, err
	}
	leave := detached(cmd.Bool("detach"))
	io, err := c.newProcessIO(cmd, process, leave)
	if err != nil {
		return libcontainer.Exit{}, err
	}
	defer io.close()
	options, err := c.processOptions(cmd, io, 0)
	if err != nil {
		return libcontainer.Exit{}, err
	}
	var signals *attach.Signals
	if !leave {
		if signals, err = attach.CatchSignals(); err != nil {
			return libcontainer.Exit{}, err
		}
	}
	running, err := container.Exec(process, libcontainer.ExecOptions{
		ProcessOptions: options, SubCgroups: cmd.StringSlice("cgroup"), IgnorePaused: cmd.Bool("ignore-paused"),
	})
	if err != nil || bool(leave) {
		return libcontainer.Exit{}, err
	}
	return c.await(running, io, signals, 0)
}
