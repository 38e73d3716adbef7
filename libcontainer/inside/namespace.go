// Runs in: init, first steps. Sees: caller's namespaces, then container namespaces. Holds: caller's privilege, then full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// setns joins a namespace. With a user namespace to be joined as well the
// caller's rights may not suffice before that, and those it gives after it.
func (s *stage) setns() bool {
	how := int(s.row.Args[2])
	fd := s.slot(0)
	if how == wire.JoinAgain && fd < 0 {
		return true
	}
	e := raw.Setns(fd, uint(s.row.Args[1]))
	if e == raw.EPERM && how == wire.JoinTry {
		return true
	}
	if e == 0 && how == wire.JoinTry {
		s.slots[s.row.Args[0]] = -1
		raw.Close(fd)
	}
	return s.check(wire.OpSetns, e)
}

// becomeRoot takes the ids 0 of the user namespace whose maps the parent has
// just written; until then this process has ids nobody mapped. In a user
// namespace that nobody else is in, a parent without privilege may look into
// this process from now on.
func (s *stage) becomeRoot() bool {
	if e := raw.Setresgid(0); e != 0 {
		return s.fail(wire.OpSetresgid, e, nil)
	}
	if e := raw.Setresuid(0); e != 0 {
		return s.fail(wire.OpSetresuid, e, nil)
	}
	return s.check(wire.OpPrctl, raw.Prctl(raw.PrDumpable, s.row.Args[0], 0))
}

// fork goes on in a sibling: unshare and setns put only children into a pid
// namespace, and a time namespace with offsets only what starts in it. The
// sibling is the parent's child, not ours, so the parent can wait for it.
func (s *stage) fork() bool {
	pid, pidfd, e := s.clone(raw.CloneParent)
	if e != 0 {
		return s.fail(wire.OpClone, e, nil)
	}
	return s.forked(pid, pidfd)
}

// clone makes a copy of this process, in which it returns 0.
func (s *stage) clone(flags uintptr) (pid, pidfd int, e raw.Errno) {
	if s.threaded {
		raw.Pin()
	}
	n := int32(-1)
	pid, e = raw.Fork(flags|raw.ClonePidfd|uintptr(raw.SIGCHLD), &n)
	if s.threaded && pid != 0 {
		raw.Unpin()
	}
	return pid, int(n), e
}

// forked ends the process that forked, after it said who goes on. The copy
// goes on once the parent knows it: its first request must not overtake that.
// The parent gets a descriptor, because the number may be of a pid namespace
// that is not the parent's.
func (s *stage) forked(pid, pidfd int) bool {
	if pid == 0 {
		return s.receive(wire.Answer, nil)
	}
	s.begin(wire.Forked)
	s.send(pidfd)
	raw.Exit(0)
	return false
}

// propagate sets the propagation of the root mount and all mounts below it.
func (s *stage) propagate() bool {
	slash := raw.Lit("/\x00")
	return s.failAt(wire.OpMount, raw.Mount(0, slash, 0, uint(s.row.Args[0]), 0), slash)
}

// join enters one hierarchy of cgroup v1, or a resctrl group, through its tasks
// file. "0" stands for the writer: the kernel then need not lock out every other thread of the
// machine, which after idle takes ten milliseconds.
func (s *stage) join() bool {
	fd := s.slot(0)
	_, e := raw.Write(fd, raw.Bytes(raw.Lit("0"), 1))
	raw.Close(fd)
	return s.check(wire.OpJoin, e)
}
