// Runs in: init, before and after pivot. Sees: container namespaces. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Where a mount cannot be made first and attached afterwards, for want of
// fsopen, open_tree or move_mount (Linux 5.2), mount(2) makes it at its place.
// Both ends are descriptors that were resolved once, named in a procfs handle;
// what is on top afterwards is looked for by resolving the path a second time,
// and has to be what was mounted.

// onTop opens what is at a path now and makes sure that it is the directory or
// file that was just mounted there.
func (s *stage) onTop(path raw.Ptr, l links, dev, ino uint64) (int, raw.Errno) {
	top, e := s.open(path, l)
	if e != 0 {
		return -1, e
	}
	return s.same(top, dev, ino)
}

// same closes what is not that directory or file.
func (s *stage) same(top int, dev, ino uint64) (int, raw.Errno) {
	var st raw.Stat
	e := raw.Fstat(top, &st)
	if e == 0 && (st.Dev != dev || st.Ino != ino) {
		s.because(raw.Lit("the path was changed while something was mounted there\x00"))
		e = raw.ESTALE
	}
	if e != 0 {
		raw.Close(top)
		return -1, e
	}
	return top, 0
}

// bind binds what from names over at, which path led to, and returns the root
// of the new mount.
func (s *stage) bind(from, at int, path raw.Ptr, l links, recursive bool) (int, bool) {
	var st raw.Stat
	if e := raw.Fstat(from, &st); e != 0 {
		return -1, s.failAt(wire.OpStat, e, path)
	}
	if e := s.bindOver(from, at, recursive); e != 0 {
		return -1, s.failAt(wire.OpMount, e, path)
	}
	top, e := s.onTop(path, l, st.Dev, st.Ino)
	return top, s.failAt(wire.OpOpen, e, path)
}

func (s *stage) bindOver(from, at int, recursive bool) raw.Errno {
	flags := uint(raw.MsBind)
	if recursive {
		flags |= raw.MsRec
	}
	return s.mountOver(s.secondName(from), at, 0, flags, 0)
}

// secondName is descriptorName in another place.
func (s *stage) secondName(n int) raw.Ptr {
	p := s.descriptorName(n)
	copy(s.more[:], raw.Bytes(p, raw.Len(p)+1))
	return raw.Addr(s.more[:])
}

// mountOver is mount(2) over what a descriptor names. A relative source is
// seen from the procfs handle.
func (s *stage) mountOver(source raw.Ptr, at int, fstype raw.Ptr, flags uint, data raw.Ptr) raw.Errno {
	if s.proc < 0 {
		s.because(raw.Lit("there is no proc filesystem to name it by\x00"))
		return raw.ENOSYS
	}
	here, e := raw.Openat(raw.AtFDCWD, raw.Lit(".\x00"), raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	if e != 0 {
		return e
	}
	if e = raw.Fchdir(s.proc); e == 0 {
		e = raw.Mount(source, s.descriptorName(at), fstype, flags, data)
		if back := raw.Fchdir(here); e == 0 {
			e = back
		}
	}
	raw.Close(here)
	return e
}

// rootfsOld binds the root tree at its own path, so that it is a mount.
func (s *stage) rootfsOld(at int, path raw.Ptr) bool {
	if s.overSlash {
		s.because(raw.Lit("the user namespace may not walk there, and without move_mount that is needed\x00"))
		return s.failAt(wire.OpOpen, raw.EACCES, path)
	}
	s.rootPath = path
	var st raw.Stat
	if e := raw.Fstat(s.root, &st); e != 0 {
		return s.failAt(wire.OpStat, e, path)
	}
	if e := s.bindOver(s.root, at, s.recursive[s.row.Args[0]]); e != 0 {
		return s.failAt(wire.OpMount, e, path)
	}
	raw.Close(at)
	return s.newRoot(st.Dev, st.Ino)
}

// newRoot opens what is at the path of the root now, and goes on with that.
func (s *stage) newRoot(dev, ino uint64) bool {
	top, e := raw.Openat(raw.AtFDCWD, s.rootPath, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	if e == 0 {
		top, e = s.same(top, dev, ino)
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, s.rootPath)
	}
	s.root = top
	if s.row.Kind == wire.Rootfs {
		s.slots[s.row.Args[0]] = int32(top)
	}
	return true
}

// attachOld is attach for a place of the host that a Tree step has opened. The
// slot holds the new mount then.
func (s *stage) attachOld(from int, target raw.Ptr, flags int) bool {
	slot := s.row.Args[0]
	var st raw.Stat
	if e := raw.Fstat(from, &st); e != 0 {
		return s.failAt(wire.OpStat, e, target)
	}
	if flags&wire.OnRoot != 0 {
		if e := s.bindOver(from, s.root, s.recursive[slot]); e != 0 {
			return s.failAt(wire.OpMount, e, target)
		}
		if !s.newRoot(st.Dev, st.Ino) {
			return false
		}
		s.slots[slot] = int32(s.root)
		return true
	}
	at, ok := s.place(target, flags, st.Mode&raw.SIFMT == raw.SIFDIR)
	if !ok || flags&wire.OnDevice != 0 && !s.onDevice(at, target, &st) {
		return false
	}
	l := followInside
	if flags&wire.RealDir != 0 {
		l = refuseLinks
	}
	top, ok := s.bind(from, at, target, l, s.recursive[slot])
	raw.Close(at)
	if ok {
		raw.Close(from)
		s.slots[slot] = int32(top)
	}
	return ok
}

// mountOld makes the filesystem of a Mount step at its place.
func (s *stage) mountOld() bool {
	r := &s.row
	target, flags, attr := r.Args[1], int(r.Args[5]), uint64(r.Args[3])
	at, ok := s.root, true
	if flags&wire.OnRoot == 0 {
		if at, ok = s.place(target, flags, true); !ok {
			return false
		}
	}
	e := s.newFilesystem(at, r.Args[0], r.Args[2], r.Args[4], attr)
	if e != 0 {
		return s.failAt(wire.OpMount, e, target)
	}
	top := at
	if flags&wire.OnRoot != 0 {
		top, e = raw.Openat(raw.AtFDCWD, s.rootPath, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	} else {
		top, e = s.open(target, followInside)
	}
	if e == 0 && !s.covers(top, at) {
		s.because(raw.Lit("the path was changed while something was mounted there\x00"))
		e = raw.ESTALE
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, target)
	}
	if flags&wire.CopyUp != 0 && !s.copyUp(at, top, target, flags) {
		return false
	}
	if attr&raw.AttrRdonly != 0 {
		// Not with the others: there it would be the filesystem's as well.
		set := raw.MountAttr{Attr_set: raw.AttrRdonly}
		if e = s.changeAttached(top, 0, &set); e != 0 {
			return s.failAt(wire.OpMountSetattr, e, target)
		}
	}
	switch {
	case flags&wire.OnRoot != 0:
		s.root = top
		return true
	case flags&wire.KeepProc != 0:
		s.proc = top
	default:
		raw.Close(top)
	}
	raw.Close(at)
	return true
}

// covers reports whether a descriptor names the root of another mount than
// that of what it was mounted on.
func (s *stage) covers(top, at int) bool {
	above, e := s.mountID(top)
	below, e2 := s.mountID(at)
	return e == 0 && e2 == 0 && above != below
}

// newFilesystem is mount(2) of a filesystem over at, with the parameters that
// are a vector of keys and values for fsconfig.
func (s *stage) newFilesystem(at int, fstype, source, params raw.Ptr, attr uint64) raw.Errno {
	data := s.copies.value[:raw.PathMax]
	n, flags := 0, oldFlags(attr&^raw.AttrRdonly)
	for p := params; p != 0 && *raw.At[raw.Ptr](p) != 0; p += 16 {
		key, value := raw.Text(*raw.At[raw.Ptr](p)), *raw.At[raw.Ptr](p + 8)
		if value == 1 {
			if bit := superFlag(*raw.At[raw.Ptr](p)); bit != 0 {
				flags |= bit
				continue
			}
		}
		n = option(data, n, key, value)
	}
	if s.mode[0] != 0 {
		n = option(data, n, raw.Text(raw.Lit("mode\x00")), raw.Addr(s.mode[:]))
	}
	if n < 0 {
		return raw.ENAMETOOLONG
	}
	data[n] = 0
	if source == 0 || *raw.At[byte](source) == 0 {
		source = fstype
	}
	return s.mountOver(source, at, fstype, flags, raw.Addr(data))
}

// option writes one more option behind the n bytes of others; a negative number
// says that they are too long.
func option(data []byte, n int, key []byte, value raw.Ptr) int {
	more := 0
	if value > 1 {
		more = 1 + raw.Len(value)
	}
	if n < 0 || n+1+len(key)+more+1 > len(data) {
		return -1
	}
	if n > 0 {
		data[n] = ','
		n++
	}
	n += copy(data[n:], key)
	if value > 1 {
		data[n] = '='
		n += 1 + copy(data[n+1:], raw.Text(value))
	}
	return n
}

// superFlag is the flag of mount(2) for an option that belongs to every
// filesystem, and is none of its own.
func superFlag(key raw.Ptr) uint {
	switch {
	case equals(key, "sync"):
		return raw.MsSynchronous
	case equals(key, "dirsync"):
		return raw.MsDirsync
	case equals(key, "lazytime"):
		return raw.MsLazytime
	case equals(key, "mand"):
		return raw.MsMandlock
	case equals(key, "ro"):
		return raw.MsRdonly
	}
	return 0
}

// equals reports whether the text at p is s.
func equals(p raw.Ptr, s string) bool {
	return begins(p, s) && *raw.At[byte](p + uintptr(len(s))) == 0
}

// maskOld hides a path: a directory below a filesystem of its own, a file below
// the null device.
func (s *stage) maskOld(at int, path raw.Ptr, dir bool) bool {
	if !dir {
		null, ok := s.ownNull(path)
		if !ok {
			return false
		}
		top, ok := s.bind(null, at, path, followInside, false)
		raw.Close(null)
		if !ok {
			return false
		}
		attr := raw.MountAttr{Propagation: raw.MsPrivate}
		e := s.changeAttached(top, 0, &attr)
		raw.Close(top)
		return s.failAt(wire.OpMountSetattr, e, path)
	}
	s.mode[0] = 0
	s.params = [7]raw.Ptr{
		raw.Lit("nr_blocks\x00"), raw.Lit("1\x00"),
		raw.Lit("nr_inodes\x00"), raw.Lit("1\x00"), 0,
	}
	if label := s.row.Args[2]; label != 0 {
		s.params[4], s.params[5] = raw.Lit("context\x00"), label
	}
	const attr = raw.AttrNosuid | raw.AttrNodev | raw.AttrNoexec
	tmpfs := raw.Lit("tmpfs\x00")
	if e := s.newFilesystem(at, tmpfs, tmpfs, raw.AddrOf(&s.params), attr); e != 0 {
		return s.failAt(wire.OpMount, e, path)
	}
	top, e := s.open(path, followInside)
	if e == 0 && !s.covers(top, at) {
		e = raw.ESTALE
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	set := raw.MountAttr{Attr_set: raw.AttrRdonly}
	e = s.changeAttached(top, 0, &set)
	raw.Close(top)
	return s.failAt(wire.OpMountSetattr, e, path)
}

// ownNull opens the container's null device. The host's went with the old root:
// mount(2) binds only what is in this namespace. What is at the path has to be
// that device, and no link to it (CVE-2025-31133).
func (s *stage) ownNull(path raw.Ptr) (int, bool) {
	null, e := s.open(raw.Lit("/dev/null\x00"), refuseLinks)
	if e == 0 {
		var st raw.Stat
		if e = raw.Fstat(null, &st); e == 0 && !sameDevice(&st, raw.SIFCHR, devNull) {
			e = raw.ENODEV
		}
	}
	if e != 0 {
		s.because(raw.Lit("without move_mount a file is masked by the container's own /dev/null, which is not that device\x00"))
		return -1, s.failAt(wire.OpOpen, e, path)
	}
	return null, true
}

// readonlyOld binds a path over itself and makes that read-only.
func (s *stage) readonlyOld(at int, path raw.Ptr) bool {
	top, ok := s.bind(at, at, path, followInside, true)
	if !ok {
		return false
	}
	attr := raw.MountAttr{Attr_set: raw.AttrRdonly}
	e := s.changeAttached(top, raw.AtRecursive, &attr)
	raw.Close(top)
	raw.Close(at)
	return s.failAt(wire.OpMountSetattr, e, path)
}
