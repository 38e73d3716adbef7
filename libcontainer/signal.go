package libcontainer

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
)

// Signal sends a signal to init. Where the container has no pid namespace of
// its own, KILL goes to every process of its cgroup, which would outlive init;
// if it has a cgroup.
// With all a container that is not running is no error: the caller wants
// nothing of it to be left, and nothing is.
func (c *Container) Signal(sig int, all bool) error {
	everyone := sig == linux.SIGKILL && !c.ownPIDs() && len(c.state.CgroupPaths) > 0
	pidfd, err := c.pidfd()
	if errors.Is(err, ErrNotRunning) && all {
		if everyone {
			return c.killGroup()
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer pidfd.Close()
	if everyone {
		return c.killGroup()
	}
	err = linux.SignalFD(pidfd, sig)
	if linux.ProcessGone(err) {
		return ErrNotRunning
	}
	if err == nil && sig == linux.SIGKILL {
		err = c.thawKilled()
	}
	return err
}

// thawKilled lets a killed process of a paused container die: a frozen one of
// cgroup v1 does not.
func (c *Container) thawKilled() error {
	g, err := c.group()
	if err != nil {
		return err
	}
	frozen, err := g.Frozen()
	if err != nil || !frozen {
		return err
	}
	return g.Thaw()
}

// ownPIDs reports whether the kernel kills the rest when init ends.
func (c *Container) ownPIDs() bool {
	for _, ns := range c.state.Namespaces {
		if ns == string(specs.PIDNamespace) {
			return true
		}
	}
	return false
}

// killGroup kills every process of the container's cgroups. What a creator
// that died early had not yet looked at is not touched: it may be anybody's.
func (c *Container) killGroup() error {
	if !c.state.CgroupOurs {
		return nil
	}
	g, err := c.group()
	if err != nil {
		return err
	}
	return g.Kill()
}

// kill ends init and all else of the container, and waits for it. Init comes
// first: with it goes its pid namespace.
func (c *Container) kill() error {
	pidfd, err := c.pidfd()
	if errors.Is(err, ErrNotRunning) {
		return c.killGroup()
	}
	if err != nil {
		return err
	}
	defer pidfd.Close()
	if err = linux.Kill(pidfd); err != nil && !linux.ProcessGone(err) {
		return err
	}
	if err = c.killGroup(); err != nil {
		return err
	}
	return linux.AwaitEnd(pidfd, killPatience)
}

// Pids are the processes of the container, in this command's pid namespace.
func (c *Container) Pids() ([]int, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	if !g.None() {
		return g.Pids()
	}
	if !c.ownPIDs() {
		return nil, fmt.Errorf("list processes: %w, nor a pid namespace of its own", cgroup.ErrNone)
	}
	alive, err := c.alive()
	if err != nil || !alive {
		return nil, err
	}
	proc, err := linux.OpenProc()
	if err != nil {
		return nil, err
	}
	defer proc.Close()
	return proc.Sharing(c.state.InitPid, "pid")
}

// Pause freezes all processes of the container.
func (c *Container) Pause() error {
	return c.freeze(func(status string) error {
		if status != string(specs.StateRunning) && status != string(specs.StateCreated) {
			return ErrNotRunning
		}
		g, err := c.group()
		if err != nil {
			return err
		}
		return g.Freeze()
	})
}

// Resume lets the processes of a paused container go on.
func (c *Container) Resume() error {
	return c.freeze(func(status string) error {
		if status != statusPaused {
			return ErrNotPaused
		}
		g, err := c.group()
		if err != nil {
			return err
		}
		if err = g.Thaw(); err == nil {
			err = g.CheckThawed()
		}
		return err
	})
}

// checkThawed refuses a container that stands still although nobody paused it.
func (c *Container) checkThawed() error {
	g, err := c.group()
	if err != nil {
		return err
	}
	return g.CheckThawed()
}

func (c *Container) freeze(change func(status string) error) error {
	if err := c.lock(); err != nil {
		return err
	}
	defer c.dir.Unlock() //nolint:errcheck // the lock goes with the process
	status, err := c.status()
	if err != nil {
		return err
	}
	return change(status)
}
