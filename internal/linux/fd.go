package linux

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// FD is a descriptor. Whoever has one says in its documentation whether it
// owns it; every one made here is close-on-exec.
type FD int

// CWD stands for the current directory in calls that take a directory; NoFD
// for no descriptor.
const (
	CWD  FD = unix.AT_FDCWD
	NoFD FD = -1
)

// Errno is the kernel's error number.
type Errno = syscall.Errno

// Error is a system call that failed, and on what.
type Error struct {
	Op, Object string
	Errno      Errno
}

func (e *Error) Error() string {
	text := e.Op
	if e.Object != "" {
		text += " " + e.Object
	}
	text += ": " + e.Errno.Error()
	if why := WhyAbsent(e.Op, e.Errno); why != "" {
		text += "; " + why
	}
	return text
}

// Unwrap returns the error number, so that errors.Is finds it and fs.ErrNotExist.
func (e *Error) Unwrap() error { return e.Errno }

func wrap(op, object string, err error) error {
	if err == nil {
		return nil
	}
	n, ok := err.(Errno) //nolint:errorlint // x/sys returns bare numbers
	if !ok {
		return err
	}
	return &Error{op, object, n}
}

// Close closes the descriptor; NoFD is none.
func (f FD) Close() error {
	if f == NoFD {
		return nil
	}
	return wrap("close", "descriptor "+strconv.Itoa(int(f)), unix.Close(int(f)))
}

// Openat opens path below dir.
func Openat(dir FD, path string, flags int, mode uint32) (FD, error) {
	for {
		n, err := unix.Openat(int(dir), path, flags|unix.O_CLOEXEC, mode)
		if err == unix.EINTR {
			continue
		}
		return FD(n), wrap("open", path, err)
	}
}
