package linux

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ThreadSetaffinity confines the calling goroutine's thread, and what is
// cloned from it, to the CPUs of a mask. The goroutine stays locked to the
// thread, which ends with it: no other may get it.
func ThreadSetaffinity(mask []byte) error {
	runtime.LockOSThread()
	_, _, e := unix.RawSyscall(unix.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)), uintptr(unsafe.Pointer(unsafe.SliceData(mask))))
	if e != 0 {
		return wrap("sched_setaffinity", "", e)
	}
	return nil
}
