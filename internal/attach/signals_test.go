package attach

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
)

func TestSignalsAreServed(t *testing.T) {
	s := CatchSignals()
	s.CatchRest()
	s.setup.Wait()
	defer s.Stop()

	var got []int
	resized, children := 0, 0
	done := make(chan struct{})
	sent := []int{linux.SIGTERM, linux.SIGWINCH, linux.SIGUSR1, linux.SIGCHLD, linux.SIGRTMIN + 3, linux.SIGHUP}
	handlers := Handlers{
		Forward: func(n int) { got = append(got, n) },
		Resize:  func() { resized++ },
		Child:   func() { children++ },
	}
	// One at a time: the order in which pending signals arrive is not fixed.
	for i, n := range sent {
		if err := syscall.Kill(os.Getpid(), syscall.Signal(n)); err != nil {
			t.Fatal(err)
		}
		handlers.serve(linux.SignalNumber(<-s.c))
		if i == len(sent)-1 {
			close(done)
		}
	}
	s.Serve(done, handlers) // returns at once
	if want := []int{linux.SIGTERM, linux.SIGUSR1, linux.SIGRTMIN + 3, linux.SIGHUP}; !slices.Equal(got, want) {
		t.Errorf("forwarded: got %v want %v", got, want)
	}
	if resized != 1 || children != 1 {
		t.Errorf("got %d resizes and %d children want one of each", resized, children)
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
	all := append(ending(), others()...)
	seen := map[int]bool{}
	for _, n := range all {
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
