// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// Dir opens the v2 directory of the group, so that a process can be born in it
// (CLONE_INTO_CGROUP). On a mixed host that is the hierarchy beside v1: born
// there, init need not be moved, which alone costs as much as a whole start.
// It is nil if the host has v1 only. The caller closes it.
func (g *Group) Dir() (*os.File, error) {
	dir := g.paths[""]
	if dir == "" || g.unit != nil && !g.unit.started {
		return nil, nil
	}
	f, err := linux.OpenCgroupDir(dir)
	if err != nil {
		return nil, fmt.Errorf("join cgroup: %w", err)
	}
	return f, nil
}

// Tasks opens the tasks file of every v1 directory. A single-threaded process
// that writes 0 to each of them is in the group afterwards, whoever and in
// whichever namespaces it is: the kernel asks for the privilege of who opened
// the file. It has to do so before it makes a cgroup namespace, whose root is
// the cgroup of that moment. The freezer comes last; writing there stops the
// process if the group is frozen. The list is empty on v2. The caller closes.
func (g *Group) Tasks() ([]*os.File, error) {
	var files []*os.File
	var seen []string
	for _, key := range g.keys() {
		dir := g.paths[key]
		if key == "" || slices.Contains(seen, dir) {
			continue
		}
		seen = append(seen, dir)
		f, err := linux.OpenKernelFile(filepath.Join(dir, "tasks"))
		if err != nil && optional(key) && linux.CgroupGone(err) {
			continue
		}
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("join %s cgroup, adding pid to its tasks: %w", key, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// Join moves a process into the group from outside: all of it on v2, on v1 its
// first thread, so it must have no other. It costs milliseconds where Dir and
// Tasks cost none, and is for a host or a process with which these do not
// work. A process that is in the v2 directory already is not moved there.
func (g *Group) Join(pid int) error {
	files, err := g.Tasks()
	if err != nil {
		return err
	}
	defer closeAll(files)
	for _, f := range files {
		if _, err := f.WriteString(strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("join cgroup, adding pid %d to cgroups: %w", pid, err)
		}
	}
	dir := g.paths[""]
	if dir == "" {
		return nil
	}
	if pids, err := pidsIn(dir); err == nil && slices.Contains(pids, pid) {
		return nil
	}
	return g.JoinBirthplace(pid)
}

// JoinBirthplace moves a process that could not be born in what Dir opens
// there. The other hierarchies it joins by itself, once they may be joined.
func (g *Group) JoinBirthplace(pid int) error {
	dir := g.paths[""]
	if dir == "" {
		return nil
	}
	err := linux.WriteKernelFile(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(pid))
	if errors.Is(err, fs.ErrPermission) && g.unit != nil {
		err = g.attachUnit(dir, pid)
	}
	if err != nil {
		return fmt.Errorf("join cgroup, adding pid %d to cgroups: %w", pid, whyRefused(dir, err))
	}
	return nil
}

// Sub returns the group below g that exec --cgroup asks for. Each of args is
// either PATH, alone and for every hierarchy, or CONTROLLER[,CONTROLLER]:PATH,
// which is for v1. Hierarchies that are not named stay where g is. The
// directories must exist; that shows when they are joined.
func (g *Group) Sub(args []string) (*Group, error) {
	wanted, err := parseSub(args)
	if err != nil {
		return nil, err
	}
	sub := &Group{paths: maps.Clone(g.paths), rootless: g.rootless, unit: g.unit}
	if everywhere, ok := wanted[everyHierarchy]; ok {
		for key, base := range g.paths {
			if sub.paths[key], err = below(base, everywhere); err != nil {
				return nil, err
			}
		}
		return sub, nil
	}
	for _, controller := range slices.Sorted(maps.Keys(wanted)) {
		base, ok := g.paths[controller]
		if !ok || controller == "" {
			return nil, fmt.Errorf("exec --cgroup: unknown controller %s in SubCgroupPaths", controller)
		}
		path, err := below(base, wanted[controller])
		if err != nil {
			return nil, err
		}
		for key, other := range g.paths {
			// What is mounted together cannot be in two places; naming one
			// of the controllers names the hierarchy.
			if other == base {
				sub.paths[key] = path
			}
		}
	}
	return sub, nil
}

// everyHierarchy stands for the controllers of a path without any. No
// controller can have a colon in its name.
const everyHierarchy = ":"

// parseSub splits the arguments of exec --cgroup into controller and path.
func parseSub(args []string) (map[string]string, error) {
	wanted := make(map[string]string, len(args))
	for _, arg := range args {
		controllers, path, ok := strings.Cut(arg, ":")
		if !ok {
			if len(args) != 1 {
				return nil, fmt.Errorf("invalid --cgroup argument: %s (missing <controller>: prefix)", arg)
			}
			wanted[everyHierarchy] = arg
			continue
		}
		for controller := range strings.SplitSeq(controllers, ",") {
			if controller == "" {
				return nil, fmt.Errorf("invalid --cgroup argument: %s (empty <controller> prefix)", arg)
			}
			if _, twice := wanted[controller]; twice {
				return nil, fmt.Errorf("invalid --cgroup argument(s): controller %s specified multiple times", controller)
			}
			wanted[controller] = path
		}
	}
	return wanted, nil
}

// below returns the directory named by sub at or under base.
func below(base, sub string) (string, error) {
	path := filepath.Join(base, sub)
	if path != base && !strings.HasPrefix(path, base+"/") {
		return "", fmt.Errorf("exec --cgroup: bad sub cgroup path: %s", sub)
	}
	return path, nil
}

// At returns the v2 group in which a process is now. A payload may have moved
// itself, or handed controllers on to groups below its own, where the kernel
// then takes no process any more: exec follows the container's init there.
// It is the group itself on v1, where both do not happen.
func (g *Group) At(pid int) (*Group, error) {
	if !g.unified() {
		return g, nil
	}
	text, err := linux.ReadKernelFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if linux.CgroupGone(err) || linux.ProcessGone(err) {
		return nil, fmt.Errorf("cgroup of process %d: %w", pid, os.ErrProcessDone)
	}
	if err != nil {
		return nil, err
	}
	path, err := unifiedPath(string(text))
	if errors.Is(err, errNoUnified) {
		return g, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cgroup of process %d: %w", pid, err)
	}
	return &Group{paths: map[string]string{"": filepath.Join(standardRoot, path)}, rootless: g.rootless, unit: g.unit}, nil
}
