// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Freeze stops every process of the group and returns when all stand still. If
// they do not in time, they go on.
func (g *Group) Freeze() error {
	if dir := g.paths["freezer"]; dir != "" {
		// The library knows how often a v1 kernel must be asked.
		return g.frozen(new(v1.FreezerGroup).Set(dir, &cgroups.Resources{Freezer: cgroups.Frozen}))
	}
	if !g.unified() {
		return g.frozen(noFreezer())
	}
	dir := g.paths[""]
	if err := linux.WriteKernelFile(filepath.Join(dir, "cgroup.freeze"), "1"); err != nil {
		return g.frozen(err)
	}
	still, err := awaitEvent(dir, "frozen", true, patience())
	if err == nil && still {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("not all processes stopped within %v", patienceTime)
	}
	if thaw := g.Thaw(); thaw != nil {
		err = fmt.Errorf("%w; %w", err, thaw)
	}
	return g.frozen(err)
}

func (g *Group) frozen(err error) error {
	if err != nil {
		return fmt.Errorf("freeze %s: %w", g, err)
	}
	return nil
}

func noFreezer() error { return fmt.Errorf("no freezer on this host: %w", spec.ErrUnsupported) }

// Thaw lets the processes of the group go on.
func (g *Group) Thaw() error {
	var err error
	switch dir := g.paths["freezer"]; {
	case dir != "":
		err = linux.WriteKernelFile(filepath.Join(dir, "freezer.state"), string(cgroups.Thawed))
	case g.unified():
		err = linux.WriteKernelFile(filepath.Join(g.paths[""], "cgroup.freeze"), "0")
	default:
		err = noFreezer()
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
