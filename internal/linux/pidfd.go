package linux

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenPidfd opens a descriptor of the process that has this pid now. The
// descriptor never means another process, unlike the pid; it becomes readable
// when the process has ended.
func OpenPidfd(pid int) (*os.File, error) {
	// Kernel(5.3): pidfd_open.
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open %d: %w", pid, err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// SignalPidfd sends a signal to the process behind pidfd.
func SignalPidfd(pidfd *os.File, signal int) error {
	if err := unix.PidfdSendSignal(int(pidfd.Fd()), unix.Signal(signal), nil, 0); err != nil {
		return fmt.Errorf("pidfd_send_signal %d: %w", signal, err)
	}
	return nil
}

// ProcessGone reports whether a call about a process answered that there is
// no such process (any more).
func ProcessGone(err error) bool { return errors.Is(err, unix.ESRCH) }
