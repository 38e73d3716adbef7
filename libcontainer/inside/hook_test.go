package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// growStack makes room, so that the copy of this process that a hook begins
// as does not have to ask Go's runtime for it, which it left behind.
//
//go:noinline
func growStack() byte {
	var room [256 << 10]byte
	for i := range room {
		room[i] = byte(i)
	}
	return room[len(room)/2]
}

const patience = 10_000 // milliseconds; no hook here needs them

// hook runs one Hook step with a state file.
func hook(t *testing.T, s *stage, ms int, state string, env []string, args ...string) string {
	t.Helper()
	fd, err := unix.MemfdCreate("state", unix.MFD_CLOEXEC)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer unix.Close(fd)
	if _, err = unix.Write(fd, []byte(state)); err != nil {
		t.Error(err)
	}
	slot := give(s, fd)
	defer func() { s.nslots-- }()
	growStack()
	return do(t, s, wire.Hook, args[0], args, env, uint64(ms), slot)
}

// TestHookIsNotScheduled: the hook's process is a copy of one in which Go's
// runtime runs, and on its own.
func TestHookIsNotScheduled(t *testing.T) {
	thread(t, 0, func() {
		s := reset(t, "")
		end := make(chan bool)
		defer close(end)
		press(end)
		for range 20 {
			wantDone(t, hook(t, s, patience, "", nil, "/bin/true"))
		}
	})
}

func TestHook(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	thread(t, 0, func() {
		s := reset(t, "")
		before := openDescriptors(t)

		wantDone(t, hook(t, s, patience, `{"id":"c"}`, []string{"OUT=" + out}, "/bin/sh", "-c", `cat >"$OUT"; env | sort >>"$OUT"`))
		got, err := os.ReadFile(out)
		if err != nil || !strings.HasPrefix(string(got), `{"id":"c"}`) {
			t.Errorf("the hook read %q, %v", got, err)
		}
		if strings.Contains(string(got), "HOME=") || !strings.Contains(string(got), "OUT="+out) {
			t.Errorf("its environment: %q", got)
		}

		// Nothing of init's is open in it, its output can be long, and is not
		// looked at when it worked.
		wantDone(t, hook(t, s, patience, "", nil, "/bin/sh", "-c", `set -- /proc/self/fd/*; [ $# -le 4 ]`))
		wantDone(t, hook(t, s, patience, "", nil, "/bin/sh", "-c", `head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2`))
		// Its standard streams are not the caller's.
		wantDone(t, hook(t, s, patience, "", nil, "/bin/sh", "-c", `case $(readlink /proc/self/fd/2) in *memfd*) ;; *) exit 1 ;; esac`))
		// It leads a group of its own.
		wantDone(t, hook(t, s, patience, "", nil, "/bin/sh", "-c", `read -r pid comm state ppid pgrp rest </proc/self/stat; [ "$pgrp" = "$$" ]`))

		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors are left open", after-before)
		}
	})
}

func TestHookFails(t *testing.T) {
	thread(t, 0, func() {
		for _, test := range []struct {
			name           string
			args           []string
			status         uint64
			stdout, stderr string
		}{
			{"exit status", []string{"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, 3 << 8, "out", "err"},
			{"signal", []string{"/bin/sh", "-c", "kill -9 $$"}, 9, "", ""},
			{"no such file", []string{"/no/such/hook"}, 127 << 8, "", "exec of the hook: errno 002"},
			{"no program", []string{"/etc/passwd"}, 127 << 8, "", "exec of the hook: errno 013"},
			{"the end of much", []string{"/bin/sh", "-c", "seq 10000; seq 20000 >&2; exit 1"}, 1 << 8, "9999\n10000", "19999\n20000"},
		} {
			s := reset(t, "")
			got := hook(t, s, patience, "", []string{"PATH=/bin:/usr/bin"}, test.args...)
			if got == "" || s.op != wire.OpWait || s.errno != 0 || s.status != test.status {
				t.Errorf("%s: got %q, status %#x, want status %#x", test.name, got, s.status, test.status)
			}
			if o := string(s.object.bytes()); !strings.HasSuffix(o, test.stdout) || len(o) > wire.TextMax {
				t.Errorf("%s: stdout %q, want %q", test.name, o, test.stdout)
			}
			if e := string(s.detail.bytes()); !strings.HasSuffix(e, test.stderr) || len(e) > wire.TextMax {
				t.Errorf("%s: stderr %q, want %q", test.name, e, test.stderr)
			}
		}
	})
}

// TestHookTimeout: a hook that takes too long ends with all it started, even
// if it left its process group.
func TestHookTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		limit  int // milliseconds, in which the script has to begin
		script string
	}{
		"with a child":          {300, "sleep 100 & echo $!; wait"},
		"that ignores signals":  {300, "trap '' TERM INT HUP; sleep 100 & echo $!; wait; wait"},
		"that leaves its group": {3000, `exec perl -e '$| = 1; print $$; setpgrp(0, getpgrp(getppid())); sleep 100'`},
	} {
		t.Run(name, func(t *testing.T) {
			thread(t, 0, func() {
				s := reset(t, "")
				wantFailure(t, hook(t, s, c.limit, "", []string{"PATH=/bin:/usr/bin"}, "/bin/sh", "-c", c.script), "ETIMEDOUT")
				pid, err := strconv.Atoi(strings.TrimSpace(string(s.object.bytes())))
				if err != nil {
					t.Errorf("no pid in its output: %v", err)
					return
				}
				if !ended(t, pid) {
					t.Errorf("process %d of the hook still runs", pid)
					_ = unix.Kill(pid, unix.SIGKILL)
				}
			})
		})
	}
}

// ended waits until a process has ended; its parent may not have reaped it.
func ended(t *testing.T, pid int) bool {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err == unix.ESRCH
	}
	defer unix.Close(fd)
	return readable(fd)
}

// readable waits, for as long as anything here may take.
func readable(fd int) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, patience)
		if err != unix.EINTR {
			return err == nil && n == 1
		}
	}
}

// TestHooksShareAState: each hook reads the state from its beginning.
func TestHooksShareAState(t *testing.T) {
	dir := t.TempDir()
	thread(t, 0, func() {
		s := reset(t, "")
		fd, err := unix.MemfdCreate("state", unix.MFD_CLOEXEC)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		if _, err = unix.Write(fd, []byte("state")); err != nil {
			t.Error(err)
		}
		slot := give(s, fd)
		for i := range 2 {
			file := filepath.Join(dir, fmt.Sprint(i))
			args := []string{"/bin/sh", "-c", `cat >"$0"`, file}
			growStack()
			runtime.Gosched()
			wantDone(t, do(t, s, wire.Hook, args[0], args, []string{}, uint64(patience), slot))
			if got, err := os.ReadFile(file); err != nil || string(got) != "state" {
				t.Errorf("hook %d read %q, %v", i, got, err)
			}
		}
	})
}

func TestTail(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""}, {"\n\n", ""}, {"a", "a"}, {"a\nb\n\n", "a\nb"}, {"0123456789", "23456789"}, {"0123456789\n", "3456789"},
	} {
		fd, err := unix.MemfdCreate("text", unix.MFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = unix.Write(fd, []byte(test.text)); err != nil {
			t.Fatal(err)
		}
		if got := string(tail(fd, make([]byte, 8))); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
	if got := tail(-1, make([]byte, 8)); len(got) != 0 {
		t.Errorf("no file: got %q", got)
	}
}
