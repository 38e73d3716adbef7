package hooks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

var where = Where{Kind: "poststart", Index: 3}

// script is a hook that runs a shell command.
func script(command string, args ...string) specs.Hook {
	return specs.Hook{Path: "/bin/sh", Args: append([]string{"sh", "-c", command, "hook"}, args...), Env: []string{"PATH=/usr/bin:/bin"}}
}

func TestErrors(t *testing.T) {
	notExecutable := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(notExecutable, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		hook specs.Hook
		want string
		is   error
	}{
		{"well", script("cat >/dev/null; echo noise; echo noise >&2"), "", nil},
		{
			"exit status", script("echo to stdout; echo to stderr >&2; echo more >&2; exit 7"),
			"error running poststart hook #3: exit status 7, stdout: to stdout, stderr: to stderr\nmore", nil,
		},
		{
			"silent", script("exit 1"),
			"error running poststart hook #3: exit status 1, stdout: , stderr: ", nil,
		},
		{
			"signal", script("kill -TERM $$"),
			"error running poststart hook #3: signal: terminated, stdout: , stderr: ", nil,
		},
		{
			"missing", specs.Hook{Path: "/nonexistent/hook"},
			"error running poststart hook #3: exec /nonexistent/hook: no such file or directory", fs.ErrNotExist,
		},
		{
			"not executable", specs.Hook{Path: notExecutable},
			"error running poststart hook #3: exec " + notExecutable + ": permission denied", fs.ErrPermission,
		},
		{
			"relative", specs.Hook{Path: "bin/hook"},
			`error running poststart hook #3: path "bin/hook": not absolute`, nil,
		},
		{"empty", specs.Hook{}, `error running poststart hook #3: path "": not absolute`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Run(tt.hook, []byte("{}"), where)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v want %v", err, tt.is)
			}
			var e *Error
			if err != nil && (!errors.As(err, &e) || e.Kind != "poststart" || e.Index != 3) {
				t.Errorf("got %#v", err)
			}
		})
	}
}

// report runs a shell command as a hook and returns what it printed.
func report(t *testing.T, h specs.Hook, state []byte, w Where) string {
	t.Helper()
	h.Args[2] += "; exit 9"
	var e *Error
	if err := Run(h, state, w); !errors.As(err, &e) || e.Reason.Error() != "exit status 9" {
		t.Fatalf("got %v want exit status 9", err)
	}
	return e.Stdout
}

func TestStateOnStdin(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 65536, 65537, 3 << 20} {
		state := []byte(strings.Repeat("x", size))
		if got, want := report(t, script("wc -c"), state, where), strconv.Itoa(size); strings.TrimSpace(got) != want {
			t.Errorf("got %s bytes want %s", got, want)
		}
	}
	if got, want := report(t, script("cat"), []byte(`{"id":"x"}`), where), `{"id":"x"}`; got != want {
		t.Errorf("got %q want %q", got, want)
	}
	// One that does not read, or closes it, is not to blame.
	big := make([]byte, 1<<20)
	for _, command := range []string{"exit 0", "exec <&-; sleep 0.05", "head -c 1 >/dev/null"} {
		if err := Run(script(command), big, where); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	w := where
	w.Env = []string{"CALLER=1"}
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{[]string{"A=1", "B=2"}, "A=1 B=2"},
		{[]string{}, ""},
		{nil, "CALLER=1"},
	} {
		h := script("tr '\\000' ' ' </proc/self/environ")
		h.Path, h.Env = "/bin/sh", tt.env
		// The shell adds to its own environment, so ask the kernel for the one
		// it was started with.
		h.Args[2] = "/usr/bin/tr '\\000' ' ' </proc/$$/environ"
		if got := strings.TrimSpace(report(t, h, nil, w)); got != tt.want {
			t.Errorf("env %q: got %q want %q", tt.env, got, tt.want)
		}
	}
}

func TestArgumentsAndDirectory(t *testing.T) {
	w := where
	w.Dir = t.TempDir()
	if got, want := report(t, script(`pwd; printf '%s|' "$@"`, "a b", "", "c"), nil, w), w.Dir+"\na b||c|"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
	h := specs.Hook{Path: "/bin/false"}
	p, err := program(h, w)
	if err != nil || !reflect.DeepEqual(p.Args, []string{"/bin/false"}) {
		t.Errorf("no args: got %q, %v", p.Args, err)
	}
}

func TestOnlyThreeDescriptors(t *testing.T) {
	// As a caller leaves them to the runtime: open and not close-on-exec.
	for _, at := range []int{50, 51} {
		if err := unix.Dup3(0, at, 0); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(at)
	}
	// ls has its own descriptor of the directory it lists.
	if got, want := report(t, script("ls /proc/$$/fd"), nil, where), "0\n1\n2"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
	for i, want := range []string{"r", "w", "w"} {
		got := report(t, script(`flags=$(sed -n 's/^flags:.*\(.\)$/\1/p' /proc/$$/fdinfo/`+strconv.Itoa(i)+`); echo $flags $(sed -n 's/^flags:[^0-9]*//p' /proc/$$/fdinfo/`+strconv.Itoa(i)+`)`), nil, where)
		access, flags, _ := strings.Cut(got, " ")
		if map[string]string{"0": "r", "1": "w"}[access] != want {
			t.Errorf("descriptor %d: got access %q want %s", i, access, want)
		}
		if n, err := strconv.ParseUint(flags, 8, 64); err != nil || n&unix.O_NONBLOCK != 0 {
			t.Errorf("descriptor %d: got flags %q, %v want a blocking one", i, flags, err)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	var e *Error
	err := Run(script("head -c 10000000 /dev/zero | tr '\\000' a; echo end; echo short >&2; exit 1"), nil, where)
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	if len(e.Stdout) > kept+len("… ") || !strings.HasPrefix(e.Stdout, "… aaa") || !strings.HasSuffix(e.Stdout, "aaaend") {
		t.Errorf("got %d bytes, %.10q to %q", len(e.Stdout), e.Stdout, e.Stdout[max(0, len(e.Stdout)-10):])
	}
	if e.Stderr != "short" {
		t.Errorf("got %q want %q", e.Stderr, "short")
	}
}

func TestTail(t *testing.T) {
	for _, size := range []int{0, 1, kept - 1, kept, kept + 1, 3*kept + 17} {
		var all []byte
		var tl tail
		for i := 0; len(all) < size; i++ {
			room := tl.room()
			if len(room) == 0 {
				t.Fatal("no room")
			}
			n := min(1+i*7919%len(room), size-len(all))
			for j := range n {
				room[j] = byte('a' + (len(all)+j)%26)
			}
			all = append(all, room[:n]...)
			tl.grow(n)
		}
		want := string(all)
		if size > kept {
			want = "… " + want[size-kept:]
		}
		if got := tl.String(); got != want {
			t.Errorf("%d bytes: got %d bytes want %d", size, len(got), len(want))
		}
	}
}

func seconds(n int) *int { return &n }

func TestTimeout(t *testing.T) {
	held := filepath.Join(t.TempDir(), "held")
	if err := unix.Mkfifo(held, 0o600); err != nil {
		t.Fatal(err)
	}
	// What the hook left running holds this open too: it ends with the last.
	ended := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(held)
		ended <- err
	}()
	h := script("exec 3>$1; echo begun; trap '' TERM INT HUP; sleep 1000 & sleep 1000", held)
	h.Timeout = seconds(1)
	start := time.Now()
	err := Run(h, nil, where)
	want := "error running poststart hook #3: killed after its timeout of 1s, stdout: begun, stderr: "
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if took := time.Since(start); took < time.Second || took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a process of the hook's group still lives")
	}
}

func TestTimeoutThatIsNone(t *testing.T) {
	for _, n := range []*int{nil, seconds(0), seconds(-1), seconds(60)} {
		h := script("sleep 0.02")
		h.Timeout = n
		if err := Run(h, nil, where); err != nil {
			t.Error(err)
		}
	}
}

func TestDaemonIsNotWaitedFor(t *testing.T) {
	stop := filepath.Join(t.TempDir(), "stop")
	if err := unix.Mkfifo(stop, 0o600); err != nil {
		t.Fatal(err)
	}
	// It holds stdout and stderr open until the test lets it go.
	start := time.Now()
	err := Run(script(`echo parent; (read -r line <"$1"; echo "$line" >"$1") & exit 4`, stop), nil, where)
	if want := "error running poststart hook #3: exit status 4, stdout: parent, stderr: "; err == nil || err.Error() != want {
		t.Errorf("got %v want %s", err, want)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	// The daemon still lives: it takes the line and gives it back.
	f, err := os.OpenFile(stop, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("go\n")
	if closed := f.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	if b, err := os.ReadFile(stop); err != nil || string(b) != "go\n" {
		t.Errorf("daemon: got %q, %v", b, err)
	}
}

func TestDaemonThatPrintsWithoutEnd(t *testing.T) {
	// yes ends by SIGPIPE when our end is closed.
	if err := Run(script("yes & yes >&2 & exit 0"), nil, where); err != nil {
		t.Error(err)
	}
}

func TestEveryByteBeforeTheEnd(t *testing.T) {
	for range 50 {
		if got := report(t, script("printf last"), nil, where); got != "last" {
			t.Fatalf("got %q want %q", got, "last")
		}
	}
}

func BenchmarkRun(b *testing.B) {
	h := specs.Hook{Path: "/bin/true"}
	for b.Loop() {
		if err := Run(h, []byte("{}"), where); err != nil {
			b.Fatal(err)
		}
	}
}
