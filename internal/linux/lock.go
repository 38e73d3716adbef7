package linux

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// LockMode is the kind of a flock(2) lock.
type LockMode int

// Modes of a lock. A lock belongs to the open file, so it ends with the last
// descriptor of it: a killed process leaves none behind.
const (
	LockShared    LockMode = unix.LOCK_SH
	LockExclusive LockMode = unix.LOCK_EX
)

// TryLock takes the lock, or reports false if somebody else has it.
func TryLock(fd FD, mode LockMode) (bool, error) {
	err := flock(fd, int(mode)|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// WaitLock takes the lock once it comes free. Nothing ends the wait before.
func WaitLock(fd FD, mode LockMode) error { return flock(fd, int(mode)) }

// Unlock gives the lock back.
func Unlock(fd FD) error { return flock(fd, unix.LOCK_UN) }

func flock(fd FD, how int) error {
	for {
		err := unix.Flock(int(fd), how)
		if err != unix.EINTR {
			return wrap("flock", "descriptor "+strconv.Itoa(int(fd)), err)
		}
	}
}
