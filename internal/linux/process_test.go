package linux

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A process that was opened as a directory is signalled and awaited like one
// that has a pidfd, and is nobody else once it was reaped.
func TestProcessAsDirectory(t *testing.T) {
	t.Cleanup(func() { directories.Store(false) })
	child := exec.Command("/bin/sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	fd, err := openProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	pidfd, err := PidfdOpen(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer pidfd.Close()
	if !isDirectory(fd) || isDirectory(pidfd) {
		t.Errorf("a directory: got %t of one and %t of a pidfd", isDirectory(fd), isDirectory(pidfd))
	}
	for _, of := range []FD{fd, pidfd} {
		if got, err := processOf(of); got != pid || err != nil {
			t.Errorf("process of descriptor: got %d, %v want %d", got, err, pid)
		}
	}
	if err := AwaitEnd(fd, 10*time.Millisecond); !errors.Is(err, ETIMEDOUT) {
		t.Errorf("wait for one that lives: got %v, want %v", err, ETIMEDOUT)
	}
	if err := signalByNumber(fd, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := AwaitEnd(fd, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if err := signalByNumber(fd, unix.SIGKILL); !ProcessGone(err) {
		t.Errorf("signal to one that was reaped: got %v, want %v", err, ESRCH)
	}
	if err := AwaitEnd(fd, time.Second); err != nil {
		t.Errorf("wait for one that was reaped: %v", err)
	}
	if _, err := openProcess(pid); !ProcessGone(err) {
		t.Errorf("open one that was reaped: got %v, want %v", err, ESRCH)
	}
}
