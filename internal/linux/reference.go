package linux

import (
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Dup is another descriptor of the same thing, close-on-exec.
func (f FD) Dup() (FD, error) {
	n, err := unix.FcntlInt(uintptr(f), unix.F_DUPFD_CLOEXEC, 0)
	return FD(n), wrap("dup", "descriptor "+strconv.Itoa(int(f)), err)
}

// Exists reports whether a name is there in a directory.
func Exists(at FD, name string) bool {
	return unix.Faccessat(int(at), name, unix.F_OK, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// ReplaceFile gives path the text as its whole content: readers see what was
// there before or all of it.
func ReplaceFile(path, text string, mode uint32) error {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.Itoa(unix.Getpid()))
	if err := WriteNewFile(CWD, temp, []byte(text), mode); err != nil {
		return err
	}
	if err := unix.Rename(temp, path); err != nil {
		_ = unix.Unlink(temp)
		return wrap("rename", path, err)
	}
	return nil
}

// Remove removes a file.
func Remove(path string) error { return wrap("unlink", path, unix.Unlink(path)) }

// SignalFD sends a signal by number to the process behind pidfd.
func SignalFD(pidfd FD, signal int) error { return Signal(pidfd, unix.Signal(signal)) }

// AwaitEnd waits until the process behind pidfd has ended, at most so long.
func AwaitEnd(pidfd FD, most time.Duration) error {
	if isDirectory(pidfd) {
		return awaitEndOf(pidfd, most)
	}
	n, err := Poll([]PollFd{{Fd: int32(pidfd), Events: PollIn}}, most)
	if err == nil && n == 0 {
		return &Error{"wait", "killed process", ETIMEDOUT}
	}
	return err
}
