package linux

import "golang.org/x/sys/unix"

// SeccompFlag reports whether this kernel knows a SECCOMP_FILTER_FLAG_*. It
// looks at the flags before it looks for the filter, and none is given.
func SeccompFlag(flag uint32) bool {
	// Some flags are for filters with a listener only.
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flag|unix.SECCOMP_FILTER_FLAG_NEW_LISTENER), 0)
	return e == unix.EFAULT
}
