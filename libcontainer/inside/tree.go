// Runs in: init, before its root tree is attached. Sees: the caller's mounts, in a mount namespace of its own. Holds: caller's ids, full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// tree copies a tree of the host into its slot. The parent does that, unless
// it may not mount; only in a mount namespace of one's own everybody may.
//
// What the parent has checked, it hands over: the path has to lead there still.
func (s *stage) tree() bool {
	r := &s.row
	path, flags := r.Args[1], uint(raw.TreeClone|raw.TreeCloexec)
	if r.Args[2]&wire.TreeRecursive != 0 {
		flags |= raw.AtRecursive
	}
	given := s.slot(0)
	var fd int
	var e raw.Errno
	if r.Args[2]&wire.TreeOld != 0 {
		s.old = true
		s.recursive[r.Args[0]] = r.Args[2]&wire.TreeRecursive != 0
		fd, e = raw.Openat(raw.AtFDCWD, path, raw.OPath|raw.OCloexec, 0)
	} else {
		fd, e = raw.OpenTree(raw.AtFDCWD, path, flags)
	}
	if e != 0 {
		return s.failAt(wire.OpOpenTree, e, path)
	}
	if r.Args[2]&wire.TreeSame != 0 {
		var was, is raw.Stat
		if e = raw.Fstat(given, &was); e == 0 {
			e = raw.Fstat(fd, &is)
		}
		if e != 0 {
			return s.failAt(wire.OpStat, e, path)
		}
		if was.Dev != is.Dev || was.Ino != is.Ino {
			s.because(raw.Lit("replaced since it was checked\x00"))
			return s.failAt(wire.OpOpenTree, raw.ESTALE, path)
		}
	}
	raw.Close(given)
	s.slots[r.Args[0]] = int32(fd)
	return true
}

// treeAttr changes attributes of a copy that is not attached yet.
func (s *stage) treeAttr() bool {
	r := &s.row
	attr := raw.MountAttr{Attr_set: uint64(r.Args[2]), Attr_clr: uint64(r.Args[3]), Propagation: uint64(r.Args[4])}
	return s.failAt(wire.OpMountSetattr, raw.MountSetattr(s.slot(0), uint(r.Args[5]), &attr), r.Args[1])
}
