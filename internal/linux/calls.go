package linux

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Call is a system call, or a use of one, that is newer than the oldest kernel
// that this program is for, or that filters are known to refuse.
type Call struct {
	Name string
	// Since is the version of the kernel that has it.
	Since string
	// probe makes the call in a way that does nothing; it never succeeds where
	// it would have to be undone.
	probe func() Errno
}

// impossible are flags, modes and numbers that no kernel knows.
const impossible = ^uintptr(0)

// Calls returns them in the order of their names.
func Calls() []Call {
	refuse := func(nr uintptr, args ...uintptr) func() Errno {
		return func() Errno {
			var a [6]uintptr
			copy(a[:], args)
			_, _, e := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
			return e
		}
	}
	const fchmodat2 = 452
	none := impossible // as a descriptor
	return []Call{
		{"clone3", "5.3", refuse(unix.SYS_CLONE3, 0, 0)},
		{"close_range", "5.9", refuse(unix.SYS_CLOSE_RANGE, 1, 0, 0)},
		{"faccessat2", "5.8", refuse(unix.SYS_FACCESSAT2, none, 0, impossible, 0)},
		{"fchmodat2", "6.6", refuse(fchmodat2, none, 0, 0, impossible)},
		{"fsconfig", "5.2", refuse(unix.SYS_FSCONFIG, none, impossible)},
		{"fsmount", "5.2", refuse(unix.SYS_FSMOUNT, none, impossible, 0)},
		{"fsopen", "5.2", refuse(unix.SYS_FSOPEN, 0, impossible)},
		{"fspick", "5.2", refuse(unix.SYS_FSPICK, none, 0, impossible)},
		{"mount_setattr", "5.12", refuse(unix.SYS_MOUNT_SETATTR, none, 0, impossible, 0, 0)},
		{"move_mount", "5.2", refuse(unix.SYS_MOVE_MOUNT, none, 0, none, 0, impossible)},
		{"open_tree", "5.2", refuse(unix.SYS_OPEN_TREE, none, 0, impossible)},
		{"openat2", "5.6", refuse(unix.SYS_OPENAT2, none, 0, 0, 0)},
		{"pidfd_open", "5.3", refuse(unix.SYS_PIDFD_OPEN, 0, impossible)},
		{"pidfd_send_signal", "5.1", refuse(unix.SYS_PIDFD_SEND_SIGNAL, none, 0, 0, impossible)},
		{"statx", "4.11", refuse(unix.SYS_STATX, none, 0, impossible, 0, 0)},
	}
}

// Answer is what the call answers where it does nothing: ENOSYS or EPERM where
// it is missing or refused, anything else where it is there.
func (c Call) Answer() Errno { return c.probe() }

// Absent reports whether the kernel lacks the call of that name, or a filter
// refuses it. Without the right to mount, the calls that begin by asking for
// that are taken for absent too.
func Absent(name string) bool {
	c, ok := findCall(name)
	if !ok {
		return false
	}
	e := c.Answer()
	return e == unix.ENOSYS || e == unix.EPERM
}

func findCall(name string) (Call, bool) {
	for _, c := range Calls() {
		if c.Name == name {
			return c, true
		}
	}
	return Call{}, false
}

// WhyAbsent says what to do about a call that failed because it is not there,
// or is refused whatever its arguments are; it says nothing about any other
// failure. op is the name of the call, words may follow.
func WhyAbsent(op string, errno Errno) string {
	if errno != unix.ENOSYS && errno != unix.EPERM {
		return ""
	}
	name, _, _ := strings.Cut(op, " ")
	c, ok := findCall(name)
	if !ok {
		return ""
	}
	switch answer := c.Answer(); {
	case answer != unix.ENOSYS && answer != unix.EPERM:
		return ""
	case answer == unix.ENOSYS:
		return c.Name + " is a call of Linux " + c.Since + ": take that or a newer kernel, and if this one is, allow the call in the seccomp filter around this runtime"
	}
	if caps, err := Capabilities(); err == nil && !MayMount(caps) {
		return "" // the kernel itself may have refused it
	}
	return "the seccomp filter around this runtime refuses " + c.Name + ", a call of Linux " + c.Since + ": allow it there"
}
