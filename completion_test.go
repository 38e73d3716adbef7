package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer/host/statedir"
)

const completionFile = "docs/completion/rung.bash"

// bash runs a script behind the completion file, in dir, and returns the lines
// that it prints.
func bash(t *testing.T, dir, script string, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	file, err := filepath.Abs(completionFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"--norc", "-c", `. "$0" && ` + script, file}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RUNG_TEST_MAIN=1"}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() != 0 {
		t.Fatalf("bash: %v: %s", err, errs.String())
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

// TestCompletionTable compares the lists in the file with the table of
// commands: the verbs, and the options of each with and without a value.
func TestCompletionTable(t *testing.T) {
	flags := flagsByVerb(t)
	names := []string{""}
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	const script = `echo $_rung_verbs; for v; do _rung_options "$v"; echo ${options[*]}; echo ${valued[*]}; done`
	got := bash(t, ".", script, names...)
	if want := 1 + 2*len(names); len(got) != want {
		t.Fatalf("got %d lines want %d", len(got), want)
	}
	same := func(what, got string, want []string) {
		list := strings.Fields(got)
		slices.Sort(list)
		slices.Sort(want)
		if !slices.Equal(list, want) {
			t.Errorf("%s: %s: got %q want %q", completionFile, what, list, want)
		}
	}
	same("verbs", got[0], append(slices.Clone(names[1:]), "help"))
	for i, verb := range names {
		options, valued := []string{"--help", "-h"}, []string{}
		if verb == "" {
			options = append(options, "--version", "-v")
		}
		for _, f := range flags[verb] {
			_, isBool := f.(*cli.BoolFlag)
			switch {
			case !visible(f):
			case isBool:
				options = append(options, dashed(f)...)
			default:
				valued = append(valued, dashed(f)...)
			}
		}
		same("options of "+verb, got[1+2*i], options)
		same("options with a value of "+verb, got[2+2*i], valued)
	}
}

// TestCompletion lets bash complete command lines; with this test binary as
// the program whose containers are listed.
func TestCompletion(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "rung")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bundle", "other dir"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"first", "second"} {
		stoppedContainer(t, filepath.Join(dir, "state"), id)
	}
	stoppedContainer(t, filepath.Join(dir, "other dir"), "third")

	const script = `COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _rung "$1"; ((!${#COMPREPLY[@]})) || printf '%s\n' "${COMPREPLY[@]}"`
	for _, tc := range []struct {
		line string // words as bash has split them, * for an empty one, _ for a blank in one
		want string
	}{
		{"s", "spec|start|state"},
		{"--debug --root state res", "restore|resume"},
		{"--debug = true pau", "pause"},
		{"--debug = r", ""},
		{"--log-format j", "json"},
		{"--log-format = *", "text|json"},
		{"--log-format =", "text|json"},
		{"--rootless *", "true|false|auto"},
		{"--log", "--log|--log-format"},
		{"help resu", "resume"},
		{"--root = st", "state"},
		{"create --no-", "--no-pivot|--no-new-keyring"},
		{"create --bundle b", "bundle"},
		{"create -b = o", "other dir"},
		{"create *", ""},
		{"list --format *", "table|json"},

		{"--root state delete *", "first|second"},
		{"--root = state delete -f s", "second"},
		{"-root state delete f", "first"},
		{"--root nowhere --root state state *", "first|second"},
		{`--root "other_dir" state *`, "third"},
		{`--root other\_dir state *`, "third"},
		{"--root ~/state state *", "first|second"},
		{"--root nowhere state *", ""},
		{"--criu state --root state state *", "first|second"},
		{"-- state *", ""},
		{"--root state exec --env A = 1 --user 0 : 0 -t s", "second"},
		{"--root state exec --env", "--env"},
		{"--root state exec first -", ""},
		{"--root state exec first s", ""},
		{"--root state exec -- f", "first"},
		{"--root state kill first sigk", ""},
		{"--root state kill first SIGK", "SIGKILL"},
		{"--root state kill --all f", "first"},
		{"--root state delete first --f", "--force"},
		{"--root state ps -f json f", "first"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			words := []string{"./rung"}
			for _, word := range strings.Fields(tc.line) {
				words = append(words, strings.ReplaceAll(strings.TrimPrefix(word, "*"), "_", " "))
			}
			if got := strings.Join(bash(t, dir, script, words...), "|"); got != tc.want {
				t.Errorf("got %q want %q", got, tc.want)
			}
		})
	}
}

// stoppedContainer leaves in a state directory what a container leaves whose
// first process has ended.
func stoppedContainer(t *testing.T, root, id string) {
	t.Helper()
	d, err := statedir.Create(root, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Save(&statedir.State{ID: id, OCIVersion: "1.3.0", Bundle: "/b", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
