// Runs in: init, before its last steps. Sees: container namespaces. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// label writes a label to a file of a security module. It says what the next
// program is to be, or what is made from now on, so it changes nothing yet.
func (s *stage) label() bool {
	path, value := s.row.Args[0], s.row.Args[2]
	fd, e := s.openProc(path, raw.ResolveSelf)
	if other := s.row.Args[1]; e == raw.ENOENT && other != 0 {
		path = other
		fd, e = s.openProc(path, raw.ResolveSelf)
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	return s.writeProc(fd, path, value)
}

// relabel labels the root of a filesystem that was just made.
func (s *stage) relabel() bool {
	path, label := s.row.Args[0], s.row.Args[1]
	at, e := s.open(path, followInside)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	// A descriptor that is for reference alone has no attributes.
	fd, e := raw.Openat(at, raw.Lit(".\x00"), raw.ORdonly|raw.ODirectory|raw.OCloexec, 0)
	raw.Close(at)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	e = raw.Fsetxattr(fd, raw.Lit("security.selinux\x00"), raw.Text(label))
	raw.Close(fd)
	return s.failAt(wire.OpXattr, e, path)
}
