// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// UseLeaf lets the payload be in a group of that name below the container's
// own, which keeps the limits. The container's own then has no processes, so
// that its controllers can work in groups that the payload makes beside the
// leaf. It is called before Make.
func (g *Group) UseLeaf(name string) error {
	if !g.unified() {
		return fmt.Errorf("a cgroup handed to the container needs cgroup v2: %w", spec.ErrUnsupported)
	}
	g.leaf = name
	return nil
}

func (g *Group) leafDir() string { return filepath.Join(g.paths[""], g.leaf) }

// makeLeaf makes the directory; it goes with the container's own.
func (g *Group) makeLeaf() error {
	if g.leaf == "" {
		return nil
	}
	if err := os.Mkdir(g.leafDir(), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Leaf opens the file through which init enters the leaf, as with Tasks, or
// returns nil if there is none. Init is born above, and goes there once it has
// made its cgroup namespace, whose root is the container's own group then.
func (g *Group) Leaf() (*os.File, error) {
	if g.leaf == "" {
		return nil, nil
	}
	f, err := linux.OpenKernelFile(filepath.Join(g.leafDir(), "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("join cgroup: %w", err)
	}
	return f, nil
}

// HandOn lets the controllers of the container's own group work in those below
// it, where init is by now. Without a leaf there is nothing to do.
func (g *Group) HandOn() error {
	if g.leaf == "" {
		return nil
	}
	err := handOn(g.paths[""])
	if errors.Is(err, errInternal) {
		pids, _ := pidsIn(g.paths[""])
		return fmt.Errorf("hand controllers on to %s: %w: %s", g.leafDir(), err, nameAll(pids))
	}
	if err != nil {
		return fmt.Errorf("hand controllers on to %s: %w", g.leafDir(), err)
	}
	return nil
}

// Chown makes uid the owner of the container's group, as runtime-spec
// config-linux.md, "cgroup ownership", has it: of the directory and of the
// files that the kernel calls safe, so that limits stay the host's. A leaf is
// the payload's in the same way.
func (g *Group) Chown(uid int) error {
	if !g.unified() {
		return nil // not secure on v1
	}
	dirs := []string{g.paths[""]}
	if g.leaf != "" {
		dirs = append(dirs, g.leafDir())
	}
	files := delegated()
	for _, dir := range dirs {
		for _, name := range append([]string{"."}, files...) {
			err := os.Lchown(filepath.Join(dir, name), uid, -1)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("hand cgroup over to user %d: %w", uid, err)
			}
		}
	}
	return nil
}

// delegated returns the names of the files that the owner of a group may have.
func delegated() []string {
	text, err := linux.ReadKernelFile("/sys/kernel/cgroup/delegate")
	if err != nil {
		// Kernel(4.15): the list. The runtime-spec has this one for before.
		return []string{"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}
	}
	return strings.Fields(string(text))
}
