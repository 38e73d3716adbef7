// Runs in: init, before pivot. Sees: container namespaces, host root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// mknod makes a device node. One that is there already has to be that device
// (runtime-spec config-linux.md, devices).
func (s *stage) mknod() bool {
	r := &s.row
	path, mode, dev := r.Args[0], uint32(r.Args[1]), uint64(r.Args[2])
	if r.Args[5]&wire.NodeFind != 0 {
		at, e := s.open(path, followInside)
		if e != 0 {
			s.because(raw.Lit("no device is made in a /dev that is not the container's own\x00"))
			return s.failAt(wire.OpOpen, e, path)
		}
		return s.foundNode(at, path, mode, dev)
	}
	dir, e := s.parent(path)
	if e != 0 {
		return s.failAt(wire.OpMkdir, e, path)
	}
	name := raw.Addr(s.walk.name[:])
	ok := s.makeNode(dir, name, path, mode, dev)
	raw.Close(dir)
	return ok
}

func (s *stage) makeNode(dir int, name, path raw.Ptr, mode uint32, dev uint64) bool {
	e := raw.Mknodat(dir, name, mode, dev)
	if e == raw.EEXIST {
		at, e := raw.Openat(dir, name, raw.OPath|raw.ONoFollow|raw.OCloexec, 0)
		if e != 0 {
			return s.failAt(wire.OpOpen, e, path)
		}
		return s.foundNode(at, path, mode, dev)
	}
	if e != 0 {
		return s.failAt(wire.OpMknod, e, path)
	}
	uid, gid := int(s.row.Args[3]), int(s.row.Args[4])
	if uid == 0 && gid == 0 {
		return true
	}
	return s.failAt(wire.OpChown, raw.Fchownat(dir, name, uid, gid, raw.AtNoFollow), path)
}

// foundNode takes over a node that was there before, and gives it what the
// config asks for, unless it is others' too. It closes at.
func (s *stage) foundNode(at int, path raw.Ptr, mode uint32, dev uint64) bool {
	var st raw.Stat
	if e := raw.Fstat(at, &st); e != 0 {
		return s.failAt(wire.OpStat, e, path)
	}
	if !sameDevice(&st, mode, dev) {
		s.because(raw.Lit("the path exists and is not this device\x00"))
		return s.failAt(wire.OpMknod, raw.EEXIST, path)
	}
	flags := s.row.Args[5]
	uid, gid := int(st.Uid), int(st.Gid)
	if flags&wire.NodeUID != 0 {
		uid = int(s.row.Args[3])
	}
	if flags&wire.NodeGID != 0 {
		gid = int(s.row.Args[4])
	}
	chown := uid != int(st.Uid) || gid != int(st.Gid)
	chmod := flags&wire.NodeMode != 0 && (st.Mode^mode)&0o7777 != 0
	if (chown || chmod) && flags&wire.NodeKeep != 0 {
		s.because(raw.Lit("it has another mode or owner and is not the container's own to change\x00"))
		return s.failAt(wire.OpChmod, raw.EEXIST, path)
	}
	if chown {
		if e := raw.Fchownat(at, raw.Lit("\x00"), uid, gid, raw.AtEmptyPath); e != 0 {
			return s.failAt(wire.OpChown, e, path)
		}
	}
	if chmod {
		if e := s.chmodNode(at, mode&0o7777); e != 0 {
			return s.failAt(wire.OpChmod, e, path)
		}
	}
	raw.Close(at)
	return true
}

// sameDevice reports whether a file is the device that mode and number name.
func sameDevice(st *raw.Stat, mode uint32, dev uint64) bool {
	return st.Mode&raw.SIFMT == mode&raw.SIFMT && (mode&raw.SIFMT == raw.SIFIFO || st.Rdev == dev)
}

// chmodNode changes the mode of what a descriptor for reference only names.
// Kernel(6.6): before it, that takes the descriptor's name in procfs.
func (s *stage) chmodNode(at int, mode uint32) raw.Errno {
	e := raw.Fchmodat2(at, raw.Lit("\x00"), mode, raw.AtEmptyPath)
	if e != raw.ENOSYS && e != raw.EPERM {
		return e
	}
	return s.chmodByName(at, mode)
}

func (s *stage) chmodByName(at int, mode uint32) raw.Errno {
	s.number(copy(s.text[:], "/proc/self/fd/"), at)
	return raw.Fchmodat(raw.AtFDCWD, raw.Addr(s.text[:]), mode)
}

// symlink makes a link in a directory that was resolved to a descriptor
// (CVE-2026-41579 was an image whose /dev led out of it).
func (s *stage) symlink() bool {
	r := &s.row
	target, path := r.Args[0], r.Args[1]
	dir, e := s.parent(path)
	if e != 0 {
		return s.failAt(wire.OpMkdir, e, path)
	}
	name := raw.Addr(s.walk.name[:])
	if r.Args[2]&wire.Replace != 0 {
		if e = raw.Unlinkat(dir, name, 0); e == raw.ENOENT {
			e = 0
		}
	}
	if e != 0 {
		raw.Close(dir)
		return s.failAt(wire.OpUnlink, e, path)
	}
	e = raw.Symlinkat(target, dir, name)
	if e == raw.EEXIST {
		e = 0 // the image's own; runtime-spec asks for the link only where there is none
	}
	raw.Close(dir)
	return s.failAt(wire.OpSymlink, e, path)
}
