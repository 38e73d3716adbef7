package raw

import "golang.org/x/sys/unix"

// SchedSetaffinity is sched_setaffinity(2) on this process, with a mask of n
// bytes.
func SchedSetaffinity(n int, mask Ptr) Errno {
	_, e := call(unix.SYS_SCHED_SETAFFINITY, 0, uintptr(n), mask, 0, 0, 0)
	return e
}
