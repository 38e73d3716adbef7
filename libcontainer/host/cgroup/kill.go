// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// Kill ends every process of the group and returns when none is left. A frozen
// group is thawed by it.
func (g *Group) Kill() error { return g.kill(patience()) }

func (g *Group) kill(deadline time.Time) error {
	began := time.Now()
	pids, err := g.Pids()
	if err != nil || len(pids) == 0 {
		return err
	}
	if slices.Contains(pids, os.Getpid()) {
		return fmt.Errorf("kill %s: this very process is in it", g)
	}
	if err := g.killAtOnce(deadline); err != nil {
		return fmt.Errorf("kill %s: %w", g, err)
	}
	for {
		pids, err := g.Pids()
		if err != nil || len(pids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			err = fmt.Errorf("kill %s: still there after %v: %s", g, time.Since(began).Round(time.Second), nameAll(pids))
			// On v1 the dead need the CPU to die.
			return errors.Join(err, g.CheckThawed())
		}
		if err := g.killRound(deadline); err != nil {
			return fmt.Errorf("kill %s: %w", g, err)
		}
	}
}

// killAtOnce lets the kernel kill the whole group, with what is being forked
// at this moment, if it can: on v2, and on a mixed host through the hierarchy
// beside v1, where the same processes are.
func (g *Group) killAtOnce(deadline time.Time) error {
	dir := g.paths[""]
	if dir == "" {
		return nil
	}
	// Kernel(5.14): cgroup.kill.
	err := linux.WriteKernelFile(filepath.Join(dir, "cgroup.kill"), "1")
	if linux.CgroupGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.paths["freezer"] != "" {
		// Frozen by v1, a process does not even die.
		if err := g.Thaw(); err != nil && !linux.CgroupGone(err) {
			return err
		}
	}
	_, err = awaitEvent(dir, "populated", false, deadline)
	return err
}

// killRound kills the processes that are there now, or as many as fit into one
// round. They are frozen meanwhile, so that they cannot fork faster than they
// are found; where that does not work the rounds go on until none is left.
func (g *Group) killRound(deadline time.Time) error {
	// A process that hangs in the kernel never stands still; killing the
	// others need not wait for it.
	const enough = 200 * time.Millisecond
	thaw := func() error { return nil }
	if g.freeze(time.Now().Add(enough)) == nil {
		thaw = g.Thaw
	}
	handles, err := grab(g.Pids)
	defer release(handles)
	for _, h := range handles {
		if sent := linux.SignalFD(h.pidfd, linux.SIGKILL); sent != nil && !linux.ProcessGone(sent) && err == nil {
			err = fmt.Errorf("process %d: %w", h.pid, sent)
		}
	}
	if thawed := thaw(); thawed != nil && !linux.CgroupGone(thawed) && err == nil {
		err = thawed
	}
	if err != nil {
		return err
	}
	return awaitExit(handles, deadline)
}
