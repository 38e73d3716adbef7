package main

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"
)

// execWith parses an exec command line and returns the process it asks for.
func execWith(t *testing.T, base *specs.Process, stdin string, args ...string) (*specs.Process, error) {
	t.Helper()
	c := newCall(t, append([]string{"exec"}, args...)...)
	c.log = newLogger(c.stderr)
	if _, err := c.stdin.WriteAt([]byte(stdin), 0); err != nil {
		t.Fatal(err)
	}
	var process *specs.Process
	root := c.rootCommand()
	root.Commands[0].Action = func(_ context.Context, cmd *cli.Command) error {
		var err error
		process, err = c.execProcess(cmd, base)
		return err
	}
	return process, root.Run(t.Context(), c.argv)
}

func base() *specs.Process {
	return &specs.Process{
		Terminal: true, ConsoleSize: &specs.Box{Height: 1, Width: 2},
		User: specs.User{UID: 1, GID: 2, AdditionalGids: []uint32{3}},
		Args: []string{"init"}, Env: []string{"A=1"}, Cwd: "/srv",
		Capabilities: &specs.LinuxCapabilities{
			Bounding: []string{"CAP_KILL"}, Effective: []string{"CAP_KILL"}, Permitted: []string{"CAP_KILL"},
			Inheritable: []string{"CAP_CHOWN"},
		},
		NoNewPrivileges: true,
	}
}

func TestProcessFromFlags(t *testing.T) {
	for _, tc := range []struct {
		line string
		edit func(*specs.Process)
	}{
		{"x ls -l", func(*specs.Process) {}},
		{"-t x ls -l", func(p *specs.Process) { p.Terminal = true }},
		{"-e B=2 --env C=a,b x ls -l", func(p *specs.Process) { p.Env = []string{"A=1", "B=2", "C=a,b"} }},
		{"--cwd /tmp x ls -l", func(p *specs.Process) { p.Cwd = "/tmp" }},
		{"-u 7 x ls -l", func(p *specs.Process) { p.User.UID = 7 }},
		{"-u 7:8 x ls -l", func(p *specs.Process) { p.User.UID, p.User.GID = 7, 8 }},
		{"-g 9 --additional-gids 10 x ls -l", func(p *specs.Process) { p.User.AdditionalGids = []uint32{3, 9, 10} }},
		{"--no-new-privs x ls -l", func(*specs.Process) {}},
		{"--no-new-privs=false x ls -l", func(p *specs.Process) { p.NoNewPrivileges = false }},
		{"--cap CAP_SYS_ADMIN -c CAP_KILL x ls -l", func(p *specs.Process) {
			names := []string{"CAP_KILL", "CAP_SYS_ADMIN"}
			p.Capabilities.Bounding, p.Capabilities.Effective, p.Capabilities.Permitted = names, names, names
		}},
		// Ambient only where the config says inheritable, see CVE-2022-29162.
		{"--cap CAP_CHOWN x ls -l", func(p *specs.Process) {
			names := []string{"CAP_KILL", "CAP_CHOWN"}
			p.Capabilities.Bounding, p.Capabilities.Effective, p.Capabilities.Permitted = names, names, names
			p.Capabilities.Ambient = []string{"CAP_CHOWN"}
		}},
	} {
		t.Run(tc.line, func(t *testing.T) {
			want, from := base(), base()
			want.Terminal, want.ConsoleSize, want.Args = false, nil, []string{"ls", "-l"}
			tc.edit(want)
			got, err := execWith(t, from, "", strings.Fields(tc.line)...)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
			if !reflect.DeepEqual(from, base()) {
				t.Errorf("the container's own process was changed: %+v", from)
			}
		})
	}
}

func TestProcessFromFlagsCVE202229162(t *testing.T) {
	for _, from := range []*specs.Process{nil, {Cwd: "/"}, {Cwd: "/", Capabilities: &specs.LinuxCapabilities{Inheritable: []string{}}}} {
		got, err := execWith(t, from, "", "--cap", "CAP_SYS_ADMIN", "x", "ls")
		if err != nil {
			t.Fatal(err)
		}
		if sets := got.Capabilities; len(sets.Inheritable) != 0 || len(sets.Ambient) != 0 || len(sets.Permitted) != 1 {
			t.Errorf("got %+v want the capability in no other set than bounding, effective and permitted", sets)
		}
	}
}

func TestProcessErrors(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"x", "process.args"},
		{"-u root x ls", `--user "root": user id: "root" is not a number`},
		{"-g -1 x ls", `--additional-gids: "-1" is not a number`},
		{"-g 1,2 x ls", `--additional-gids: "1,2" is not a number`},
		{"-e NAME x ls", "process.env[1]"},
		{"--cwd tmp x ls", "process.cwd"},
		{"--apparmor pro\x01file x ls", "process.apparmorProfile: contains a control character"},
		{"--process-label \x7f x ls", "process.selinuxLabel: contains a control character"},
		{"--process /nowhere x", "--process: open /nowhere: no such file or directory"},
	} {
		if _, err := execWith(t, base(), "", strings.Fields(tc.line)...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v want %q", tc.line, err, tc.want)
		}
	}
}

func TestProcessFromFile(t *testing.T) {
	const text = `{"terminal":true,"user":{"uid":9},"args":["id"],"env":["X=1"],"cwd":"/"}`
	want := &specs.Process{Terminal: true, User: specs.User{UID: 9}, Args: []string{"id"}, Env: []string{"X=1"}, Cwd: "/"}
	path := filepath.Join(t.TempDir(), "process.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, "-"} {
		// Flags beside the file do not count, nor does the container's process.
		got, err := execWith(t, base(), text, "--process", name, "-u", "5", "x", "ignored")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v want %+v", name, got, err, want)
		}
	}
	for _, tc := range []struct{ text, want string }{
		{`{"args":["id"],"cwd":"/","apparmorProfile":"p "}`, "process.apparmorProfile"},
		{`{"args":["id"]`, "--process -: process"},
		{`{"args":"id"}`, "process.args: line 1"},
		{`{}`, "process.args"},
	} {
		if _, err := execWith(t, base(), tc.text, "--process", "-", "x"); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v want %q", tc.text, err, tc.want)
		}
	}
}

func TestProcessFromPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		w.WriteString(`{"args":["id"],`)
		w.WriteString(`"cwd":"/"}`)
		w.Close()
	}()
	got, err := execWith(t, nil, "", "--process", "/proc/self/fd/"+itoa(int(r.Fd())), "x")
	if err != nil || got.Args[0] != "id" {
		t.Errorf("got %+v, %v want the process", got, err)
	}
}
