package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

// TestMain lets the test binary be the program itself, for what only a process
// of its own can show.
func TestMain(m *testing.M) {
	if os.Getenv("RUNG_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// result is what a call left.
type result struct {
	code           int
	stdout, stderr string
}

// newCall makes a call of the program under the name rung, as root of the
// host, with an empty environment.
func newCall(t *testing.T, args ...string) *call {
	t.Helper()
	file := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	return &call{
		argv: append([]string{"rung"}, args...), getenv: func(string) string { return "" }, pid: 4711,
		stdin: file("stdin"), stdout: file("stdout"), stderr: file("stderr"),
	}
}

func (c *call) result(t *testing.T, code int) result {
	t.Helper()
	read := func(f *os.File) string {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return result{code, read(c.stdout), read(c.stderr)}
}

func runCall(t *testing.T, args ...string) result {
	t.Helper()
	c := newCall(t, args...)
	return c.result(t, c.run())
}

// newBundle makes a directory with the config that edit changes.
func newBundle(t *testing.T, edit func(*specs.Spec)) string {
	t.Helper()
	dir, s := t.TempDir(), spec.Default()
	s.Process.Terminal = false
	if edit != nil {
		edit(s)
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "rootfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestErrorsOfCommands(t *testing.T) {
	root := t.TempDir()
	for _, tc := range []struct {
		args string
		code int
		want string // on stderr, as the msg of the log's line
	}{
		{"state nobody", 1, "container does not exist"},
		{"start nobody", 1, "container does not exist"},
		{"kill nobody", 1, "container does not exist"},
		{"kill nobody KILL", 1, "container does not exist"},
		{"pause nobody", 1, "container does not exist"},
		{"resume nobody", 1, "container does not exist"},
		{"ps nobody", 1, "container does not exist"},
		{"delete nobody", 1, "container does not exist"},
		{"exec nobody true", 255, "container does not exist"},
		{"state ../x", 1, "invalid container ID format"},
		{"delete --force a/b", 1, "invalid container ID format"},
		{"create ..", 1, "invalid container ID format"},
		{"create --bundle /nowhere/at/all x", 1, "bundle: stat /nowhere/at/all: no such file or directory"},
		{"run --bundle " + root + " x", 1, "JSON specification file config.json not found"},
		{"list --format yaml", 1, "invalid format option"},
		{"--rootless maybe create x", 1, "--rootless maybe: want true, false or auto"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			got := runCall(t, append([]string{"--root", root}, strings.Fields(tc.args)...)...)
			if got.code != tc.code {
				t.Errorf("code: got %d want %d", got.code, tc.code)
			}
			if !strings.Contains(got.stderr, `level=error msg="`) || !strings.Contains(got.stderr, tc.want) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("stderr: got %q want one line with %q", got.stderr, tc.want)
			}
			if got.stdout != "" {
				t.Errorf("stdout: got %q want nothing", got.stdout)
			}
		})
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 0 {
		t.Errorf("left in the state directory: %v, %v", entries, err)
	}
}

func TestSilentSuccess(t *testing.T) {
	root := t.TempDir()
	for _, tc := range []struct{ args, want string }{
		{"delete --force nobody", ""},
		{"list", "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n"},
		{"list --format json", "null\n"},
		{"list -q", ""},
	} {
		got := runCall(t, append([]string{"--root", root}, strings.Fields(tc.args)...)...)
		if want := (result{0, tc.want, ""}); got != want {
			t.Errorf("%s: got %+v want %+v", tc.args, got, want)
		}
	}
}

func TestMissingRoot(t *testing.T) {
	root := filepath.Join(t.TempDir(), "missing")
	got := runCall(t, "--root", root, "list")
	if got.code != 1 || !strings.Contains(got.stderr, "no such file or directory") {
		t.Errorf("given root: got %+v want an error", got)
	}
	if _, err := os.Stat(root); err == nil {
		t.Error("list made the state directory")
	}

	c := newCall(t, "list", "--format", "json")
	c.uid = 1000
	c.getenv = func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": root}[name] }
	if got := c.result(t, c.run()); got != (result{0, "null\n", ""}) {
		t.Errorf("default root: got %+v want an empty list", got)
	}
}

func TestVersion(t *testing.T) {
	for _, flag := range []string{"--version", "-v"} {
		got := runCall(t, flag)
		lines := strings.Split(got.stdout, "\n")
		if got.code != 0 || got.stderr != "" || len(lines) < 4 {
			t.Fatalf("%s: got %+v", flag, got)
		}
		if want := "rung version " + versionNumber(); lines[0] != want || versionNumber() == "" {
			t.Errorf("line 1: got %q want %q", lines[0], want)
		}
		if lines[1] != "commit: unknown" || lines[2] != "spec: "+spec.MaxVersion {
			t.Errorf("got %q, %q want the commit and the spec's version", lines[1], lines[2])
		}
		// Callers take the last line with this word for the version.
		if n := strings.Count(got.stdout, "version"); n != 1 {
			t.Errorf("got the word version %d times want once", n)
		}
	}
}

func TestSpec(t *testing.T) {
	for _, args := range [][]string{{"spec"}, {"spec", "--rootless"}} {
		dir := t.TempDir()
		args = append(args, "--bundle", dir)
		if got := runCall(t, args...); got != (result{}) {
			t.Fatalf("%v: got %+v want silence", args, got)
		}
		path := filepath.Join(dir, "config.json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := spec.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := spec.Check(s, spec.Options{NeedProcess: true, Rootless: len(args) > 3}); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		if st, err := os.Stat(path); err != nil || st.Mode()&^0o022 != 0o644&^0o022 {
			t.Errorf("mode: got %v, %v want 0644 but for the umask", st.Mode(), err)
		}
		got := runCall(t, args...)
		if got.code != 1 || !strings.Contains(got.stderr, "File config.json exists. Remove it first") {
			t.Errorf("second time: got %+v", got)
		}
		if again, _ := os.ReadFile(path); string(again) != string(data) {
			t.Error("the file was changed the second time")
		}
	}
}
