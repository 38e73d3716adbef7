// Runs in: init, before and after pivot. Sees: container namespaces. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// mount makes a filesystem in the container's namespaces, detached, and
// attaches it to its target.
func (s *stage) mount() bool {
	r := &s.row
	s.mode[0] = 0
	if r.Args[5]&wire.CopyMode != 0 {
		s.copyMode(r.Args[1])
	}
	if s.old {
		return s.mountOld()
	}
	tree, ok := s.makeFilesystem(r.Args[0], r.Args[2], r.Args[4], uint64(r.Args[3]))
	if !ok {
		return false
	}
	if r.Args[5]&wire.KeepProc != 0 {
		s.proc = tree
		return s.attach(tree, r.Args[1], int(r.Args[5]))
	}
	ok = s.attach(tree, r.Args[1], int(r.Args[5]))
	if r.Args[5]&wire.OnRoot == 0 {
		raw.Close(tree)
	}
	return ok
}

// makeFilesystem is fsopen, one fsconfig per parameter, fsmount. params is a
// vector of keys and values; a value of 1 stands for none.
func (s *stage) makeFilesystem(fstype, source, params raw.Ptr, attr uint64) (int, bool) {
	fs, e := raw.Fsopen(fstype)
	if e != 0 {
		return -1, s.failAt(wire.OpFsopen, e, fstype)
	}
	if source != 0 && *raw.At[byte](source) != 0 {
		e = raw.Fsconfig(fs, raw.FsconfigStr, raw.Lit("source\x00"), source)
		if e != 0 {
			return -1, s.failFilesystem(fs, wire.OpFsconfig, e, source)
		}
	}
	if !s.configure(fs, params) {
		return -1, false
	}
	if s.mode[0] != 0 {
		mode := raw.Addr(s.mode[:])
		if e = raw.Fsconfig(fs, raw.FsconfigStr, raw.Lit("mode\x00"), mode); e != 0 {
			return -1, s.failFilesystem(fs, wire.OpFsconfig, e, mode)
		}
	}
	if e = raw.Fsconfig(fs, raw.FsconfigMake, 0, 0); e != 0 {
		return -1, s.failFilesystem(fs, wire.OpMount, e, fstype)
	}
	tree, e := raw.Fsmount(fs, attr)
	if e != 0 {
		return -1, s.failFilesystem(fs, wire.OpFsmount, e, fstype)
	}
	raw.Close(fs)
	return tree, true
}

// configure hands parameters to a filesystem's context.
func (s *stage) configure(fs int, params raw.Ptr) bool {
	for p := params; p != 0 && *raw.At[raw.Ptr](p) != 0; p += 16 {
		key, value := *raw.At[raw.Ptr](p), *raw.At[raw.Ptr](p + 8)
		var e raw.Errno
		if value == 1 {
			e = raw.Fsconfig(fs, raw.FsconfigFlag, key, 0)
		} else {
			e = raw.Fsconfig(fs, raw.FsconfigStr, key, value)
		}
		if e != 0 {
			return s.failFilesystem(fs, wire.OpFsconfig, e, key)
		}
	}
	return true
}

// remount changes the parameters of the filesystem whose mount is at a path.
func (s *stage) remount() bool {
	target := s.row.Args[0]
	at, e := s.open(target, followInside)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, target)
	}
	fs, e := raw.Fspick(at)
	raw.Close(at)
	if e != 0 {
		return s.failAt(wire.OpFspick, e, target)
	}
	if !s.configure(fs, s.row.Args[1]) {
		return false
	}
	if e = raw.Fsconfig(fs, raw.FsconfigRemake, 0, 0); e != 0 {
		return s.failFilesystem(fs, wire.OpRemount, e, target)
	}
	raw.Close(fs)
	return true
}

// copyMode notes the mode of the directory at path in octal, so that a tmpfs
// over an image's /run or /tmp has the rights the image gave it. A directory
// that is not there leaves the filesystem its default.
func (s *stage) copyMode(path raw.Ptr) {
	at, e := s.open(path, followInside)
	if e != 0 {
		return
	}
	var st raw.Stat
	if raw.Fstat(at, &st) == 0 {
		mode := st.Mode & 0o7777
		for i := range 4 {
			s.mode[i] = '0' + byte(mode>>(9-3*i)&7)
		}
		s.mode[4] = 0
	}
	raw.Close(at)
}

// failFilesystem adds what the filesystem itself says about the failure: a
// read from its context gives a message such as "e tmpfs: Bad value for 'size'".
func (s *stage) failFilesystem(fs int, op wire.Op, e raw.Errno, object raw.Ptr) bool {
	if n, re := raw.Read(fs, s.text[:]); re == 0 && n > 2 {
		s.detail = spanOf(s.text[2:n])
		if s.text[n-1] == '\n' {
			s.detail = spanOf(s.text[2 : n-1])
		}
	}
	return s.failAt(op, e, object)
}

// attachSlot attaches a tree that the parent opened and prepared.
func (s *stage) attachSlot() bool {
	r := &s.row
	tree := s.slot(0)
	if s.old {
		return s.attachOld(tree, r.Args[1], int(r.Args[2]))
	}
	ok := s.attach(tree, r.Args[1], int(r.Args[2]))
	if r.Args[2]&(wire.OnRoot|wire.KeepTree) == 0 {
		raw.Close(tree)
	}
	return ok
}

// attach moves the detached tree to target, which is resolved once, to a
// descriptor, and made where it is missing.
func (s *stage) attach(tree int, target raw.Ptr, flags int) bool {
	if flags&wire.OnRoot != 0 {
		return s.attachRoot(tree, target, flags)
	}
	var st raw.Stat
	if e := raw.Fstat(tree, &st); e != 0 {
		return s.failAt(wire.OpStat, e, target)
	}
	at, ok := s.place(target, flags, st.Mode&raw.SIFMT == raw.SIFDIR)
	if !ok {
		return false
	}
	if flags&wire.CopyUp != 0 && !s.copyUp(at, tree, target, flags) || flags&wire.OnDevice != 0 && !s.onDevice(at, target, &st) {
		return false
	}
	e := raw.MoveMount(tree, at)
	if e == raw.EINVAL {
		var on raw.Stat
		if raw.Fstat(at, &on) == 0 && (on.Mode&raw.SIFMT == raw.SIFDIR) != (st.Mode&raw.SIFMT == raw.SIFDIR) {
			e = raw.ENOTDIR // the kernel says EINVAL to so much else
			s.because(raw.Lit("a directory goes onto a directory, a file onto a file\x00"))
		}
	}
	raw.Close(at)
	return s.failAt(wire.OpMoveMount, e, target)
}

// place resolves where something is to be attached, a directory or a file.
func (s *stage) place(target raw.Ptr, flags int, dir bool) (int, bool) {
	m, l := makeDirs, followInside
	if flags&wire.RealDir != 0 {
		l = refuseLinks
	}
	if !dir {
		m = makeFile // only a file can be mounted on a file
	}
	var at int
	var e raw.Errno
	if flags&wire.MustExist != 0 {
		at, e = s.open(target, l)
	} else {
		at, e = s.openOrMake(target, m, l, 0o755)
	}
	if e != 0 {
		if l == refuseLinks && (e == raw.ELOOP || e == raw.ENOTDIR) {
			s.because(raw.Lit("must be mounted on ordinary directory\x00"))
		}
		return -1, s.failAt(wire.OpOpen, e, target)
	}
	if flags&wire.OverProc == 0 && !s.offProc(at, target) {
		raw.Close(at)
		return -1, false
	}
	return at, true
}

// attachRoot attaches over the container's root: the handle moves on to the
// new tree, or everything after it would land below what it hides.
func (s *stage) attachRoot(tree int, target raw.Ptr, flags int) bool {
	if flags&wire.CopyUp != 0 && !s.copyUp(s.root, tree, target, flags) {
		return false
	}
	if e := raw.MoveMount(tree, s.root); e != 0 {
		return s.failAt(wire.OpMoveMount, e, target)
	}
	s.root = tree
	s.roots++
	return true
}

// onDevice wants at the target what may lie below a bound device: that device,
// or the empty file that the start before this one was mounted on.
func (s *stage) onDevice(at int, target raw.Ptr, device *raw.Stat) bool {
	var st raw.Stat
	if e := raw.Fstat(at, &st); e != 0 {
		return s.failAt(wire.OpStat, e, target)
	}
	if sameDevice(&st, device.Mode, device.Rdev) || st.Mode&raw.SIFMT == raw.SIFREG && st.Size == 0 {
		return true
	}
	s.because(raw.Lit("the path exists and is not this device\x00"))
	return s.failAt(wire.OpMoveMount, raw.EEXIST, target)
}

// offProc refuses a target on procfs: a tree over /proc/self/attr or /proc/sys
// would catch the runtime's own writes (CVE-2019-16884).
func (s *stage) offProc(at int, target raw.Ptr) bool {
	magic, e := raw.Fstatfs(at)
	if e != 0 {
		return s.failAt(wire.OpFilesystem, e, target)
	}
	if magic == raw.ProcMagic {
		s.because(raw.Lit("the target is inside a proc filesystem\x00"))
		return s.failAt(wire.OpMoveMount, raw.EINVAL, target)
	}
	return true
}

// setattr changes the attributes of the mount at a path, which was resolved to
// a descriptor; the path is not walked a second time.
func (s *stage) setattr() bool {
	r := &s.row
	target := r.Args[0]
	at, e := s.open(target, followInside)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, target)
	}
	attr := raw.MountAttr{Attr_set: uint64(r.Args[1]), Attr_clr: uint64(r.Args[2]), Propagation: uint64(r.Args[3])}
	e = s.changeMount(at, uint(r.Args[4]), &attr)
	raw.Close(at)
	return s.failAt(wire.OpMountSetattr, e, target)
}
