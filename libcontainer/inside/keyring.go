// Runs in: init. Sees: container namespaces. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// userSearch is KEY_USR_SEARCH: without it the owner that the payload becomes
// could not find keys in its own session keyring.
const userSearch = 0x080000

// keyring joins a session keyring of the container's own, so that the
// caller's keys stay out of its reach.
func (s *stage) keyring() bool {
	name := s.row.Args[0]
	key, e := raw.JoinSession(name)
	if e == raw.ENOSYS {
		return true // a kernel without keys has none to protect
	}
	if e != 0 {
		return s.failAt(wire.OpKeyring, e, name)
	}
	if key == 0 {
		return true // in it already: rung within a container of the same id
	}
	n, e := raw.DescribeKey(key, s.text[:])
	if e == 0 && n > len(s.text) {
		e = raw.ENAMETOOLONG
	}
	if e != 0 {
		return s.failAt(wire.OpKeyring, e, name)
	}
	// type;uid;gid;permissions in hex;name
	perm, field := uint32(0), 0
	for _, c := range s.text[:n] {
		if c == ';' {
			field++
			continue
		}
		if field == 3 {
			perm = perm<<4 | hexDigit(c)
		}
	}
	return s.failAt(wire.OpKeyring, raw.SetKeyPerm(key, perm|userSearch), name)
}

func hexDigit(c byte) uint32 {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0')
	case c >= 'a' && c <= 'f':
		return uint32(c-'a') + 10
	}
	return 0
}
