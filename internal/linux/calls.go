package linux

import (
	"math"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

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

// Uses are newer ways to use older calls. Their answer is ENOSYS if the kernel
// does not know them, whatever number it has for that.
func Uses() []Call {
	return []Call{
		{"clone3 CLONE_INTO_CGROUP", "5.7", probeIntoCgroup},
		{"close_range CLOSE_RANGE_CLOEXEC", "5.11", func() Errno {
			// Of no descriptor.
			_, _, e := unix.RawSyscall(unix.SYS_CLOSE_RANGE, math.MaxUint32, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
			return unknown(e)
		}},
		{"setns pidfd", "5.8", probePidfdSetns},
		{"waitid P_PIDFD", "5.4", func() Errno {
			_, _, e := unix.RawSyscall6(unix.SYS_WAITID, unix.P_PIDFD, nobody, 0, unix.WEXITED|unix.WNOHANG, 0, 0)
			return unknown(e)
		}},
	}
}

// nobody is the number of a descriptor that no process has.
const nobody = math.MaxInt32

func unknown(e Errno) Errno {
	if e == unix.EINVAL || e == unix.E2BIG {
		return unix.ENOSYS
	}
	return e
}

// probeIntoCgroup wants a child in a cgroup that there is no descriptor of.
func probeIntoCgroup() Errno {
	args := [11]uint64{0: unix.CLONE_INTO_CGROUP, 4: uint64(unix.SIGCHLD), 10: nobody}
	_, _, e := unix.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	return unknown(e)
}

// probePidfdSetns joins a namespace that this thread is in.
func probePidfdSetns() Errno {
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return unix.ENOSYS
	}
	defer unix.Close(fd)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, e := unix.RawSyscall(unix.SYS_SETNS, uintptr(fd), unix.CLONE_NEWUTS, 0)
	if e == unix.EPERM {
		return 0 // known, and not allowed
	}
	return unknown(e)
}

// KernelRelease is what the kernel calls itself: "6.1.0-18-amd64".
func KernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// Older reports whether the kernel with that release is older than version.
func Older(release, version string) bool {
	number := func(text string) int {
		major, rest, _ := strings.Cut(text, ".")
		minor := strings.TrimRightFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if at := strings.IndexFunc(minor, func(r rune) bool { return r < '0' || r > '9' }); at >= 0 {
			minor = minor[:at]
		}
		a, _ := strconv.Atoi(major)
		b, _ := strconv.Atoi(minor)
		return a<<16 | b
	}
	return number(release) < number(version)
}

// MountCallsAbsent reports whether mount_setattr is missing or refused, and
// whether one of the calls is that make and attach detached mounts. Every start
// asks, so it is a few calls and nothing else; only one who may mount can trust
// the second answer.
func MountCallsAbsent() (setattr, detached bool) {
	gone := func(e Errno) bool { return e == unix.ENOSYS || e == unix.EPERM }
	_, _, e := unix.RawSyscall6(unix.SYS_MOUNT_SETATTR, impossible, 0, impossible, 0, 0, 0)
	setattr = gone(e)
	for _, nr := range [...]uintptr{unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_OPEN_TREE} {
		first := uintptr(0)
		if nr != unix.SYS_FSOPEN {
			first = impossible
		}
		_, _, e = unix.RawSyscall6(nr, first, impossible, impossible, 0, 0, 0)
		detached = detached || gone(e)
	}
	_, _, e = unix.RawSyscall6(unix.SYS_MOVE_MOUNT, impossible, 0, impossible, 0, impossible, 0)
	return setattr, detached || gone(e)
}
