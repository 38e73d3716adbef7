// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Freeze stops every process of the group and returns when all stand still. If
// they do not in time, they go on.
func (g *Group) Freeze() error { return g.freeze(patience()) }

func (g *Group) freeze(deadline time.Time) error {
	if dir := g.paths["freezer"]; dir != "" {
		return g.frozen(freezeLegacy(dir, deadline))
	}
	if !g.unified() {
		return g.frozen(g.noFreezer())
	}
	dir := g.paths[""]
	if err := linux.WriteKernelFile(filepath.Join(dir, "cgroup.freeze"), "1"); err != nil {
		return g.frozen(err)
	}
	still, err := awaitEvent(dir, "frozen", true, deadline)
	if err == nil && still {
		return nil
	}
	if err == nil {
		err = errStillRunning
	}
	if thaw := g.Thaw(); thaw != nil {
		err = fmt.Errorf("%w; %w", err, thaw)
	}
	return g.frozen(err)
}

var errStillRunning = errors.New("not all processes stopped in time")

// freezeLegacy stops the processes of a v1 group. The kernel reports no event
// when they stand still, and a process needs the CPU once more to do so, so
// after a few quick looks this looks once a millisecond. The library's way,
// a thousand looks at full speed, gives up after less than a second when all
// CPUs are busy.
func freezeLegacy(dir string, deadline time.Time) error {
	const (
		quick  = 16
		repeat = 64
	)
	file := filepath.Join(dir, "freezer.state")
	for try := 1; ; try++ {
		if err := linux.WriteKernelFile(file, string(cgroups.Frozen)); err != nil {
			return err
		}
		state, err := linux.ReadKernelFile(file)
		if err != nil {
			return err
		}
		if string(bytes.TrimSpace(state)) == string(cgroups.Frozen) {
			return nil
		}
		late := time.Now().After(deadline)
		if late || try%repeat == 0 {
			// A group into which processes are forked or moved all the time
			// can stay half frozen; beginning anew helps.
			if err := linux.WriteKernelFile(file, string(cgroups.Thawed)); err != nil {
				return err
			}
		}
		if late {
			return errStillRunning
		}
		if try > quick {
			if _, err := linux.Poll(nil, time.Millisecond); err != nil {
				return err
			}
		}
	}
}

func (g *Group) frozen(err error) error {
	if err != nil {
		return fmt.Errorf("freeze %s: %w", g, err)
	}
	return nil
}

func (g *Group) noFreezer() error {
	if g.None() {
		return ErrNone
	}
	return fmt.Errorf("no freezer on this host: %w", spec.ErrUnsupported)
}

// Thaw lets the processes of the group go on.
func (g *Group) Thaw() error {
	var err error
	switch dir := g.paths["freezer"]; {
	case dir != "":
		err = linux.WriteKernelFile(filepath.Join(dir, "freezer.state"), string(cgroups.Thawed))
	case g.unified():
		err = linux.WriteKernelFile(filepath.Join(g.paths[""], "cgroup.freeze"), "0")
	default:
		err = g.noFreezer()
	}
	if err != nil {
		return fmt.Errorf("thaw %s: %w", g, err)
	}
	return nil
}

// Frozen reports whether Freeze was called on the group, by whomever, and not
// yet undone. A group above that is frozen does not count: the container was
// not paused. A group that is gone, or has no freezer, is not frozen.
func (g *Group) Frozen() (bool, error) {
	var file string
	switch dir := g.paths["freezer"]; {
	case dir != "":
		file = filepath.Join(dir, "freezer.self_freezing")
	case g.unified():
		file = filepath.Join(g.paths[""], "cgroup.freeze")
	default:
		return false, nil
	}
	text, err := linux.ReadKernelFile(file)
	if linux.CgroupGone(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return string(bytes.TrimSpace(text)) == "1", nil
}
