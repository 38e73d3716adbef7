package attach

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

func TestSignalsAreServed(t *testing.T) {
	s, err := CatchSignals()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	// What is waited for ends when its standard input does.
	cmd := exec.Command("cat")
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pidfd, err := linux.PidfdOpen(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer pidfd.Close()

	var got []int
	resized, children := 0, 0
	sent := []int{linux.SIGTERM, linux.SIGWINCH, linux.SIGUSR1, linux.SIGCONT, linux.SIGRTMIN + 3}
	want := []int{linux.SIGTERM, linux.SIGUSR1, linux.SIGCONT, linux.SIGRTMIN + 3}
	// Ignored by who started this, it stays so.
	if !signal.Ignored(syscall.SIGHUP) {
		sent, want = append(sent, linux.SIGHUP), append(want, linux.SIGHUP)
	}
	// One at a time: the order in which pending signals arrive is not fixed.
	next := func() {
		if len(sent) == 0 {
			if err := input.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		n := sent[0]
		sent = sent[1:]
		if err := syscall.Kill(os.Getpid(), syscall.Signal(n)); err != nil {
			t.Error(err)
		}
	}
	next() // before anybody serves it
	err = s.Serve(int(pidfd), Handlers{
		Forward: func(n int) { got = append(got, n); next() },
		Resize:  func() { resized++; next() },
		Child:   func() { children++ },
	})
	if err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("forwarded: got %v want %v", got, want)
	}
	if resized != 1 {
		t.Errorf("got %d resizes want one", resized)
	}
	// The child's end sends SIGCHLD, before or after it was seen.
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if children == 0 {
		if _, err := linux.Poll([]linux.PollFd{s.pipe.Readable()}, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		var buf [8]byte
		if rest := s.pipe.Read(buf[:]); len(rest) != 1 || int(rest[0]) != linux.SIGCHLD {
			t.Errorf("when the child has ended: got signals %v want SIGCHLD", rest)
		}
	}
}

func TestWinchWithoutTerminalIsForwarded(t *testing.T) {
	var got []int
	Handlers{Forward: func(n int) { got = append(got, n) }}.serve(linux.SIGWINCH)
	if !slices.Equal(got, []int{linux.SIGWINCH}) {
		t.Errorf("got %v want it forwarded", got)
	}
}

func TestListsOfSignals(t *testing.T) {
	seen := map[int]bool{}
	for _, n := range handedOn() {
		if seen[n] {
			t.Errorf("signal %d is listed twice", n)
		}
		seen[n] = true
	}
	for _, n := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGPIPE, syscall.SIGURG, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP} {
		if seen[int(n)] {
			t.Errorf("%v must not be caught", n)
		}
	}
}
