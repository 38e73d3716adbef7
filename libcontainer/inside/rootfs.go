// Runs in: init, up to pivot. Sees: container namespaces, host root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// rootfs makes the tree that the parent opened the root handle, and attaches
// it: pivot_root wants it attached. That is at root.path, where createContainer
// hooks look for it; or over "/", if a user namespace may not walk there.
func (s *stage) rootfs() bool {
	s.root = s.slot(0)
	path := s.row.Args[1]
	if *raw.At[byte](path) == 0 {
		return true // no mount namespace to attach it in
	}
	at, e := raw.Openat(raw.AtFDCWD, path, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	s.overSlash = *raw.At[byte](path + 1) == 0
	if e == raw.EACCES {
		path, s.overSlash = raw.Lit("/\x00"), true
		at, e = raw.Openat(raw.AtFDCWD, path, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	if s.old {
		return s.rootfsOld(at, path)
	}
	e = raw.MoveMount(s.root, at)
	raw.Close(at)
	return s.failAt(wire.OpMoveMount, e, path)
}

// enter opens the root handle in a mount namespace that was joined: setns made
// its root this process' root.
func (s *stage) enter() bool {
	slash := raw.Lit("/\x00")
	fd, e := raw.Openat(raw.AtFDCWD, slash, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	s.root = fd
	return s.failAt(wire.OpOpen, e, slash)
}

// pivot makes the root tree "/". The old root goes with everything mounted
// below it, so nothing of the host stays in the namespace.
func (s *stage) pivot() bool {
	dot, slash := raw.Lit(".\x00"), raw.Lit("/\x00")
	if e := raw.Fchdir(s.root); e != 0 {
		return s.failAt(wire.OpChdir, e, slash)
	}
	if s.row.Args[0] == wire.PivotRoot {
		if e := raw.PivotRoot(dot, dot); e != 0 {
			return s.fail(wire.OpPivot, e, nil)
		}
		// The new root now lies under the old one, which "." still names.
		// Propagation is private or slave since the first step, so that the
		// host does not see this umount.
		// Attached over "/", the root trees that the last one hides are on
		// top of the old root, and the uppermost is what a umount takes.
		trees := 1
		if s.overSlash {
			trees += s.roots
		}
		for range trees {
			if e := raw.Umount2(dot, raw.MntDetach); e != 0 {
				return s.fail(wire.OpUmount, e, nil)
			}
		}
	} else if e := raw.Chroot(dot); e != 0 {
		return s.fail(wire.OpPivot, e, nil)
	}
	return s.failAt(wire.OpChdir, raw.Chdir(slash), slash)
}

// mkdir makes a directory and what is missing above it.
func (s *stage) mkdir() bool {
	path := s.row.Args[0]
	fd, e := s.openOrMake(path, makeDirs, followInside, uint32(s.row.Args[1]))
	if e == 0 {
		raw.Close(fd)
	}
	return s.failAt(wire.OpMkdir, e, path)
}
