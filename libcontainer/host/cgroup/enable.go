// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// enable hands every controller of the host on to the v2 group at dir, as far
// as the groups above let it. What is missing then is an error only for who
// sets a limit that needs it. A group in which no process can be is refused.
func enable(dir string) error {
	parent := filepath.Dir(dir)
	all, err := words(standardRoot, "cgroup.controllers")
	if err != nil {
		return err
	}
	on, err := words(parent, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	if missing(all, on) != nil {
		for _, above := range ancestors(parent) {
			_ = handOn(above) // a user may be refused above what is theirs
		}
	}
	return checkDomain(dir)
}

// ancestors returns dir and all above it below the mount, from the top.
func ancestors(dir string) []string {
	var list []string
	for ; strings.HasPrefix(dir, standardRoot); dir = filepath.Dir(dir) {
		list = append(list, dir)
	}
	slices.Reverse(list)
	return list
}

var errInternal = errors.New("it has processes of its own")

// handOn lets the groups below dir have the controllers that dir has. Not if
// there are processes in it: for the controllers of memory and I/O the kernel
// refuses, and with the others the group would become a threaded one, which
// the container could not be in and whose owner did not ask for it.
func handOn(dir string) error {
	have, err := words(dir, "cgroup.controllers")
	if err != nil {
		return err
	}
	on, err := words(dir, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	lacking := missing(have, on)
	if lacking == nil {
		return nil
	}
	// The one root of all has no type; there the rule does not hold.
	if kind, err := words(dir, "cgroup.type"); err == nil && len(on) == 0 && kind != nil {
		if text, err := linux.ReadKernelFile(filepath.Join(dir, "cgroup.procs")); err == nil && len(text) > 0 {
			return errInternal
		}
	}
	file := filepath.Join(dir, "cgroup.subtree_control")
	if linux.WriteKernelFile(file, "+"+strings.Join(lacking, " +")) == nil {
		return nil
	}
	// One that is refused is no reason to go without the others.
	for _, controller := range lacking {
		err = errors.Join(err, linux.WriteKernelFile(file, "+"+controller))
	}
	return err
}

// words reads a file of a group that is a list of words; nil if it is empty.
func words(dir, file string) ([]string, error) {
	text, err := linux.ReadKernelFile(filepath.Join(dir, file))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

// missing returns what is in all and not in some; nil if that is nothing.
func missing(all, some []string) []string {
	var list []string
	for _, name := range all {
		if !slices.Contains(some, name) {
			list = append(list, name)
		}
	}
	return list
}

// checkDomain refuses a group whose processes are not its own: in a threaded
// subtree they count as those of its root, so that nobody could list, limit or
// end those of the container alone.
func checkDomain(dir string) error {
	kind, err := kindOf(dir)
	if err != nil {
		return err
	}
	if kind == "domain invalid" || kind == "threaded" {
		return field("linux.cgroupsPath", fmt.Errorf("%s%s", dir, threaded(dir, kind)))
	}
	return nil
}

func kindOf(dir string) (string, error) {
	text, err := linux.ReadKernelFile(filepath.Join(dir, "cgroup.type"))
	return string(bytes.TrimSpace(text)), err
}

// threaded says why dir, which is of that kind, is no place for a process,
// and what can be done about it.
func threaded(dir, kind string) string {
	root := dir
	for _, above := range ancestors(filepath.Dir(dir)) {
		if k, err := kindOf(above); err == nil && (k == "domain threaded" || k == "threaded") {
			root = above
			break
		}
	}
	return fmt.Sprintf(` is of type %q: it lies below the threaded cgroup %s, where threads of that cgroup's own processes can be, and no others (EOPNOTSUPP); choose a path outside of it`, kind, root)
}

// whyRefused adds to the kernel's refusal to take a process into the group dir
// what it has against it.
func whyRefused(dir string, err error) error {
	switch {
	case linux.CgroupUnsupported(err):
		if kind, kerr := kindOf(dir); kerr == nil && kind != "domain" {
			return fmt.Errorf("%w: %s%s", err, dir, threaded(dir, kind))
		}
	case linux.CgroupBusy(err):
		if on, werr := words(dir, "cgroup.subtree_control"); werr == nil && on != nil {
			return fmt.Errorf("%w: %s hands controllers on to the cgroups below it (cgroup.subtree_control: %s), so that it can have no processes itself; join one of those",
				err, dir, strings.Join(on, " "))
		}
	}
	return err
}

// whyMissing explains an error about a kernel file that is not there because
// its controller does not work in the group; any other comes back as it is.
func whyMissing(dir, name string, err error) error {
	// A file that cannot be made is how a missing controller shows.
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	controller, _, _ := strings.Cut(name, ".")
	have, unknown := words(dir, "cgroup.controllers") // v1 has no such file
	if unknown != nil || controller == "cgroup" || slices.Contains(have, controller) {
		return err
	}
	return fmt.Errorf("controller %q not available: %w%s", controller, err, withheld(dir, controller))
}

// withheld says which group above dir keeps a controller to itself, and why.
func withheld(dir, controller string) string {
	for _, above := range ancestors(filepath.Dir(dir)) {
		have, err := words(above, "cgroup.controllers")
		if err != nil {
			return ""
		}
		if !slices.Contains(have, controller) {
			return fmt.Sprintf("; %s does not have it", above)
		}
		on, err := words(above, "cgroup.subtree_control")
		if err != nil {
			return ""
		}
		if slices.Contains(on, controller) {
			continue
		}
		if pids, err := pidsIn(above); err == nil && len(pids) > 0 {
			return fmt.Sprintf("; %s has processes of its own, so that it can hand no controllers on to the cgroups below it: %s; move these into a cgroup of their own, or choose another linux.cgroupsPath",
				above, nameAll(pids))
		}
		return fmt.Sprintf("; %s does not hand it on (cgroup.subtree_control: %s)", above, strings.Join(on, " "))
	}
	return ""
}

// frozenAbove returns the group above dir that is frozen, or "". file says so
// in its own right: cgroup.freeze, or freezer.self_freezing on v1.
func frozenAbove(dir, file string) string {
	for dir = filepath.Dir(dir); strings.HasPrefix(dir, standardRoot); dir = filepath.Dir(dir) {
		// The top of a hierarchy has no such file: it cannot be frozen.
		if text, err := linux.ReadKernelFile(filepath.Join(dir, file)); err == nil && string(bytes.TrimSpace(text)) == "1" {
			return dir
		}
	}
	return ""
}

// CheckThawed refuses a group that stands still because one above it is
// frozen: what is started in it now would never run, and who waits for that
// would wait for ever.
func (g *Group) CheckThawed() error {
	dir, file := g.paths["freezer"], "freezer.self_freezing"
	if dir != "" {
		text, err := linux.ReadKernelFile(filepath.Join(dir, "freezer.parent_freezing"))
		if err != nil || string(bytes.TrimSpace(text)) != "1" {
			return nil
		}
	} else {
		if !g.unified() {
			return nil
		}
		dir, file = g.paths[""], "cgroup.freeze"
		if frozen, err := readEvent(dir, "frozen"); err != nil || !frozen {
			return nil
		}
	}
	if above := frozenAbove(dir, file); above != "" {
		return fmt.Errorf("%s: %w: by %s above it", dir, errFrozen, above)
	}
	return nil
}
