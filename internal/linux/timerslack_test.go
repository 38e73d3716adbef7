package linux

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A child has the slack that it shall have, whichever thread starts it, and the
// slack of that thread if nothing is said.
func TestChildTimerSlack(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	const lazy = 2_000_000
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, lazy, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { ChildTimerSlack = 0 }()
	for _, c := range []struct {
		slack uint64
		want  string
	}{{0, "2000000"}, {70_000, "70000"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		ChildTimerSlack = c.slack
		p := Program{
			Path: "/bin/cat", Args: []string{"cat", "/proc/self/timerslack_ns"},
			Stdio: [3]FD{FD(os.Stdin.Fd()), FD(w.Fd()), FD(os.Stderr.Fd())},
		}
		child, err := p.Start()
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		var buf [64]byte
		n, err := r.Read(buf[:])
		r.Close()
		if got := strings.TrimSpace(string(buf[:n])); err != nil || got != c.want {
			t.Errorf("ChildTimerSlack %d: got %q, %v want %s", c.slack, got, err, c.want)
		}
		if _, err := child.Wait(); err != nil {
			t.Error(err)
		}
	}
}
