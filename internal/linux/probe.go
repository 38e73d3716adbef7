package linux

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What `doctor` tries that a start does otherwise, or not by itself.

// waits blocks as long as its descriptor 3 is open at the other end.
func waits() []string { return []string{"rung", "init", "3"} }

// TryUserNamespace makes a user namespace and lets it go again.
func TryUserNamespace() error {
	ours, theirs, err := FramePair()
	if err != nil {
		return err
	}
	defer ours.Close()
	pidfd := -1
	pid, err := forkExec("/proc/self/exe", waits(), &syscall.ProcAttr{
		Files: []uintptr{uintptr(theirs), uintptr(theirs), uintptr(theirs), uintptr(theirs)},
		Sys:   &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, PidFD: &pidfd},
	})
	_ = theirs.Close()
	if err != nil {
		return wrap("clone CLONE_NEWUSER", "", err)
	}
	_ = unix.Kill(pid, unix.SIGKILL) // ours, and not reaped
	_, _, err = Reap(pid)
	return errors.Join(err, FD(pidfd).Close())
}

// MappingNamespace makes a user namespace that maps one id. The caller closes
// it.
func MappingNamespace() (FD, error) {
	one := []IDMapping{{Inside: 0, Outside: 65534, Count: 1}}
	return NewUserNamespace(waits(), one, one)
}

// MayWrite reports whether this process may write to what is at path.
func MayWrite(path string) bool { return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, 0) == nil }

// KeyringAnswer is the error number of looking for the session keyring, 0 if
// there is none or one.
func KeyringAnswer() Errno {
	_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	var e Errno
	if errors.As(err, &e) && (e == unix.ENOSYS || e == unix.EPERM) {
		return e
	}
	return 0
}

// Output runs a program and returns the beginning of what it writes to its
// standard output. One that takes too long is killed.
func Output(path string, args []string, most time.Duration) (string, error) {
	out, err := MemoryFile("output", nil)
	if err != nil {
		return "", err
	}
	defer out.Close()
	null, err := Openat(CWD, "/dev/null", unix.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer null.Close()
	child, err := (&Program{Path: path, Args: args, Stdio: [3]FD{null, out, null}}).Start()
	if err != nil {
		return "", err
	}
	ended := AwaitEnd(child.Pidfd, most)
	if ended != nil {
		_ = child.KillGroup()
	}
	if _, err = child.Wait(); err == nil {
		err = ended
	}
	var b [4096]byte
	n, readErr := Pread(out, b[:], 0)
	return string(b[:n]), errors.Join(err, readErr)
}
