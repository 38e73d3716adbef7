// Runs in: init, after pivot or after joining. Sees: container namespaces, own root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Device numbers of the pty multiplexer (major 5, minor 2) and of the
// console's null device, in the kernel's encoding.
const (
	devPtmx = 5<<8 | 2
	devNull = 1<<8 | 3
)

// session makes this process a session leader. One that leads already, as
// the first of a pid namespace does after a fork, is told EPERM.
func (s *stage) session() bool {
	e := raw.Setsid()
	if e == raw.EPERM {
		e = 0
	}
	return s.check(wire.OpSession, e)
}

// console makes a terminal on the container's own devpts, hands the master to
// the parent, and becomes its session's standard streams. The slave comes from
// the master itself, never from a path (CVE-2025-52565).
func (s *stage) console() bool {
	master, ok := s.openMaster()
	if !ok {
		return false
	}
	if e := raw.UnlockPty(master); e != 0 {
		return s.fail(wire.OpTerminal, e, nil)
	}
	slave, e := raw.PtyPeer(master)
	if e != 0 {
		return s.fail(wire.OpTerminal, e, nil)
	}
	s.begin(wire.Terminal)
	if e = s.send(master); e != 0 {
		return s.fail(wire.OpSend, e, nil)
	}
	raw.Close(master)
	if s.row.Args[0]&wire.ConsoleDevice != 0 && !s.consoleDevice(slave) {
		return false
	}
	if e = raw.ControllingTty(slave); e != 0 {
		return s.fail(wire.OpTerminal, e, nil)
	}
	for n := range 3 {
		if e = raw.Dup3(slave, n, 0); e != 0 {
			return s.fail(wire.OpDup, e, nil)
		}
	}
	raw.Close(slave)
	return true
}

// openMaster opens ptmx of the container's devpts and makes sure that it is.
func (s *stage) openMaster() (int, bool) {
	path := raw.Lit("/dev/pts/ptmx\x00")
	at, e := s.open(path, followInside)
	if e != 0 {
		return -1, s.failAt(wire.OpOpen, e, path)
	}
	magic, e := raw.Fstatfs(at)
	raw.Close(at)
	if e != 0 || magic != raw.DevptsMagic {
		s.because(raw.Lit("not on a devpts filesystem; mount one at /dev/pts\x00"))
		return -1, s.failAt(wire.OpFilesystem, raw.ENODEV, path)
	}
	how := raw.OpenHow{Flags: raw.ORdwr | raw.ONoctty | raw.ONoFollow | raw.OCloexec, Resolve: raw.ResolveRoot}
	fd, e := raw.Openat2(s.root, path, &how)
	if e == raw.ENOSYS || e == raw.EPERM {
		fd, e = raw.Openat(s.root, raw.Lit("dev/pts/ptmx\x00"), raw.ORdwr|raw.ONoctty|raw.ONoFollow|raw.OCloexec, 0)
	}
	if e != 0 {
		return -1, s.failAt(wire.OpOpen, e, path)
	}
	var st raw.Stat
	magic, me := raw.Fstatfs(fd)
	if e = raw.Fstat(fd, &st); e != 0 || me != 0 || magic != raw.DevptsMagic || st.Rdev != devPtmx {
		s.because(raw.Lit("not the pty multiplexer\x00"))
		return -1, s.failAt(wire.OpFilesystem, raw.ENODEV, path)
	}
	return fd, true
}

// consoleDevice puts the terminal at /dev/console.
func (s *stage) consoleDevice(slave int) bool {
	path := raw.Lit("/dev/console\x00")
	at, e := s.openOrMake(path, makeFile, refuseLinks, 0o755)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	if s.old {
		_, ok := s.bind(slave, at, path, refuseLinks, false)
		return ok
	}
	tree, e := raw.OpenTree(slave, raw.Lit("\x00"), cloneTree)
	if e != 0 {
		return s.failAt(wire.OpOpenTree, e, path)
	}
	e = raw.MoveMount(tree, at)
	raw.Close(tree)
	raw.Close(at)
	return s.failAt(wire.OpMoveMount, e, path)
}

func isNull(st *raw.Stat) bool { return st.Mode&raw.SIFMT == raw.SIFCHR && st.Rdev == devNull }

// openNull opens the container's null device, for the streams that are the
// caller's: that is a file of the host, which a checkpoint could not keep open. A
// container that has none keeps the caller's, which is -1 here. Whatever else
// may be at the path must not make us wait.
func (s *stage) openNull() int {
	fd, e := raw.Openat(s.root, raw.Lit("dev/null\x00"), raw.ORdwr|raw.ONonblock|raw.ONoctty|raw.ONoFollow|raw.OCloexec, 0)
	if e != 0 {
		return -1
	}
	var st raw.Stat
	if raw.Fstat(fd, &st) != 0 || !isNull(&st) || raw.ClearFlags(fd) != 0 {
		raw.Close(fd)
		return -1
	}
	return fd
}

// stdio gives the standard streams to the payload's user, so that it can open
// them again through /dev/stdout. The null device stays root's: it is shared.
func (s *stage) stdio() bool {
	uid, null := int(s.row.Args[0]), -1
	for n := range 3 {
		var st raw.Stat
		if raw.Fstat(n, &st) != 0 {
			continue // closed: nothing to give
		}
		if isNull(&st) {
			if null < 0 {
				null = s.openNull()
			}
			if null >= 0 {
				raw.Dup3(null, n, 0)
			}
			continue
		}
		if int(st.Uid) == uid {
			continue
		}
		e := raw.Fchownat(n, raw.Lit("\x00"), uid, -1, raw.AtEmptyPath)
		switch e {
		case 0, raw.EPERM, raw.EINVAL, raw.EROFS:
			// A stream of somebody whom this user namespace does not know, or
			// on a read-only filesystem, works as it is.
		default:
			return s.fail(wire.OpChown, e, nil)
		}
	}
	if null >= 0 {
		raw.Close(null)
	}
	return true
}
