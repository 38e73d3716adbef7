// Runs in: init, before pivot. Sees: container namespaces, host root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// mknod makes a device node. One that is there already has to be that device
// (runtime-spec config-linux.md, devices); its mode and owner stay.
func (s *stage) mknod() bool {
	r := &s.row
	path, mode, dev := r.Args[0], uint32(r.Args[1]), uint64(r.Args[2])
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
		var st raw.Stat
		fd, oe := raw.Openat(dir, name, raw.OPath|raw.ONoFollow|raw.OCloexec, 0)
		if oe != 0 {
			return s.failAt(wire.OpOpen, oe, path)
		}
		oe = raw.Fstat(fd, &st)
		raw.Close(fd)
		same := st.Mode&raw.SIFMT == mode&raw.SIFMT && (mode&raw.SIFMT == raw.SIFIFO || st.Rdev == dev)
		if oe == 0 && same {
			return true
		}
		s.because(raw.Lit("the path exists and is not this device\x00"))
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
