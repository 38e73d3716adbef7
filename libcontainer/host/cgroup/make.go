// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Make makes the directories of the group and what has to be in them before a
// process may join: CPUs and memory nodes, real-time bandwidth and, on v1, the
// device rules. A group that is there already is taken if it has no processes
// and is not frozen. After an error nothing is left of what it made.
//
// The v1 device rules belong here and not to Limit because the kernel has no
// way to replace them at once: for a moment everything is denied, and init
// could be making a node then.
func (g *Group) Make() error { return g.attempt(g.makeDirs, g.fill) }

// MakeDirs is the first part of Make: the directories.
func (g *Group) MakeDirs() error { return g.attempt(g.makeDirs) }

// Fill is the second part of Make. Until it is done no process may join a v1
// hierarchy, but init may do what it does before that.
func (g *Group) Fill() error { return g.attempt(g.fill) }

func (g *Group) attempt(parts ...func() error) error {
	for _, part := range parts {
		err := part()
		if err == nil {
			continue
		}
		err = g.misconfigured(err)
		if g.inhabited {
			return err
		}
		return errors.Join(err, g.Undo())
	}
	return nil
}

// MakeBirthplace makes what must be there before init can be born in what Dir
// opens, and leaves the rest to Make (or MakeDirs and Fill), which may run while the kernel makes
// init: all there is on v2, one directory on a mixed host, nothing on v1.
//
// From then on there may be a process in the group, so that a later error of
// Make takes nothing back: the caller ends init and calls Undo.
func (g *Group) MakeBirthplace() error {
	if g.unit != nil {
		return nil // nobody is born in what systemd makes
	}
	if g.unified() {
		if err := g.Make(); err != nil {
			return err
		}
	} else if err := g.makeKey(""); err != nil {
		return errors.Join(g.misconfigured(err), g.Undo())
	}
	g.inhabited = true
	return nil
}

// misconfigured puts the words before err that callers of other runtimes know.
func (g *Group) misconfigured(err error) error {
	err = fmt.Errorf("make %s: unable to apply cgroup configuration: %w", g, err)
	if !g.rootless && linux.ReadOnlyFilesystem(err) {
		return fmt.Errorf("%w: as in a container without privilege over its cgroups; mount them read-write there, or use --rootless true and a config without linux.cgroupsPath and limits", err)
	}
	if g.rootless && !g.anyPlace && linux.CgroupDenied(err) {
		return &spec.FieldError{Path: "linux.cgroupsPath", Err: fmt.Errorf(
			"%w: without privilege it has to be below a cgroup that was handed to this user, or be left out", err)}
	}
	return err
}

func (g *Group) makeDirs() error {
	for _, key := range g.keys() {
		if err := g.makeKey(key); err != nil {
			return err
		}
	}
	if err := g.checkThawed(); err != nil {
		return err
	}
	if !g.unified() {
		return nil
	}
	if g.unit == nil || g.settings.beyondSystemd() {
		if err := enable(g.paths[""]); err != nil {
			return err
		}
	}
	return g.makeLeaf()
}

func (g *Group) fill() error {
	if len(g.paths) == 0 || g.unified() {
		return nil
	}
	return g.fillLegacy()
}

// makeKey makes the directory for one controller or hierarchy, once. If the
// container can do without it and it cannot be made, it is forgotten.
func (g *Group) makeKey(key string) error {
	dir := g.paths[key]
	if dir == "" || g.unitMakes(key) || slices.Contains(g.made, dir) || slices.Contains(g.keep, dir) {
		return nil
	}
	err := g.makeDir(dir)
	switch {
	case err == nil:
	case optional(key) && !g.unified() && !errors.Is(err, errNotEmpty):
		// Compat(runc): no limit hangs on these.
		delete(g.paths, key)
	case g.rootless && g.anyPlace && linux.CgroupDenied(err):
		// Nothing was asked for that only a cgroup gives, or Limit will
		// find its directory missing and say so.
		delete(g.paths, key)
	default:
		return err
	}
	return nil
}

var errNotEmpty = errors.New("container's cgroup is not empty")

// makeDir makes dir, and its parents as needed, and notes which it made. A
// directory that is there must have no processes.
func (g *Group) makeDir(dir string) error {
	existed, err := g.mkdir(dir)
	if err != nil || !existed {
		return err
	}
	if g.unit != nil {
		g.made = append(g.made, dir) // by systemd, a moment ago
		return nil
	}
	pids, err := pidsBelow(dir)
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		return fmt.Errorf("%s: %w: %d process(es) found: %s", dir, errNotEmpty, len(pids), nameAll(pids))
	}
	g.keep = append(g.keep, dir)
	return nil
}

func (g *Group) mkdir(dir string) (existed bool, err error) {
	// Another container's Undo may remove a shared parent between two calls.
	const tries = 3
	for range tries {
		err = os.Mkdir(dir, 0o755)
		switch {
		case err == nil:
			g.made = append(g.made, dir)
			return false, nil
		case errors.Is(err, fs.ErrExist):
			return true, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
		if _, err := g.mkdir(filepath.Dir(dir)); err != nil {
			return false, err
		}
	}
	return false, err
}

var errFrozen = errors.New("container's cgroup unexpectedly frozen")

// checkThawed refuses a group in which init would stand still: it is frozen
// itself, or one above it is.
func (g *Group) checkThawed() error {
	if dir := g.paths["freezer"]; dir != "" {
		state, err := linux.ReadKernelFile(filepath.Join(dir, "freezer.state"))
		if err != nil {
			return err
		}
		if string(bytes.TrimSpace(state)) != string(cgroups.Thawed) {
			return fmt.Errorf("%s: %w", dir, errFrozen)
		}
	}
	if dir := g.paths[""]; dir != "" {
		frozen, err := readEvent(dir, "frozen")
		// Kernel(5.2): no freezer in v2 before.
		if err != nil && !linux.CgroupGone(err) {
			return err
		}
		if frozen {
			return fmt.Errorf("%s: %w", dir, errFrozen)
		}
	}
	return nil
}

// fillLegacy lets the library set what must be there before the first process.
func (g *Group) fillLegacy() error {
	config := g.library()
	config.SkipDevices = true // no pid is written: nothing to check yet
	manager, err := v1.NewManager(config, g.paths)
	if err != nil {
		return err
	}
	const justMake = -1
	if err := manager.Apply(justMake); err != nil && !errors.Is(err, cgroups.ErrRootless) {
		return g.blame(err)
	}
	if g.paths["devices"] == "" || g.devicesLater {
		return nil
	}
	if err := cgroups.DevicesSetV1(g.paths["devices"], &g.settings.Resources); err != nil && !g.rootless {
		return field("linux.resources.devices", err)
	}
	return nil
}

// Undo removes the directories that Make made. Processes in them must have
// been killed before; those that are just ending are waited for.
func (g *Group) Undo() error {
	own := g.dirs()
	var errs []error
	for _, dir := range slices.Backward(g.made) {
		if slices.Contains(own, dir) {
			errs = append(errs, removeTree(dir, patience()))
			continue
		}
		// A parent in which somebody else has made a group meanwhile stays.
		err := linux.RemoveCgroup(dir)
		if err != nil && !linux.CgroupBusy(err) && !linux.CgroupGone(err) {
			errs = append(errs, err)
		}
	}
	g.made, g.inhabited = nil, false
	return errors.Join(append(errs, g.undoUnit())...)
}
