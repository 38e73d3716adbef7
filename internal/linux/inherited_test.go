package linux

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// helper re-executes the test binary to run one test's other half in a process
// of its own; env names it.
func helper(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "LINUX_TEST_HELPER="+name)
	return cmd
}

func isHelper(name string) bool { return os.Getenv("LINUX_TEST_HELPER") == name }

func TestCountInherited(t *testing.T) {
	if isHelper("count") {
		before := CountInherited(3)
		if err := CloseOnExecFrom(3); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("inherited %d then %d\n", before, CountInherited(3))
		os.Exit(0)
	}
	for _, n := range []int{0, 1, 4} {
		cmd := helper(t, "count")
		for range n {
			f, err := os.Open("/dev/null")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		}
		out, err := cmd.Output()
		if want := fmt.Sprintf("inherited %d then 0\n", n); err != nil || string(out) != want {
			t.Errorf("got %q, %v want %q", out, err, want)
		}
	}
}

// The way without close_range, on the same question.
func TestCloseOnExecEach(t *testing.T) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	other, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other)
	if err := closeOnExecEach(other); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ fd, want int }{{fd, 0}, {other, unix.FD_CLOEXEC}} {
		flags, err := unix.FcntlInt(uintptr(tc.fd), unix.F_GETFD, 0)
		if err != nil || flags != tc.want {
			t.Errorf("descriptor %d: got flags %d, %v want %d", tc.fd, flags, err, tc.want)
		}
	}
}

func TestReapOrphans(t *testing.T) {
	if isHelper("reap") {
		if err := BecomeSubreaper(); err != nil {
			t.Fatal(err)
		}
		// The shell leaves a grandchild behind, which becomes ours, and ends.
		mine := exec.Command("sh", "-c", "exec 3>&1; (exec sh -c 'read x' <&0 &) ; echo left")
		in, err := mine.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := mine.Start(); err != nil {
			t.Fatal(err)
		}
		waitZombie(t, mine.Process.Pid)
		in.Close()
		if err := ReapOrphans(mine.Process.Pid); err != nil {
			t.Fatal(err)
		}
		if err := mine.Wait(); err != nil {
			t.Fatalf("the status of the awaited child is gone: %v", err)
		}
		// Now that it is gone, the orphan is the only child: wait for its
		// end without taking it, and have it reaped.
		if err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
			t.Fatalf("no orphan came to us: %v", err)
		}
		if err := ReapOrphans(mine.Process.Pid); err != nil {
			t.Fatal(err)
		}
		if err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG, nil); err != unix.ECHILD {
			t.Fatalf("got %v want no child left", err)
		}
		os.Exit(0)
	}
	if out, err := helper(t, "reap").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func waitZombie(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSignalByName(t *testing.T) {
	for _, tc := range []struct {
		name string
		want int
	}{
		{"SIGTERM", 15}, {"SIGKILL", 9}, {"SIGCLD", 17}, {"SIGPOLL", 29}, {"SIGIOT", 6},
		{"TERM", 0}, {"SIGFOO", 0}, {"", 0}, {"sigterm", 0},
	} {
		got, ok := SignalByName(tc.name)
		if got != tc.want || ok != (tc.want != 0) {
			t.Errorf("%q: got %d, %v want %d", tc.name, got, ok, tc.want)
		}
	}
}
