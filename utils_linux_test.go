package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestConsoleRules(t *testing.T) {
	const (
		noSocket  = "cannot allocate tty if runc will detach without setting console socket"
		notNeeded = "cannot use console socket if runc will not detach or allocate tty"
	)
	for _, tc := range []struct {
		leave, tty bool
		socket     string
		want       string
	}{
		{false, false, "", ""},
		{false, true, "", ""},
		{true, false, "", ""},
		{true, true, "/s", ""},
		{true, true, "", noSocket},
		{false, true, "/s", notNeeded},
		{true, false, "/s", notNeeded},
		{false, false, "/s", notNeeded},
	} {
		io := &processIO{leave: detached(tc.leave), wanted: tc.tty, socket: tc.socket}
		got := ""
		if err := io.check(); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%+v: got %q want %q", tc, got, tc.want)
		}
		if tc.want == "" && (io.console() != nil) != tc.tty {
			t.Errorf("%+v: a console handler should be there if a terminal is wanted", tc)
		}
	}
}

// notOurs keeps files that were made of descriptors of somebody else: once
// nobody has them any more they are closed.
var notOurs []*os.File

func TestExtraFiles(t *testing.T) {
	for _, tc := range []struct {
		inherited, listen, preserve int
		want                        string
	}{
		{0, 0, 0, ""},
		{5, 2, 3, ""},
		{6, 2, 3, ""},
		{4, 2, 3, "unable to stat preserved-fd 7 (of 3)"},
		{1, 2, 0, "LISTEN_FDS=2: descriptor 4 was not passed"},
		{0, 0, -1, "--preserve-fds -1: want a number of descriptors"},
	} {
		c := &call{inherited: tc.inherited}
		files, err := c.extraFiles(tc.listen, tc.preserve)
		notOurs = append(notOurs, files...)
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%+v: got %v want %q", tc, err, tc.want)
			}
			continue
		}
		if err != nil || len(files) != tc.listen+tc.preserve {
			t.Fatalf("%+v: got %d files, %v", tc, len(files), err)
		}
		for i, f := range files {
			if int(f.Fd()) != 3+i {
				t.Errorf("%+v: file %d is descriptor %d", tc, i, f.Fd())
			}
		}
	}
}

func TestHostAdditions(t *testing.T) {
	c := &call{global: globalFlags{root: "/run/x"}}
	s := &specs.Spec{
		Process: &specs.Process{Env: []string{"A=1"}},
		Mounts:  []specs.Mount{{Destination: "/proc"}},
	}
	if got := c.hostAdditions(s, "id", sdsocket.Activation{}, ""); got != s {
		t.Error("without anything to add: got another spec")
	}
	got := c.hostAdditions(s, "id", sdsocket.Activation{Count: 2, Names: "a:b"}, "/run/systemd/notify")
	want := []string{"A=1", "LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=a:b", "NOTIFY_SOCKET=/run/notify/notify.sock"}
	if !slices.Equal(got.Process.Env, want) {
		t.Errorf("env: got %q want %q", got.Process.Env, want)
	}
	if len(got.Mounts) != 2 || got.Mounts[1].Source != "/run/x/id/notify" || got.Mounts[1].Destination != "/run/notify" {
		t.Errorf("mounts: got %+v", got.Mounts)
	}
	if _, err := spec.ParseMountOptions(got.Mounts[1], "mounts[1]"); err != nil {
		t.Error(err)
	}
	if len(s.Process.Env) != 1 || len(s.Mounts) != 1 {
		t.Errorf("the spec itself was changed: %+v", s)
	}
	if got := c.hostAdditions(&specs.Spec{}, "id", sdsocket.Activation{}, "/n"); got.Process != nil {
		t.Error("a process was made up")
	}
}

func TestStateRoot(t *testing.T) {
	if linux.InUserNamespace() {
		t.Skip("root of a user namespace is not root of the host")
	}
	for _, tc := range []struct {
		uid   int
		xdg   string
		given string
		want  string
	}{
		{0, "", "", "/run/rung"},
		{0, "/run/user/0", "", "/run/rung"},
		{1000, "", "", "/run/rung"},
		{1000, "/run/user/1000", "", "/run/user/1000/rung"},
		{1000, "/run/user/1000", "/x/", "/x"},
		{0, "", "//x/./y/../z", "/x/z"},
	} {
		c := &call{uid: tc.uid, getenv: func(string) string { return tc.xdg }}
		got, err := c.stateRoot(tc.given, tc.given != "")
		if err != nil || got != tc.want {
			t.Errorf("%+v: got %q, %v", tc, got, err)
		}
	}
}

func TestMakeRoot(t *testing.T) {
	c := &call{global: globalFlags{root: filepath.Join(t.TempDir(), "rung")}}
	for range 2 {
		if err := c.makeRoot(); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(c.global.root)
		if err != nil || st.Mode() != os.ModeDir|os.ModeSticky|0o700 {
			t.Errorf("got %v, %v want a directory of mode 1700", st.Mode(), err)
		}
	}
	given := &call{global: globalFlags{root: filepath.Join(t.TempDir(), "given"), rootGiven: true}}
	if err := given.makeRoot(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(given.global.root); err == nil {
		t.Error("a root that was given is made by libcontainer alone")
	}
}

func TestRootlessFlag(t *testing.T) {
	host := !linux.InUserNamespace()
	for _, tc := range []struct {
		value string
		uid   int
		want  bool
	}{
		{"true", 0, true}, {"false", 1000, false}, {"auto", 1000, true}, {"auto", 0, !host}, {"1", 0, true}, {"", 1000, true},
	} {
		c := &call{uid: tc.uid, global: globalFlags{rootless: tc.value}}
		if got, err := c.rootlessCgroups(); err != nil || got != tc.want {
			t.Errorf("%+v: got %v, %v", tc, got, err)
		}
	}
}

func TestLoadBundle(t *testing.T) {
	c := newCall(t)
	dir := newBundle(t, nil)
	b, err := c.loadBundle(dir, spec.Options{NeedProcess: true})
	if err != nil || b.dir != dir || b.spec.Process.Args[0] != "sh" || len(b.raw) == 0 {
		t.Errorf("got %+v, %v", b, err)
	}
	broken := newBundle(t, func(s *specs.Spec) { s.Process.ApparmorProfile, s.Process.Cwd = "p\n", "relative" })
	_, err = c.loadBundle(broken, spec.Options{})
	for _, want := range []string{"config.json: ", "process.apparmorProfile", "process.cwd"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v want it to name %q", err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(broken, "config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.loadBundle(broken, spec.Options{}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("half a config: got %v", err)
	}
	if _, err := c.loadBundle(t.TempDir(), spec.Options{}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("no config: got %v want words of its own", err)
	}
}

func TestReduceTable(t *testing.T) {
	const table = "UID   PID PPID CMD\nroot    1    0 init\nroot   12    1 sh -c 1\nroot  123   12 ps\n"
	for _, tc := range []struct {
		pids []int
		want string
	}{
		{nil, "UID   PID PPID CMD\n"},
		{[]int{12}, "UID   PID PPID CMD\nroot   12    1 sh -c 1\n"},
		{[]int{1, 123, 99}, "UID   PID PPID CMD\nroot    1    0 init\nroot  123   12 ps\n"},
	} {
		got, err := reduceTable([]byte(table), tc.pids)
		if err != nil || string(got) != tc.want {
			t.Errorf("%v: got %q, %v want %q", tc.pids, got, err, tc.want)
		}
	}
	for _, bad := range []string{"COMMAND\nsh\n", "PID\nx\n"} {
		if got, err := reduceTable([]byte(bad), []int{1}); err == nil {
			t.Errorf("%q: got %q want an error", bad, got)
		}
	}
}

// The document names what callers look for.
func TestFeatures(t *testing.T) {
	got := runCall(t, "features")
	if got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, "{\n    \"ociVersionMin\": \"1.0.0\"") {
		t.Fatalf("got %+v", got)
	}
	f := featuresDocument()
	if len(f.Hooks) != 6 || !slices.Contains(f.MountOptions, "rro") || len(f.Linux.Capabilities) < 41 || len(f.Linux.Namespaces) != 8 {
		t.Errorf("got %+v", f)
	}
	if !*f.Linux.MountExtensions.IDMap.Enabled || !*f.Linux.NetDevices.Enabled || !*f.Linux.Apparmor.Enabled || !*f.Linux.Selinux.Enabled ||
		!*f.Linux.IntelRdt.Enabled || !*f.Linux.IntelRdt.Schemata || !*f.Linux.IntelRdt.Monitoring {
		t.Error("something that works is not promised")
	}
	for _, name := range f.MountOptions {
		s := &specs.Spec{Mounts: []specs.Mount{{Type: "tmpfs", Options: []string{name}}}}
		if _, err := spec.ParseMountOptions(s.Mounts[0], "mounts[0]"); err != nil {
			t.Errorf("mount option %s: %v", name, err)
		}
	}
	if got := f.Linux.Seccomp.Actions; len(got) != 9 || !slices.Contains(got, "SCMP_ACT_NOTIFY") {
		t.Errorf("seccomp actions: got %q", got)
	}
	if got := f.Linux.MemoryPolicy; len(got.Modes) != 7 || len(got.Flags) != 3 {
		t.Errorf("memory policy: got %+v", got)
	}
}
