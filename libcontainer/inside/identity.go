// Runs in: init, last steps. Sees: container namespaces, own root. Holds: full capabilities in its user namespace, then payload's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// bounding drops every capability from the bounding set that is not to stay.
func (s *stage) bounding() bool {
	keep, last := uint64(s.row.Args[0]), s.row.Args[1]
	for c := uintptr(0); c <= last; c++ {
		if keep>>c&1 == 1 {
			continue
		}
		if e := raw.Prctl(raw.PrBsetDrop, c, 0); e != 0 {
			return s.fail(wire.OpBounding, e, nil)
		}
	}
	return true
}

// user becomes the payload's user with exactly the groups given. Capabilities
// stay permitted over the change, the Caps step sets what is left of them.
//
// Groups that a user namespace does not let go may stay, if the plan says so.
func (s *stage) user() bool {
	r := &s.row
	if e := raw.Prctl(raw.PrKeepcaps, 1, 0); e != 0 {
		return s.fail(wire.OpPrctl, e, nil)
	}
	n := int(r.Args[2])
	if e := raw.Setgroups(n, r.Args[3]); e != 0 && (n != 0 || r.Args[4] == 0 && raw.Groups() != 0) {
		return s.fail(wire.OpSetgroups, e, nil)
	}
	if e := raw.Setresgid(uint32(r.Args[1])); e != 0 {
		return s.fail(wire.OpSetresgid, e, nil)
	}
	return s.check(wire.OpSetresuid, raw.Setresuid(uint32(r.Args[0])))
}

// ambient makes the ambient set exactly the mask.
func (s *stage) ambient() bool {
	if e := raw.Prctl(raw.PrAmbient, raw.AmbientClear, 0); e != 0 && s.row.Args[0] != 0 {
		return s.fail(wire.OpAmbient, e, nil)
	}
	for c := uintptr(0); c < 64; c++ {
		if uint64(s.row.Args[0])>>c&1 == 0 {
			continue
		}
		if e := raw.Prctl(raw.PrAmbient, raw.AmbientRaise, c); e != 0 {
			return s.fail(wire.OpAmbient, e, nil)
		}
	}
	return true
}

// rlimit sets one resource limit. Limits above init's own were raised by the
// parent, which may.
func (s *stage) rlimit() bool {
	r := &s.row
	l := raw.Rlimit{Cur: uint64(r.Args[1]), Max: uint64(r.Args[2])}
	return s.check(wire.OpRlimit, raw.Setrlimit(int(r.Args[0]), &l))
}

// findHome takes HOME from the passwd file inside, where the config leaves it
// out; "/" if there is no such file or user, as the field does. The Exec step
// puts it into the environment.
func (s *stage) findHome() bool {
	uid := s.row.Args[0]
	n := copy(s.home[:], raw.Text(raw.Lit("HOME=\x00")))
	got := s.passwdHome(uint64(uid), s.home[n:])
	if got == 0 {
		s.home[n] = '/'
		got = 1
	}
	s.home[n+got] = 0
	return true
}

// passwdHome scans /etc/passwd below the root handle for the home directory of
// uid and returns its length in to.
func (s *stage) passwdHome(uid uint64, to []byte) int {
	how := raw.OpenHow{Flags: raw.ORdonly | raw.ONonblock | raw.OCloexec, Resolve: raw.ResolveRoot}
	fd, e := raw.Openat2(s.root, raw.Lit("/etc/passwd\x00"), &how)
	if e == raw.ENOSYS || e == raw.EPERM {
		fd, e = raw.Openat(s.root, raw.Lit("etc/passwd\x00"), raw.ORdonly|raw.ONonblock|raw.ONoFollow|raw.OCloexec, 0)
	}
	if e != 0 {
		return 0
	}
	var st raw.Stat
	if raw.Fstat(fd, &st) != 0 || st.Mode&raw.SIFMT != raw.SIFREG {
		raw.Close(fd) // a FIFO here would block, a device is no passwd file
		return 0
	}
	var p passwd
	for !p.found {
		n, e := raw.Read(fd, s.text[:])
		if e != 0 || n == 0 {
			break
		}
		p.scan(s.text[:n], uid, to)
	}
	raw.Close(fd)
	if p.ended(uid) || p.found {
		return p.home
	}
	return 0
}

// passwd is the state of a scan: name:password:uid:gid:gecos:home:shell
type passwd struct {
	field int
	uid   uint64
	digit bool
	bad   bool
	home  int
	found bool
}

func (p *passwd) ended(uid uint64) bool {
	return p.field >= 5 && p.digit && !p.bad && p.uid == uid && p.home > 0
}

func (p *passwd) scan(b []byte, uid uint64, to []byte) {
	for _, c := range b {
		switch {
		case c == '\n':
			if p.ended(uid) {
				p.found = true
				return
			}
			*p = passwd{}
		case c == ':':
			p.field++
		case p.field == 2:
			if c < '0' || c > '9' || p.uid > 1<<32 {
				p.bad = true
			} else {
				p.uid, p.digit = p.uid*10+uint64(c-'0'), true
			}
		case p.field == 5:
			if p.home < len(to)-1 {
				to[p.home] = c
				p.home++
			}
		}
	}
}
