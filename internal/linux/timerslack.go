package linux

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// ChildTimerSlack is the timer slack, in nanoseconds, of every process that is
// started from here; 0 lets it inherit the thread's. It is set once, at the
// beginning of main, where this process has not got the slack that its caller
// had.
var ChildTimerSlack uint64

// forkExec is syscall.ForkExec for a child with that timer slack.
func forkExec(path string, args []string, attr *syscall.ProcAttr) (int, error) {
	if ChildTimerSlack != 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(ChildTimerSlack), 0, 0, 0); err != nil {
			return 0, err
		}
	}
	return syscall.ForkExec(path, args, attr)
}
