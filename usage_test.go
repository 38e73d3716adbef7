package main

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

// parsed is a command line as a command sees it.
type parsed struct {
	command string
	args    []string
	flags   map[string]string
}

// parse runs argv up to the command's action.
func parse(t *testing.T, argv []string, flags []string) (parsed, error) {
	t.Helper()
	c := newCall(t, argv...)
	c.log = newLogger(c.stderr)
	root := c.rootCommand()
	var got parsed
	for _, cmd := range root.Commands {
		cmd.Action = func(_ context.Context, cmd *cli.Command) error {
			got = parsed{cmd.Name, cmd.Args().Slice(), map[string]string{}}
			for _, name := range flags {
				if values := cmd.StringSlice(name); values != nil {
					got.flags[name] = strings.Join(values, "|")
				} else if cmd.Bool(name) {
					got.flags[name] = "yes"
				} else {
					got.flags[name] = cmd.String(name)
				}
			}
			return nil
		}
	}
	err := root.Run(context.Background(), c.argv)
	return got, err
}

func TestCommandLines(t *testing.T) {
	for _, tc := range []struct {
		line  string // words, one of them * for an empty one
		want  string // command and arguments, with | between
		flags map[string]string
	}{
		{"state x", "state|x", nil},
		{"--root /r state x", "state|x", map[string]string{"root": "/r"}},
		{"-root /r state x", "state|x", map[string]string{"root": "/r"}},
		{"--root=/r --root=/s state x", "state|x", map[string]string{"root": "/s"}},
		{"--systemd-cgroup --systemd-cgroup state x", "state|x", map[string]string{"systemd-cgroup": "yes"}},
		{"--systemd-cgroup=true state x", "state|x", map[string]string{"systemd-cgroup": "yes"}},
		{"--systemd-cgroup=false state x", "state|x", map[string]string{"systemd-cgroup": ""}},
		{"--rootless=true state x", "state|x", map[string]string{"rootless": "true"}},
		{"--rootless true state x", "state|x", map[string]string{"rootless": "true"}},
		{"--criu /usr/bin/criu state x", "state|x", nil},
		{"--log /l --log-format json --debug state x", "state|x", map[string]string{"log-format": "json", "log": "/l", "debug": "yes"}},
		{"-- state x", "state|x", nil},
		{"--root state state x", "state|x", map[string]string{"root": "state"}},

		{"create --bundle /b x", "create|x", map[string]string{"bundle": "/b"}},
		{"create x --bundle /b", "create|x", map[string]string{"bundle": "/b"}},
		{"create x -b /b --no-pivot", "create|x", map[string]string{"bundle": "/b", "no-pivot": "yes"}},
		{"create x", "create|x", map[string]string{"bundle": "."}},
		{"create -bundle=/b -no-pivot=false x", "create|x", map[string]string{"bundle": "/b", "no-pivot": ""}},
		{"create --pid-file -x x", "create|x", map[string]string{"pid-file": "-x"}},
		{"run -d x --keep -no-subreaper", "run|x", map[string]string{"detach": "yes", "keep": "yes", "no-subreaper": "yes"}},
		{"delete x -f", "delete|x", map[string]string{"force": "yes"}},
		{"delete --force x", "delete|x", map[string]string{"force": "yes"}},
		{"kill --all x 9", "kill|x|9", map[string]string{"all": "yes"}},
		{"kill x KILL -a", "kill|x|KILL", map[string]string{"all": "yes"}},
		{"kill -- x", "kill|x", nil},
		{"state help", "state|help", nil},
		{"delete h", "delete|h", nil},

		{"exec x ls -l", "exec|x|ls|-l", nil},
		{"exec -t x ls --tty -d", "exec|x|ls|--tty|-d", map[string]string{"tty": "yes", "detach": ""}},
		{"exec x -t", "exec|x|-t", map[string]string{"tty": ""}},
		{"exec -- x ls", "exec|x|ls", nil},
		{"exec x -- ls", "exec|x|ls", nil},
		{"exec x sh -c a -- b", "exec|x|sh|-c|a|--|b", nil},
		{"exec x ls *", "exec|x|ls|*", nil},
		{"exec -e A=1,2 -e B=3 --env=C= x ls", "exec|x|ls", map[string]string{"env": "A=1,2|B=3|C="}},
		{"exec --cgroup cpu,memory:a --cgroup b x ls", "exec|x|ls", map[string]string{"cgroup": "cpu,memory:a|b"}},
		{"exec -u 1 -u 2:3 x ls", "exec|x|ls", map[string]string{"user": "2:3"}},
		{"exec -d --pid-file=/p x ls", "exec|x|ls", map[string]string{"detach": "yes", "pid-file": "/p"}},
		{"exec --process - x", "exec|x", map[string]string{"process": "-"}},
		{"ps x -ef", "ps|x|-ef", nil},
		{"ps -f json x", "ps|x", map[string]string{"format": "json"}},
		{"ps x -f json", "ps|x|-f|json", map[string]string{"format": "table"}},
		{"list -q --format json", "list", map[string]string{"quiet": "yes", "format": "json"}},
	} {
		t.Run(tc.line, func(t *testing.T) {
			argv := strings.Fields(tc.line)
			for i := range argv {
				argv[i] = strings.TrimPrefix(argv[i], "*")
			}
			names := []string{}
			for name := range tc.flags {
				names = append(names, name)
			}
			got, err := parse(t, argv, names)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(strings.ReplaceAll(tc.want, "*", ""), "|")
			if all := append([]string{got.command}, got.args...); !slices.Equal(all, want) {
				t.Errorf("got %q want %q", all, want)
			}
			for name, value := range tc.flags {
				if got.flags[name] != value {
					t.Errorf("--%s: got %q want %q", name, got.flags[name], value)
				}
			}
		})
	}
}

// Only what the call names is built.
func TestTreeIsSmall(t *testing.T) {
	for _, tc := range []struct {
		line string
		want int
	}{
		{"--root /r --debug state x", 1},
		{"help", len(verbs())},
		{"help state", len(verbs())},
		{"", len(verbs())},
		{"--help", len(verbs())},
		{"--nonsense state", len(verbs())},
		{"--debug=perhaps state", len(verbs())},
		{"nonsense", len(verbs())},
		{"--root", len(verbs())},
	} {
		c := newCall(t, strings.Fields(tc.line)...)
		if got := len(c.rootCommand().Commands); got != tc.want {
			t.Errorf("%q: got %d commands want %d", tc.line, got, tc.want)
		}
	}
	names := []string{}
	for _, v := range verbs() {
		names = append(names, v.name)
		if cmd := v.build(newCall(t)); cmd.Name != v.name {
			t.Errorf("%s builds the command %s", v.name, cmd.Name)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("not in order: %q", names)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, tc := range []struct {
		line   string
		code   int
		stdout string // begins with
		help   string // then shows the help of
		want   string // the error
	}{
		{"state", 1, "Incorrect Usage.\n\n", "rung state", `rung: "state" requires exactly 1 argument(s)`},
		{"state a b", 1, "Incorrect Usage.\n\n", "rung state", `rung: "state" requires exactly 1 argument(s)`},
		{"list a", 1, "Incorrect Usage.\n\n", "rung list", `rung: "list" requires exactly 0 argument(s)`},
		{"kill", 1, "Incorrect Usage.\n\n", "rung kill", `rung: "kill" requires a minimum of 1 argument(s)`},
		{"kill a b c", 1, "Incorrect Usage.\n\n", "rung kill", `rung: "kill" requires a maximum of 2 argument(s)`},
		{"exec", 1, "Incorrect Usage.\n\n", "rung exec", `rung: "exec" requires a minimum of 1 argument(s)`},
		{"state -x y", 1, "Incorrect Usage: flag provided but not defined: -x\n\n", "rung state", "flag provided but not defined: -x"},
		{"state y --long", 1, "Incorrect Usage: flag provided but not defined: -long\n\n", "rung state", "flag provided but not defined: -long"},
		{"state --root /r y", 1, "Incorrect Usage: flag provided but not defined: -root\n\n", "rung state", "flag provided but not defined: -root"},
		{"create --bundle", 1, "Incorrect Usage: flag needs an argument: -bundle\n\n", "rung create", "flag needs an argument: -bundle"},
		{"create -b", 1, "Incorrect Usage: flag needs an argument: -b\n\n", "rung create", "flag needs an argument: -b"},
		{"run -dt x", 1, "Incorrect Usage: flag provided but not defined: -dt\n\n", "rung run", "flag provided but not defined: -dt"},
		{"--nonsense state", 1, "Incorrect Usage: flag provided but not defined: -nonsense\n\n", "rung", "flag provided but not defined: -nonsense"},
		{"--root", 1, "Incorrect Usage: flag needs an argument: -root\n\n", "rung", "flag needs an argument: -root"},
		{"foo", 3, "", "", "No help topic for 'foo'"},
		{"foo -h", 3, "", "", "No help topic for 'foo'"},
		{"foo --bar baz", 3, "", "", "No help topic for 'foo'"},
		{"help foo", 3, "", "", "No help topic for 'foo'"},
		{"restore --lsm-mount-context", 1, "Incorrect Usage: flag needs an argument: -lsm-mount-context\n\n", "rung restore", "flag needs an argument: -lsm-mount-context"},
		{"--log-format xml state x", 1, "", "", "invalid log-format: xml"},
		{"--root / list", 1, "", "", "Option --root argument should not be set to /"},
		{"--root /../. list", 1, "", "", "Option --root argument should not be set to /"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			got := runCall(t, strings.Fields(tc.line)...)
			if got.code != tc.code {
				t.Errorf("code: got %d want %d", got.code, tc.code)
			}
			begin := tc.stdout
			if tc.help != "" {
				begin += "NAME:\n   " + tc.help + " - "
			}
			if !strings.HasPrefix(got.stdout, begin) || tc.help == "" && got.stdout != "" {
				t.Errorf("stdout: got %q want it to begin with %q", got.stdout, begin)
			}
			line := strings.ReplaceAll(tc.want, `"`, `\"`)
			if !strings.HasSuffix(got.stderr, `level=error msg="`+line+"\"\n") || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("stderr: got %q want one line with %q", got.stderr, line)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, line := range []string{"", "-h", "--help", "help", "h"} {
		got := runCall(t, strings.Fields(line)...)
		if got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, "NAME:\n   rung - Open Container Initiative runtime\n") {
			t.Errorf("%q: got %d, %q, %.80q", line, got.code, got.stderr, got.stdout)
		}
		for _, v := range verbs() {
			if !strings.Contains(got.stdout, "\n   "+v.name+" ") {
				t.Errorf("%q does not show %s", line, v.name)
			}
		}
		if strings.Contains(got.stdout, "criu") {
			t.Errorf("%q shows a hidden flag", line)
		}
	}
	for _, v := range verbs() {
		for _, line := range []string{v.name + " --help", v.name + " -h", "help " + v.name, "--help " + v.name} {
			got := runCall(t, strings.Fields(line)...)
			if got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, "NAME:\n   rung "+v.name+" - ") {
				t.Errorf("%q: got %d, %q, %.80q", line, got.code, got.stderr, got.stdout)
			}
		}
	}
	c := newCall(t, "state", "-h")
	c.argv[0] = "/usr/local/bin/oci"
	if got := c.result(t, c.run()); !strings.HasPrefix(got.stdout, "NAME:\n   oci state - ") {
		t.Errorf("under another name: got %.80q", got.stdout)
	}
}

// What callers of runc rely on is what runc does.
func TestUsageAsRunc(t *testing.T) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("runc is not installed")
	}
	root := t.TempDir()
	for _, line := range []string{
		"state", "state a b", "state -x", "create --bundle", "list a", "kill", "kill a b c", "exec", "foo",
		"--log-format xml state x", "state x", "kill x FOO", "delete x", "delete -f x", "delete x --force", "list --format yaml",
		"list -f json", "list -q", "state ..", "state a/b", "exec x ls", "pause x", "resume x", "ps x", "ps -f json x",
		"-root " + root + " -systemd-cgroup=false state x", "state --help", "start", "run", "delete",
	} {
		t.Run(line, func(t *testing.T) {
			args := append([]string{"--root", root}, strings.Fields(line)...)
			cmd := exec.Command(runc, args...)
			cmd.Args[0] = "rung"
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run()
			got := runCall(t, args...)
			if want := cmd.ProcessState.ExitCode(); got.code != want {
				t.Errorf("code: got %d, runc %d", got.code, want)
			}
			if firstLine(got.stdout) != firstLine(out.String()) {
				t.Errorf("stdout: got %q, runc %q", firstLine(got.stdout), firstLine(out.String()))
			}
			if message(got.stderr) != message(errs.String()) {
				t.Errorf("error: got %q, runc %q", got.stderr, errs.String())
			}
		})
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// message is the msg of a log line, up to where the two may differ in detail.
func message(line string) string {
	_, text, _ := strings.Cut(line, "msg=")
	text = strings.TrimSuffix(strings.TrimSpace(text), `"`)
	text = strings.TrimSuffix(text, `\n`) // runc's own, after an unknown command
	text = strings.TrimPrefix(text, `"exec failed: `)
	text = strings.TrimPrefix(text, `"`)
	if head, _, ok := strings.Cut(text, "invalid container ID format"); ok {
		return head + "invalid container ID format"
	}
	return text
}

// The descriptors that a caller hands over are counted before this program has
// opened any itself.
func TestPreserveFDs(t *testing.T) {
	bundle, root := newBundle(t, nil), t.TempDir()
	for _, tc := range []struct {
		given, wanted int
		want          string
	}{
		{0, 8, "unable to stat preserved-fd 3 (of 8)"},
		{2, 8, "unable to stat preserved-fd 5 (of 8)"},
		{0, 1, "unable to stat preserved-fd 3 (of 1)"},
	} {
		cmd := exec.Command("/proc/self/exe", "--root", root, "create", "--bundle", bundle, "--preserve-fds", "8", "x")
		cmd.Args[len(cmd.Args)-2] = string(rune('0' + tc.wanted))
		cmd.Env = []string{"RUNG_TEST_MAIN=1", "PATH=" + os.Getenv("PATH")}
		for range tc.given {
			f, err := os.Open("/dev/null")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		}
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), tc.want) {
			t.Errorf("%d given, %d wanted: got %q want %q", tc.given, tc.wanted, out, tc.want)
		}
	}
}
