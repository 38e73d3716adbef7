package linux

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// CountInherited counts the descriptors that the caller of this program
// handed over from number first on, without a hole: open and not marked
// close-on-exec. What the Go runtime opened before main is marked.
func CountInherited(first int) int {
	n := 0
	for {
		flags, err := unix.FcntlInt(uintptr(first+n), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			return n
		}
		n++
	}
}

// CloseOnExecFrom marks every descriptor from number first on close-on-exec.
func CloseOnExecFrom(first int) error {
	// Kernel(5.11): close_range with CLOSE_RANGE_CLOEXEC; 5.9 has the call
	// without the flag, and a seccomp filter may refuse it in its own way.
	err := unix.CloseRange(uint(first), math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("close_range %d- cloexec: %w", first, err)
	}
	return closeOnExecEach(first)
}

func closeOnExecEach(first int) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list descriptors: %w", err)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd < first {
			continue
		}
		// EBADF is the directory that was just read.
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil && !errors.Is(err, unix.EBADF) {
			return fmt.Errorf("fcntl FD_CLOEXEC %d: %w", fd, err)
		}
	}
	return nil
}
