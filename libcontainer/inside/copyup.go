// Runs in: init, before pivot. Sees: container namespaces, host root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// tmpcopyup: a new tmpfs gets what is in the directory that it is going to
// hide. Init copies, not the parent: the memory of the copy is the
// container's, what the user namespace may not read is not read, and no
// process of the host walks a tree that a container can change.
//
// The walk holds one descriptor a level on either side and opens single names
// below them, never through a link, so nothing leads out of the directory.

// maxLevels bounds how deep a directory that is copied can be.
const maxLevels = 128

// copier is the state of one copy.
type copier struct {
	from, to [maxLevels]int32
	end      [maxLevels]uint16 // of each level's path
	depth    int
	path     [raw.PathMax]byte // of the file in work, for messages
	entries  [8 << 10]byte     // of a directory
	names    [4 << 10]byte     // of extended attributes
	value    [64 << 10]byte    // of one of them; a link's target
}

// copyUp copies what is below directory at, which is what target names, to the
// root of the detached tree. By the flags CopyOwner and CopyMode that root gets
// the owner and mode of at.
func (s *stage) copyUp(at, tree int, target raw.Ptr, flags int) bool {
	c := &s.copies
	c.depth = 0
	n := copy(c.path[:raw.PathMax-1], raw.Text(target))
	dot := raw.Lit(".\x00")
	from, e := raw.Openat(at, dot, raw.ORdonly|raw.ODirectory|raw.OCloexec, 0)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, n)
	}
	to, e := raw.Openat(tree, dot, raw.ORdonly|raw.ODirectory|raw.OCloexec, 0)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, n)
	}
	c.push(from, to, n)
	for c.depth > 0 {
		if !s.copyEntries(flags) {
			return false
		}
	}
	return true
}

func (c *copier) push(from, to, end int) {
	c.from[c.depth], c.to[c.depth], c.end[c.depth] = int32(from), int32(to), uint16(end)
	c.depth++
}

func (s *stage) copyFailed(op wire.Op, e raw.Errno, end int) bool {
	s.because(raw.Lit("copying it for tmpcopyup\x00"))
	return s.fail(op, e, s.copies.path[:end])
}

// copyEntries copies the next names of the innermost directory, up to and with
// the first directory among them, which then is the innermost.
func (s *stage) copyEntries(flags int) bool {
	c := &s.copies
	top := c.depth - 1
	from, to := int(c.from[top]), int(c.to[top])
	n, e := raw.Getdents(from, c.entries[:])
	if e != 0 {
		return s.copyFailed(wire.OpRead, e, int(c.end[top]))
	}
	if n == 0 {
		return s.copyDirectory(from, to, flags)
	}
	at := raw.Addr(c.entries[:])
	for end := at + uintptr(n); at < end; {
		name, next := at+raw.DirentName, *raw.At[int64](at + raw.DirentNext)
		at += uintptr(*raw.At[uint16](at + raw.DirentSize))
		if dots(name) {
			continue
		}
		if !s.copyEntry(from, to, name) {
			return false
		}
		if c.depth == top+1 {
			continue
		}
		// The rest of the block is read again when the walk comes back.
		if _, e = raw.SeekTo(from, next, raw.SeekSet); e != 0 {
			return s.copyFailed(wire.OpRead, e, int(c.end[top]))
		}
		return true
	}
	return true
}

func dots(name raw.Ptr) bool {
	b := raw.Bytes(name, 3)
	return b[0] == '.' && (b[1] == 0 || b[1] == '.' && b[2] == 0)
}

// copyDirectory ends the innermost directory: its own attributes come last,
// because every name made in it changed them.
func (s *stage) copyDirectory(from, to, flags int) bool {
	c := &s.copies
	end := int(c.end[c.depth-1])
	var st raw.Statx
	if e := raw.Fstatx(from, raw.Lit("\x00"), &st); e != 0 {
		return s.copyFailed(wire.OpStat, e, end)
	}
	if c.depth > 1 {
		if !s.copyAttributes(from, to, end, &st) {
			return false
		}
	} else if !s.copyRoot(from, to, end, flags, &st) {
		return false
	}
	raw.CopyTimes(to, 0, &st)
	raw.Close(from)
	raw.Close(to)
	c.depth--
	return true
}

// copyRoot is copyAttributes for the root of the filesystem, whose owner and
// mode may be in its options.
func (s *stage) copyRoot(from, to, end, flags int, st *raw.Statx) bool {
	if flags&wire.CopyOwner != 0 {
		if e := raw.Fchown(to, st.Uid, st.Gid); e != 0 {
			return s.copyFailed(wire.OpChown, e, end)
		}
	}
	if !s.copyXattrs(from, to, end) {
		return false
	}
	if flags&wire.CopyMode != 0 {
		if e := raw.Fchmod(to, uint32(st.Mode)&0o7777); e != 0 {
			return s.copyFailed(wire.OpChmod, e, end)
		}
	}
	return true
}

// copyEntry copies one name. What is a mount of its own is not part of the
// directory's content: of a directory there is left the place, of a file
// nothing.
func (s *stage) copyEntry(from, to int, name raw.Ptr) bool {
	c := &s.copies
	end := int(c.end[c.depth-1])
	if n := raw.Len(name); end+1+n < raw.PathMax {
		c.path[end] = '/'
		copy(c.path[end+1:], raw.Bytes(name, n))
		end += 1 + n
	}
	var st raw.Statx
	if e := raw.Fstatx(from, name, &st); e != 0 {
		return s.copyFailed(wire.OpStat, e, end)
	}
	mounted := st.Attributes&raw.MountRoot != 0
	switch kind := uint32(st.Mode) & raw.SIFMT; {
	case kind == raw.SIFDIR:
		return s.enterDirectory(from, to, name, end, mounted)
	case mounted:
		return true
	case kind == raw.SIFREG:
		return s.copyFile(from, to, name, end)
	case kind == raw.SIFLNK:
		n, e := raw.Readlinkat(from, name, c.value[:raw.PathMax])
		if e != 0 {
			return s.copyFailed(wire.OpReadlink, e, end)
		}
		c.value[n] = 0
		if e = raw.Symlinkat(raw.Addr(c.value[:]), to, name); e != 0 {
			return s.copyFailed(wire.OpSymlink, e, end)
		}
	default:
		number := raw.Device(st.Rdev_major, st.Rdev_minor)
		if e := raw.Mknodat(to, name, uint32(st.Mode), number); e != 0 {
			return s.copyFailed(wire.OpMknod, e, end)
		}
	}
	if e := raw.Fchownat(to, name, int(st.Uid), int(st.Gid), raw.AtNoFollow); e != 0 {
		return s.copyFailed(wire.OpChown, e, end)
	}
	if uint32(st.Mode)&raw.SIFMT != raw.SIFLNK {
		// Nobody else can reach the tree, so this follows no link.
		if e := raw.Fchmodat(to, name, uint32(st.Mode)&0o7777); e != 0 {
			return s.copyFailed(wire.OpChmod, e, end)
		}
	}
	raw.CopyTimes(to, name, &st)
	return true
}

func (s *stage) enterDirectory(from, to int, name raw.Ptr, end int, mounted bool) bool {
	c := &s.copies
	if e := raw.Mkdirat(to, name, 0o755); e != 0 {
		return s.copyFailed(wire.OpMkdir, e, end)
	}
	if mounted {
		return true
	}
	if c.depth == maxLevels {
		return s.copyFailed(wire.OpMkdir, raw.ENAMETOOLONG, end)
	}
	const flags = raw.ORdonly | raw.ODirectory | raw.ONoFollow | raw.OCloexec
	sub, e := raw.Openat(from, name, flags, 0)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, end)
	}
	made, e := raw.Openat(to, name, flags, 0)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, end)
	}
	c.push(sub, made, end)
	return true
}

func (s *stage) copyFile(from, to int, name raw.Ptr, end int) bool {
	in, e := raw.Openat(from, name, raw.ORdonly|raw.ONoFollow|raw.ONonblock|raw.ONoctty|raw.OCloexec, 0)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, end)
	}
	var st raw.Statx
	if e = raw.Fstatx(in, raw.Lit("\x00"), &st); e != 0 || uint32(st.Mode)&raw.SIFMT != raw.SIFREG {
		return s.copyFailed(wire.OpStat, e, end) // it is not what it was
	}
	out, e := raw.Openat(to, name, raw.OWronly|raw.OCreat|raw.OExcl|raw.ONoFollow|raw.OCloexec, 0o600)
	if e != 0 {
		return s.copyFailed(wire.OpOpen, e, end)
	}
	if e = copyData(in, out, int64(st.Size)); e != 0 {
		return s.copyFailed(wire.OpWrite, e, end)
	}
	if !s.copyAttributes(in, out, end, &st) {
		return false
	}
	raw.CopyTimes(out, 0, &st)
	raw.Close(in)
	raw.Close(out)
	return true
}

// copyData copies what is not a hole.
func copyData(in, out int, size int64) raw.Errno {
	for at := int64(0); at < size; {
		data, e := raw.SeekTo(in, at, raw.SeekData)
		hole := size
		switch e {
		case 0:
			if hole, e = raw.SeekTo(in, data, raw.SeekHole); e != 0 {
				return e
			}
		case raw.ENXIO:
			return raw.Ftruncate(out, size) // a hole up to the end
		default:
			data = at // a filesystem that knows of no holes
		}
		if _, e = raw.SeekTo(in, data, raw.SeekSet); e != 0 {
			return e
		}
		if _, e = raw.SeekTo(out, data, raw.SeekSet); e != 0 {
			return e
		}
		for at = data; at < hole; {
			n, e := raw.Sendfile(out, in, hole-at)
			if e != 0 {
				return e
			}
			if n == 0 {
				return 0 // somebody has cut the file short meanwhile
			}
			at += n
		}
	}
	return raw.Ftruncate(out, size)
}

// copyAttributes copies owner, extended attributes and mode, in the order in
// which none of them takes another back.
func (s *stage) copyAttributes(from, to, end int, st *raw.Statx) bool {
	if e := raw.Fchown(to, st.Uid, st.Gid); e != 0 {
		return s.copyFailed(wire.OpChown, e, end)
	}
	if !s.copyXattrs(from, to, end) {
		return false
	}
	if e := raw.Fchmod(to, uint32(st.Mode)&0o7777); e != 0 {
		return s.copyFailed(wire.OpChmod, e, end)
	}
	return true
}

// copyXattrs copies the extended attributes that belong to the file. Those
// that a security module keeps there it makes anew for a new file, and a
// filesystem that cannot hold one does not get it.
func (s *stage) copyXattrs(from, to, end int) bool {
	c := &s.copies
	n, e := raw.Flistxattr(from, c.names[:])
	if e == raw.EOPNOTSUPP {
		return true
	}
	if e != 0 {
		return s.copyFailed(wire.OpXattr, e, end)
	}
	for at := 0; at < n; {
		name := raw.Addr(c.names[at:])
		at += raw.Len(name) + 1
		if !begins(name, "user.") && !begins(name, "system.posix_acl_") && !begins(name, "security.capability") && !begins(name, "trusted.") {
			continue
		}
		size, e := raw.Fgetxattr(from, name, c.value[:])
		if e == 0 {
			e = raw.Fsetxattr(to, name, c.value[:size])
		}
		if e != 0 && e != raw.EOPNOTSUPP {
			return s.copyFailed(wire.OpXattr, e, end)
		}
	}
	return true
}

// begins reports whether the text at p begins with s.
func begins(p raw.Ptr, s string) bool {
	for i := range len(s) {
		if *raw.At[byte](p + uintptr(i)) != s[i] {
			return false
		}
	}
	return true
}
