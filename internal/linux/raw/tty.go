package raw

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// UnlockPty lets the slave of the pty master n be opened.
func UnlockPty(n int) Errno {
	var lock int32
	_, e := call(unix.SYS_IOCTL, fd(n), unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&lock)), 0, 0, 0)
	return e
}

// PtyPeer opens the slave of the pty master n without walking a path
// (Linux 4.13; CVE-2025-52565 was a walk).
func PtyPeer(n int) (int, Errno) {
	r, e := call(unix.SYS_IOCTL, fd(n), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0, 0, 0)
	return int(r), e
}

// ControllingTty makes n the controlling terminal of this session.
func ControllingTty(n int) Errno {
	_, e := call(unix.SYS_IOCTL, fd(n), unix.TIOCSCTTY, 0, 0, 0, 0)
	return e
}
