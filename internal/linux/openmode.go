package linux

import "golang.org/x/sys/unix"

// Writable reports whether the descriptor is open, for writing.
func Writable(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY
}
