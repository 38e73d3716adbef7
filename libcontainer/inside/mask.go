// Runs in: init, after pivot. Sees: container namespaces, own root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

const cloneTree = raw.TreeClone | raw.TreeCloexec | raw.AtEmptyPath

// mask hides a path: a file below the null device, a directory below an empty
// read-only tmpfs. One tmpfs and one tree of /dev/null serve all masks. The
// null device is the host's, opened and verified by the parent: the
// container's may be a link to anything (CVE-2025-31133).
func (s *stage) mask() bool {
	path := s.row.Args[0]
	at, e := s.open(path, followInside)
	if e == raw.ENOENT || e == raw.ENOTDIR {
		return true // nothing there to hide
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	var st raw.Stat
	if e = raw.Fstat(at, &st); e != 0 {
		return s.failAt(wire.OpStat, e, path)
	}
	if s.old {
		ok := s.maskOld(at, path, st.Mode&raw.SIFMT == raw.SIFDIR)
		raw.Close(at)
		return ok
	}
	var ok bool
	if st.Mode&raw.SIFMT == raw.SIFDIR {
		ok = s.maskWith(&s.empty, at, path, s.row.Args[2])
	} else {
		null := s.slot(1)
		if s.null {
			ok = s.copyOver(null, at, path)
		} else {
			s.null = true
			ok = s.failAt(wire.OpMoveMount, raw.MoveMount(null, at), path) && s.alone(null, path)
		}
	}
	raw.Close(at)
	return ok
}

// maskWith puts the shared empty directory at a path, and makes it first, with
// an SELinux label unless there is none.
func (s *stage) maskWith(empty *int, at int, path, label raw.Ptr) bool {
	if *empty >= 0 {
		return s.copyOver(*empty, at, path)
	}
	s.mode[0] = 0
	// In the stage, not on the stack: where Go's runtime did start, a stack
	// moves when it grows, and an address is not corrected.
	s.params = [7]raw.Ptr{
		raw.Lit("nr_blocks\x00"), raw.Lit("1\x00"),
		raw.Lit("nr_inodes\x00"), raw.Lit("1\x00"), 0,
	}
	if label != 0 {
		s.params[4], s.params[5] = raw.Lit("context\x00"), label
	}
	tree, ok := s.makeFilesystem(raw.Lit("tmpfs\x00"), raw.Lit("tmpfs\x00"), raw.AddrOf(&s.params),
		raw.AttrRdonly|raw.AttrNosuid|raw.AttrNodev|raw.AttrNoexec)
	if !ok {
		return false
	}
	*empty = tree
	return s.failAt(wire.OpMoveMount, raw.MoveMount(tree, at), path)
}

// copyOver attaches a copy of an attached tree. The first use moved the tree
// itself: before Linux 6.15 a detached tree could not be copied.
func (s *stage) copyOver(tree, at int, path raw.Ptr) bool {
	fd, e := raw.OpenTree(tree, raw.Lit("\x00"), cloneTree)
	if e != 0 {
		return s.failAt(wire.OpOpenTree, e, path)
	}
	e = raw.MoveMount(fd, at)
	raw.Close(fd)
	return s.failAt(wire.OpMoveMount, e, path)
}

// readonly makes a path and all mounts below it read-only: a copy of the tree,
// made read-only while nobody can see it, goes over the path.
func (s *stage) readonly() bool {
	path := s.row.Args[0]
	at, e := s.open(path, followInside)
	if e == raw.ENOENT || e == raw.ENOTDIR {
		return true
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	if s.old {
		return s.readonlyOld(at, path)
	}
	tree, e := raw.OpenTree(at, raw.Lit("\x00"), cloneTree|raw.AtRecursive)
	if e != 0 {
		return s.failAt(wire.OpOpenTree, e, path)
	}
	attr := raw.MountAttr{Attr_set: raw.AttrRdonly}
	e = raw.MountSetattr(tree, raw.AtRecursive, &attr)
	late := s.late(e)
	if e != 0 && !late {
		return s.failAt(wire.OpMountSetattr, e, path)
	}
	if e = raw.MoveMount(tree, at); e != 0 {
		return s.failAt(wire.OpMoveMount, e, path)
	}
	if late {
		e = s.changeAttached(tree, raw.AtRecursive, &attr)
	}
	raw.Close(tree)
	raw.Close(at)
	return s.failAt(wire.OpMountSetattr, e, path)
}
