package linux

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// PollFd is one descriptor of a Poll, and what is awaited and seen on it.
// A negative descriptor is passed over.
type PollFd = unix.PollFd

// Events of a PollFd.
const (
	PollIn  = unix.POLLIN
	PollOut = unix.POLLOUT
	PollHup = unix.POLLHUP
	PollErr = unix.POLLERR
	PollNil = unix.POLLNVAL
)

// EAGAIN is the answer of a non-blocking descriptor that would have to wait.
const EAGAIN = unix.EAGAIN

// NoTimeout lets a Poll wait until something happens.
const NoTimeout time.Duration = -1

// Poll waits until something happens on one of fds or the time is over, and
// returns how many have events. A signal does not end it.
func Poll(fds []PollFd, timeout time.Duration) (int, error) {
	var deadline time.Time
	if timeout > 0 {
		deadline = time.Now().Add(timeout)
	}
	for {
		ms := -1
		if timeout >= 0 {
			// Rounded up: a wait of less than a millisecond must not spin.
			ms = int((timeout + time.Millisecond - 1) / time.Millisecond)
		}
		n, err := unix.Poll(fds, ms)
		if err == nil {
			return n, nil
		}
		if err != unix.EINTR {
			return 0, fmt.Errorf("poll %d descriptors: %w", len(fds), err)
		}
		if timeout > 0 {
			timeout = max(0, time.Until(deadline))
		}
	}
}

// ReadNow reads what is there from f, without the poller of package os: a
// descriptor that was made non-blocking answers EAGAIN when nothing is.
func ReadNow(f *os.File, p []byte) (int, error) {
	for {
		n, err := unix.Read(int(f.Fd()), p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// WriteNow writes what f takes, without the poller of package os: a
// descriptor that was made non-blocking answers EAGAIN when it takes nothing.
func WriteNow(f *os.File, p []byte) (int, error) {
	for {
		n, err := unix.Write(int(f.Fd()), p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// SetNonblock makes reads and writes of f answer EAGAIN instead of waiting.
// It is a property of the open file, shared with everybody who has it: only
// for descriptors that are ours alone.
func SetNonblock(f *os.File) error {
	if err := unix.SetNonblock(int(f.Fd()), true); err != nil {
		return fmt.Errorf("fcntl O_NONBLOCK %s: %w", f.Name(), err)
	}
	return nil
}

// Wakeup is an event counter: readable once Wake was called.
type Wakeup struct{ *os.File }

// NewWakeup makes a Wakeup; the caller closes it.
func NewWakeup() (Wakeup, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return Wakeup{}, fmt.Errorf("eventfd: %w", err)
	}
	return Wakeup{os.NewFile(uintptr(fd), "eventfd")}, nil
}

// Wake ends every Poll that waits for w to be readable, now and later.
func (w Wakeup) Wake() error {
	one := [8]byte{7: 1} // any number above zero in either byte order
	if _, err := WriteNow(w.File, one[:]); err != nil {
		return fmt.Errorf("write eventfd: %w", err)
	}
	return nil
}
