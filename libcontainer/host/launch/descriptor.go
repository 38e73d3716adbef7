// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
)

// open opens everything the plan hands over, in the order of the slots.
func (s *server) open(special Special) error {
	for i := range s.plan.Slots {
		d := &s.plan.Slots[i]
		fd, err := s.openOne(d, special)
		var locked *lockedError
		if errors.As(err, &locked) {
			return fmt.Errorf("%s.options: %w", strings.TrimSuffix(d.Field, ".source"), err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.Field, err)
		}
		s.slots = append(s.slots, fd)
	}
	return nil
}

func (s *server) openOne(d *plan.Descriptor, special Special) (linux.FD, error) {
	if d.Inside {
		return openSource(d)
	}
	switch d.Opens {
	case plan.OpenTree, plan.OpenDevice:
		return s.openTree(d)
	case plan.OpenFilesystem:
		return s.openFilesystem(d)
	case plan.OpenNode:
		return s.openNode()
	case plan.OpenDirectory:
		return linux.OpenPathDir(d.Path)
	case plan.OpenNamespace:
		return OpenNamespace(d.Path, d.Flag)
	case plan.OpenState:
		fd, err := linux.MemoryFile("rung-state", nil)
		s.states = append(s.states, statefile{fd, string(d.Status)})
		return fd, err
	case plan.OpenStart:
		return special.Start, nil
	case plan.OpenTasks:
		return special.Tasks[d.Index], nil
	case plan.OpenClass:
		return special.Classes[d.Index], nil
	case plan.OpenInit:
		return special.Init, nil
	}
	return linux.NoFD, fmt.Errorf("descriptor of kind %d", d.Opens)
}

// openTree copies a mount tree, checks what it is and gives it its attributes
// while nobody else can see it.
func (s *server) openTree(d *plan.Descriptor) (linux.FD, error) {
	tree, err := linux.OpenTree(d.Path, d.Recursive)
	if err != nil {
		return linux.NoFD, err
	}
	if err = checkTree(tree, d); err == nil {
		err = setTree(tree, d)
	}
	if err == nil && d.IDMap != nil {
		err = s.mapOwners(tree, d)
	}
	if err != nil {
		_ = tree.Close()
		return linux.NoFD, err
	}
	return tree, nil
}

// openSource is for a tree that init copies. What is to be checked of it is
// opened and checked; for the rest anything is in its place meanwhile: only
// init, with the ids of the container as well, may be able to get there.
func openSource(d *plan.Descriptor) (linux.FD, error) {
	if d.Opens != plan.OpenDevice && d.Filesystem == 0 {
		return linux.OpenPath("/")
	}
	fd, err := linux.OpenPath(d.Path)
	if err != nil {
		return linux.NoFD, err
	}
	if err = checkTree(fd, d); err != nil {
		_ = fd.Close()
		return linux.NoFD, err
	}
	return fd, nil
}

func checkTree(tree linux.FD, d *plan.Descriptor) error {
	if d.Filesystem != 0 {
		magic, err := linux.Filesystem(tree)
		if err == nil && magic != d.Filesystem {
			err = fmt.Errorf("%s: not a proc filesystem, which is all that may be over /proc", d.Path)
		}
		return err
	}
	if d.Opens == plan.OpenDevice {
		return checkDevice(tree, d)
	}
	return nil
}

// atimeMask is MOUNT_ATTR__ATIME.
const atimeMask = 0x70

// setTree sets propagation first: a copy of a shared mount is its peer until
// then, and nothing may leak to the host through it.
func setTree(tree linux.FD, d *plan.Descriptor) error {
	const recursive = 1 << 14 // MS_REC
	for _, p := range d.Propagation {
		attr := linux.MountAttr{Propagation: p &^ recursive}
		if err := linux.SetTreeAttr(tree, d.Path, p&recursive != 0, &attr); err != nil {
			return err
		}
	}
	if err := setAttr(tree, d.Path, false, d.Set, d.Clear); err != nil {
		return err
	}
	return setAttr(tree, d.Path, true, d.RecSet, d.RecClear)
}

func setAttr(tree linux.FD, path string, recursive bool, set, clear uint64) error {
	if set|clear == 0 {
		return nil
	}
	// The access time is a mode: the kernel wants all its bits cleared to set
	// another one.
	if (set|clear)&atimeMask != 0 {
		clear |= atimeMask
	}
	err := linux.SetTreeAttr(tree, path, recursive, &linux.MountAttr{Attr_set: set, Attr_clr: clear})
	if errors.Is(err, linux.EPERM) && clear != 0 {
		return locked(err, tree, set, clear, recursive)
	}
	return err
}

// lockedError is a mount whose flags belong to a more privileged user
// namespace: they can be left out of the options, but not be taken away.
type lockedError struct {
	err       error
	flags     []string
	recursive bool
}

func locked(err error, tree linux.FD, set, clear uint64, recursive bool) *lockedError {
	return &lockedError{err: err, flags: linux.MountFlagNames(tree, clear&^set), recursive: recursive}
}

func (e *lockedError) Error() string {
	text := e.err.Error() + ": who mounted it in a more privileged user namespace has locked "
	switch {
	case len(e.flags) > 0:
		text += strings.Join(e.flags, ", ")
	default:
		text += "how access times are kept"
	}
	if e.recursive {
		text += ", or flags of a mount below it"
	}
	return text + "; without an option for it, it stays as it is"
}

func (e *lockedError) Unwrap() error { return e.err }

// OpenNamespace opens a namespace by path and checks that it is of that kind.
func OpenNamespace(path string, kind uint64) (linux.FD, error) {
	fd, got, err := linux.OpenNamespace(path)
	if err != nil {
		return linux.NoFD, err
	}
	if got != kind {
		_ = fd.Close()
		return linux.NoFD, fmt.Errorf("%s: a namespace of another type", path)
	}
	return fd, nil
}
