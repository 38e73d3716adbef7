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

// SchedAttr is the kernel's struct sched_attr.
type SchedAttr = unix.SchedAttr

// SetScheduler sets policy and parameters of a process of one thread.
func SetScheduler(pid int, attr *SchedAttr) error {
	return wrap("sched_setattr", "", unix.SchedSetAttr(pid, attr, 0))
}

// SetNice sets the nice value of a process, whatever its policy is.
func SetNice(pid, nice int) error {
	return wrap("setpriority", "", unix.Setpriority(unix.PRIO_PROCESS, pid, nice))
}

// SetIOPriority sets class and level of a process as ioprio_set(2) takes them.
func SetIOPriority(pid, value int) error {
	const process = 1 // IOPRIO_WHO_PROCESS
	_, _, e := unix.Syscall(unix.SYS_IOPRIO_SET, process, uintptr(pid), uintptr(value))
	if e != 0 {
		return wrap("ioprio_set", "", e)
	}
	return nil
}
