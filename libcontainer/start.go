package libcontainer

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/diagnose"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Start lets the created container's program run, and returns once its execve
// has succeeded, or says why it did not; then the container is stopped.
func (c *Container) Start() error {
	if c.waits != nil {
		return c.startHere()
	}
	if err := c.lock(); err != nil {
		return err
	}
	defer c.dir.Unlock() //nolint:errcheck // the lock goes with the process
	switch status, err := c.status(); {
	case err != nil:
		return err
	case status == string(specs.StateStopped):
		return ErrStopped
	case status == statusPaused && c.waiting():
		return ErrStartPaused
	case status != string(specs.StateCreated):
		return ErrRunning
	}
	if err := c.checkThawed(); err != nil {
		return err
	}
	pidfd, err := c.pidfd()
	if err != nil {
		return err
	}
	defer pidfd.Close()
	// As long as nobody would answer its calls the container stays created.
	agent, err := c.reachAgent(string(specs.StateCreated))
	if err != nil {
		return err
	}
	defer agent.close()
	init, err := launch.Connect(c.dir.FD(), statedir.StartSocket, c.state.InitPid, pidfd)
	if errors.Is(err, linux.ECONNREFUSED) {
		// Nobody listens there any more: it was started, and that command
		// died before it could remove the name.
		return errors.Join(ErrRunning, linux.Unlinkat(c.dir.FD(), statedir.StartSocket))
	}
	if err != nil {
		return err
	}
	defer init.Release()
	// Before the word to go: from now on the container is not a created one.
	// If this command dies here, init sees it and ends.
	if err := linux.Unlinkat(c.dir.FD(), statedir.StartSocket); err != nil {
		return err
	}
	return c.started(init, agent)
}

// startHere is Start for who created the container in this very process.
func (c *Container) startHere() error {
	init := c.waits
	c.waits = nil
	agent, err := c.reachAgent(string(specs.StateCreated))
	if err == nil {
		err = c.started(init, agent)
		agent.close()
	}
	init.Release()
	return err
}

func (c *Container) started(init *launch.Init, a *agent) error {
	err := init.Go(a.give)
	var failed *launch.Failure
	switch {
	case err == nil:
		err = c.poststart()
	case errors.As(err, &failed):
		err = whyNot(err, init.Pid, c.cwd())
		// Init ends when nobody listens any more; then the container is a
		// stopped one, and a command that comes next sees it so.
		init.Release()
		err = joinUndo(err, linux.AwaitEnd(init.Pidfd, killPatience))
	default:
		// Whatever init has become, it is not what was asked for.
		init.Release()
		return joinUndo(err, c.kill())
	}
	if hookFailed(err) {
		err = joinUndo(err, c.destroy())
	}
	return err
}

// cwd is the working directory of the container's program.
func (c *Container) cwd() string {
	s, err := c.Spec()
	if err != nil || s.Process == nil {
		return "/"
	}
	return s.Process.Cwd
}

// poststart runs the poststart hooks: the program runs by now.
func (c *Container) poststart() error {
	list, err := c.hooks(hookPoststart)
	if err != nil {
		return err
	}
	return c.runList(hookPoststart, list, c.state.InitPid, specs.StateRunning, stop)
}

// whyNot looks at the program's file when execve refused it: the number alone
// does not tell a missing interpreter from a missing program. Init still is
// there, so its root is too.
func whyNot(err error, pid int, cwd string) error {
	var f *launch.Failure
	if !errors.As(err, &f) || f.Kind != wire.Exec || f.Detail != "" {
		return err
	}
	proc, perr := linux.OpenProc()
	if perr != nil {
		return err
	}
	defer proc.Close()
	root, perr := proc.Root(pid)
	if perr != nil {
		return err
	}
	defer root.Close()
	return diagnose.ExecIn(root, cwd, f.Object, linux.Errno(f.Errno))
}
