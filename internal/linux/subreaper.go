package linux

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes this process the parent of every orphan among its
// descendants.
func BecomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_CHILD_SUBREAPER: %w", err)
	}
	return nil
}

// ReapOrphans takes the exit status of every dead child but the one whose
// status somebody else waits for. It never blocks. It stops at that child:
// once it is dead, nobody needs this any more.
func ReapOrphans(except int) error {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err == unix.ECHILD {
			return nil
		}
		if err != nil {
			return fmt.Errorf("waitid: %w", err)
		}
		pid := siginfoPid(&info)
		if pid == 0 || pid == except {
			return nil
		}
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOHANG, nil); err != nil && err != unix.EINTR && err != unix.ECHILD {
			return fmt.Errorf("waitid %d: %w", pid, err)
		}
	}
}

// siginfoPid reads si_pid, which follows three integers and, where pointers
// have 8 bytes, the padding before the union.
func siginfoPid(info *unix.Siginfo) int {
	word := unsafe.Sizeof(uintptr(0))
	offset := (3*unsafe.Sizeof(int32(0)) + word - 1) &^ (word - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}
