// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package exeseal opens our own binary so that init can be started from it and
// nobody can ever write to it through what init holds.
//
// CVE-2019-5736: a process in the container reaches the file that init was
// started from as /proc/PID/exe, or makes init start it once more by naming
// /proc/self/exe as the interpreter of its program. Once nobody executes that
// file any more it opens it for writing, and owns the host's runtime, as which
// the next command runs as root.
//
// It runs in the parent, before init is born. There are three ways, tried in
// this order:
//
//   - Mount: a clone of the mount the binary lies on, of this one file, set
//     read-only. 60 µs (BenchmarkOpen), most of it the wait for a grace period.
//   - Overlay: an overlay filesystem that has the binary's directory as lower
//     layer and no upper one. 210 µs. For kernels before 5.12, which have
//     no mount_setattr, or where that is filtered.
//   - Copy: a sealed memfd. 400 µs a MiB, and as much memory for as long as
//     init lives, charged to the caller. Needs no privilege, so rootless
//     callers get this one.
//
// # Why a read-only mount is enough
//
// Read-only is an attribute of the mount, and attributes can be changed:
// whoever reaches a detached mount that still belongs to somebody's descriptor,
// for instance through /proc/PID/exe, can clear it with mount_setattr(2), or
// clone and attach the mount, with no more than CAP_SYS_ADMIN in a user
// namespace of his own. So the mount is dissolved here, before there is an
// init: the file is opened a second time through it, and the descriptor of the
// mount is closed, which unmounts it. What remains is the open file's reference
// to a mount that is in no namespace. The kernel reads and executes through it,
// but mount_setattr, a remount, open_tree, a bind mount and move_mount refuse
// one that is neither in the caller's namespace nor the root of a detached
// tree, for everybody, root of the host included. The flag is for ever. (The
// test in seal_test.go tries all of these, on the dissolved mount, and on one
// that was not dissolved, where they succeed.)
//
// So nobody has to take care when the descriptor is closed; closing it costs a
// few microseconds. The overlay's mount is dissolved in the same way, and its
// file system besides has nowhere to write to. Files' contents that somebody
// changes past all mounts, by a kernel bug or the block device, are no concern
// of this package; against the former only a copy helps.
package exeseal

import (
	"errors"
	"fmt"

	"github.com/oci-rung/rung/internal/linux"
)

// Way is a way to make the binary unwritable.
type Way int

// The ways, best first.
const (
	Mount Way = iota
	Overlay
	Copy
)

func (w Way) String() string {
	switch w {
	case Mount:
		return "read-only mount"
	case Overlay:
		return "read-only overlay"
	case Copy:
		return "sealed copy"
	}
	return fmt.Sprintf("way %d", int(w))
}

// exe is the file this process was started from, whatever its name is now.
const exe = "/proc/self/exe"

// Open opens our own binary by the first way that works. The caller closes the
// descriptor when init was started from it.
func Open() (linux.FD, error) { return OpenBy(Mount, Overlay, Copy) }

// OpenBy opens our own binary by the first of these ways that works.
func OpenBy(ways ...Way) (linux.FD, error) { return seal(exe, ways...) }

// seal opens the file at path. Only the last way's error is returned: that an
// earlier one is not possible here is no news, and its words would mislead.
func seal(path string, ways ...Way) (linux.FD, error) {
	fd, _, err := sealBy(path, ways...)
	return fd, err
}

// sealBy tells the way too.
func sealBy(path string, ways ...Way) (linux.FD, Way, error) {
	err := errors.New("no way to do it")
	for _, w := range ways {
		var fd linux.FD
		switch w {
		case Mount:
			fd, err = sealByMount(path)
		case Overlay:
			fd, err = sealByOverlay(path)
		case Copy:
			fd, err = sealByCopy(path)
		}
		if err == nil {
			return fd, w, nil
		}
		err = fmt.Errorf("%v: %w", w, err)
	}
	return linux.NoFD, Copy, fmt.Errorf("seal own binary: %w", err)
}
