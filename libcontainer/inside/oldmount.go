// Runs in: init, before and after pivot. Sees: container namespaces. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// What mount_setattr does to a tree before anybody can see it, mount(2) does to
// one that is attached, where a kernel before 5.12 or a filter leaves no other
// way. Nothing of the payload runs yet, and the mount is named by its
// descriptor, so that nobody can exchange what a path leads to. There is one
// thing that mount(2) cannot do: change attributes of a mount and of all that
// are mounted below it.

// late reports whether the answer of mount_setattr means that it is not there.
// The plan has made init keep a procfs then; without, the answer stands.
func (s *stage) late(e raw.Errno) bool {
	return (e == raw.ENOSYS || e == raw.EPERM) && s.proc >= 0
}

// lateAttr changes a tree that the step before this one has attached.
func (s *stage) lateAttr() bool {
	r := &s.row
	attr := raw.MountAttr{Attr_set: uint64(r.Args[2]), Attr_clr: uint64(r.Args[3]), Propagation: uint64(r.Args[4])}
	return s.failAt(wire.OpMountSetattr, s.changeAttached(s.slot(0), uint(r.Args[5]), &attr), r.Args[1])
}

// alone ends the kinship of an attached tree with what it was copied from. The
// parent has done so if it could.
func (s *stage) alone(tree int, path raw.Ptr) bool {
	attr := raw.MountAttr{Propagation: raw.MsPrivate}
	e := raw.MountSetattr(tree, 0, &attr)
	if s.late(e) {
		e = s.changeAttached(tree, 0, &attr)
	}
	return s.failAt(wire.OpMountSetattr, e, path)
}

// changeMount changes the mount whose root a descriptor names.
func (s *stage) changeMount(at int, flags uint, attr *raw.MountAttr) raw.Errno {
	e := raw.MountSetattr(at, flags, attr)
	if s.late(e) {
		return s.changeAttached(at, flags, attr)
	}
	return e
}

// changeAttached is mount_setattr by mount(2).
func (s *stage) changeAttached(at int, flags uint, attr *raw.MountAttr) raw.Errno {
	if attr.Propagation != 0 {
		how := uint(attr.Propagation)
		if flags&raw.AtRecursive != 0 {
			how |= raw.MsRec
		}
		if e := s.mountNamed(at, how); e != 0 {
			return e
		}
	}
	if attr.Attr_set|attr.Attr_clr == 0 {
		return 0
	}
	now, e := raw.MountFlags(at)
	if e != 0 {
		return e
	}
	if flags&raw.AtRecursive != 0 {
		if e = s.nothingBelow(at, attr); e != 0 {
			return e
		}
	}
	return s.mountNamed(at, raw.MsRemount|raw.MsBind|now&^oldFlags(attr.Attr_clr)|oldFlags(attr.Attr_set))
}

// oldFlags are MS_* for MOUNT_ATTR_*. The first four have the same numbers.
// Of the access times the one that is kept without a flag is "relatime", and
// when all are cleared so are the three that mount(2) has.
func oldFlags(attr uint64) uint {
	const same = raw.AttrRdonly | raw.AttrNosuid | raw.AttrNodev | raw.AttrNoexec
	out := uint(attr & same)
	switch attr & raw.AttrAtime {
	case raw.AttrAtime:
		out |= raw.MsRelatime | raw.MsNoatime | raw.MsStrictatime
	case raw.AttrNoatime:
		out |= raw.MsNoatime
	case raw.AttrStrictatime:
		out |= raw.MsStrictatime
	}
	if attr&raw.AttrNodiratime != 0 {
		out |= raw.MsNodiratime
	}
	if attr&raw.AttrNosymfollow != 0 {
		out |= raw.MsNosymfollow
	}
	return out
}

// mountNamed is mount(2) on the mount behind a descriptor: on its name in the
// procfs handle, seen from there, because init may have no /proc or another's.
func (s *stage) mountNamed(at int, flags uint) raw.Errno {
	return s.mountOver(0, at, 0, flags, 0)
}

// descriptorName is the name of a descriptor below a procfs.
func (s *stage) descriptorName(n int) raw.Ptr {
	s.number(copy(s.text[:], "self/fd/"), n)
	return raw.Addr(s.text[:])
}

// number writes a number and a NUL behind what s.text holds.
func (s *stage) number(at, n int) {
	digits := 1
	for v := n; v > 9; v /= 10 {
		digits++
	}
	for i, v := at+digits-1, n; i >= at; i, v = i-1, v/10 {
		s.text[i] = byte('0' + v%10)
	}
	s.text[at+digits] = 0
}

// maxBelow is how many mounts below one are looked at.
const maxBelow = 64

// nothingBelow makes sure that a recursive change would concern no other mount
// than the one that at is the root of.
func (s *stage) nothingBelow(at int, attr *raw.MountAttr) raw.Errno {
	id, e := s.mountID(at)
	if e != 0 {
		return e
	}
	readonly := attr.Attr_set == raw.AttrRdonly && attr.Attr_clr == 0
	b := &s.below
	b.ids[0], b.n, b.other = id, 1, false
	for i := 0; i < b.n && !b.other; i++ {
		if e = s.scanBelow(b.ids[i], readonly); e != 0 {
			return e
		}
	}
	if b.other {
		s.because(raw.Lit("something is mounted below it, and without mount_setattr only one mount at a time can be changed\x00"))
		return raw.ENOSYS
	}
	return 0
}

// mountID reads the number of the mount behind a descriptor.
func (s *stage) mountID(at int) (uint64, raw.Errno) {
	s.number(copy(s.text[:], "self/fdinfo/"), at)
	fd, e := raw.Openat(s.proc, raw.Addr(s.text[:]), raw.ORdonly|raw.OCloexec, 0)
	if e != 0 {
		return 0, e
	}
	n, e := raw.Read(fd, s.text[:])
	raw.Close(fd)
	if e != 0 {
		return 0, e
	}
	const key = "mnt_id:"
	for i := 0; i+len(key) < n; i++ {
		if begins(raw.Addr(s.text[i:]), key) {
			id := uint64(0)
			for i += len(key); i < n && s.text[i] != '\n'; i++ {
				if c := s.text[i]; c >= '0' && c <= '9' {
					id = id*10 + uint64(c-'0')
				}
			}
			return id, 0
		}
	}
	return 0, raw.EPROTO
}

// below is what is known of the mounts below one.
type below struct {
	ids   [maxBelow]uint64
	n     int
	other bool // there is one that would have to be changed
	line  mountLine
}

// mountLine is the state of reading one line of mountinfo:
// "36 35 98:0 /root /mount/point rw,noatime …"
type mountLine struct {
	field      int
	id, parent uint64
	option     [3]byte
	n          int
}

// scanBelow looks at the mounts that are directly on the mount parent. Those
// that are read-only already are only noted, if that is what is wanted.
func (s *stage) scanBelow(parent uint64, readonly bool) raw.Errno {
	fd, e := raw.Openat(s.proc, raw.Lit("self/mountinfo\x00"), raw.ORdonly|raw.OCloexec, 0)
	if e != 0 {
		return e
	}
	b := &s.below
	b.line = mountLine{}
	for !b.other {
		n, e := raw.Read(fd, s.more[:])
		if e != 0 || n == 0 {
			raw.Close(fd)
			return e
		}
		for _, c := range s.more[:n] {
			b.feed(c, parent, readonly)
		}
	}
	raw.Close(fd)
	return 0
}

// feed takes one more byte of mountinfo.
func (b *below) feed(c byte, parent uint64, readonly bool) {
	l := &b.line
	switch {
	case c == '\n':
		if l.parent == parent {
			ro := l.option[0] == 'r' && l.option[1] == 'o' && (l.option[2] == ',' || l.option[2] == ' ')
			if readonly && ro && b.n < maxBelow {
				b.ids[b.n] = l.id
				b.n++
			} else {
				b.other = true
			}
		}
		*l = mountLine{}
		return
	case l.field == 0 && c != ' ':
		l.id = l.id*10 + uint64(c-'0')
	case l.field == 1 && c != ' ':
		l.parent = l.parent*10 + uint64(c-'0')
	case l.field == 5 && l.n < len(l.option):
		l.option[l.n] = c
		l.n++
	}
	if c == ' ' {
		l.field++
	}
}
