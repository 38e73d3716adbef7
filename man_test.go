package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

const manualFile = "docs/man/rung.8"

// manual is what the manual page says about options.
type manual struct {
	verbs []string            // sections below COMMANDS
	tags  map[string][]string // of options, plain, by verb; "" for the global ones
	named []string            // every long option that is mentioned anywhere
	calls []string            // lines of examples that call the program
}

var (
	// roffFont is a change of font, or a character of no width.
	roffFont = regexp.MustCompile(`\\f.|\\&`)
	longWord = regexp.MustCompile(`(^|[^-\w])(--[a-z][-a-z0-9]*)`)
)

// readManual reads the page by the few macros that matter here: sections, and
// the tags of tagged paragraphs.
func readManual(text string) manual {
	m := manual{tags: map[string][]string{}}
	var section, verb string
	tag, example := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.ReplaceAll(roffFont.ReplaceAllString(line, ""), `\-`, "-"))
		macro, rest, _ := strings.Cut(line, " ")
		switch {
		case macro == ".SH":
			section, verb = rest, ""
		case macro == ".SS" && section == "COMMANDS":
			verb = rest
			m.verbs = append(m.verbs, rest)
		case macro == ".EX" || macro == ".EE":
			example = macro == ".EX"
		case example && macro == "rung":
			m.calls = append(m.calls, rest)
		case tag && strings.HasPrefix(line, "-") && (section == "GLOBAL OPTIONS" || verb != ""):
			m.tags[verb] = append(m.tags[verb], line)
		}
		tag = macro == ".TP" || macro == ".TQ"
		if macro == `."` {
			continue
		}
		for _, word := range longWord.FindAllStringSubmatch(line, -1) {
			m.named = append(m.named, word[2])
		}
	}
	return m
}

// flagTag is how the page has to write a flag: its names and the name that the
// help text gives to its value. Without such a name there, any will do.
func flagTag(f cli.Flag) string {
	tag := strings.Join(dashed(f), ", ")
	if _, ok := f.(*cli.BoolFlag); ok {
		return tag
	}
	value := "*"
	if _, rest, ok := strings.Cut(f.(cli.DocGenerationFlag).GetUsage(), "`"); ok {
		value, _, _ = strings.Cut(rest, "`")
	}
	return tag + " " + value
}

// dashed returns the names of a flag as they are typed.
func dashed(f cli.Flag) []string {
	var names []string
	for _, name := range f.Names() {
		if len(name) > 1 {
			name = "-" + name
		}
		names = append(names, "-"+name)
	}
	return names
}

func visible(f cli.Flag) bool { return f.(cli.VisibleFlag).IsVisible() }

// flagsByVerb returns the flags of each verb, and the global ones under "".
func flagsByVerb(t *testing.T) map[string][]cli.Flag {
	t.Helper()
	flags := map[string][]cli.Flag{"": globalFlagSet()}
	for _, v := range verbs() {
		flags[v.name] = v.build(newCall(t)).Flags
	}
	return flags
}

// checkManual compares the page with the table of commands.
func checkManual(t *testing.T, text string) []string {
	t.Helper()
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	m, flags := readManual(text), flagsByVerb(t)
	table := []string{""}
	for _, v := range verbs() {
		table = append(table, v.name)
	}
	if !slices.Equal(m.verbs, table[1:]) {
		complain("commands: got %q want %q", m.verbs, table[1:])
	}
	known := []string{"--help", "--version"}
	for _, verb := range table {
		tags := slices.Clone(m.tags[verb])
		for _, f := range flags[verb] {
			known = append(known, dashed(f)...)
			want := flagTag(f)
			i := slices.IndexFunc(tags, func(tag string) bool {
				if names, any := strings.CutSuffix(want, "*"); any {
					value, ok := strings.CutPrefix(tag, names)
					return ok && value != "" && !strings.Contains(value, " ")
				}
				return tag == want
			})
			switch {
			case i >= 0:
				tags = slices.Delete(tags, i, i+1)
			case visible(f):
				complain("%s: no tag %q", verb, want)
			}
		}
		for _, tag := range tags {
			complain("%s: there is no %q, or it is said twice", verb, tag)
		}
	}
	for _, name := range m.named {
		if !slices.Contains(known, name) {
			complain("%s is an option of nothing", name)
		}
	}
	return wrong
}

func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(manualFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestManual(t *testing.T) {
	text := readPage(t)
	for _, wrong := range checkManual(t, text) {
		t.Errorf("%s: %s", manualFile, wrong)
	}
	m := readManual(text)
	if len(m.calls) < 3 {
		t.Errorf("%s: got %d calls in examples: nothing is checked", manualFile, len(m.calls))
	}
	for _, line := range m.calls {
		// Redirections and the like are the shell's.
		line, _, _ = strings.Cut(line, ">")
		if _, err := parse(t, strings.Fields(line), nil); err != nil {
			t.Errorf("%s: example rung %s: %v", manualFile, line, err)
		}
	}
}

// TestManualCheck sees to it that the check sees what it is there for.
func TestManualCheck(t *testing.T) {
	text := readPage(t)
	for _, tc := range []struct{ name, old, other, want string }{
		{"a verb is missing", ".SS kill\n", "", "commands: got"},
		{"a verb that does not exist", ".SS kill\n", ".SS slay\n.SS kill\n", "commands: got"},
		{"verbs out of order", ".SS kill\n", ".SS zap\n", "commands: got"},
		{"an option is missing", ".TP\n\\fB\\-\\-keep\\fR\n", ".PP\n", `run: no tag "--keep"`},
		{"a global option is missing", "\\fB\\-\\-debug\\fR\n", "", `: no tag "--debug"`},
		{"a short name is missing", "\\fB\\-\\-tty\\fR, \\fB\\-t\\fR\n", "\\fB\\-\\-tty\\fR\n", `exec: no tag "--tty, -t"`},
		{"a short name that does not exist", "\\fB\\-\\-keep\\fR\n", "\\fB\\-\\-keep\\fR, \\fB\\-k\\fR\n", `run: there is no "--keep, -k"`},
		{"another verb's option", "\\fB\\-\\-keep\\fR\n", "\\fB\\-\\-keep\\fR\nText.\n.TP\n\\fB\\-\\-force\\fR, \\fB\\-f\\fR\n", `run: there is no "--force, -f"`},
		{"a value is missing", "\\fB\\-\\-cwd\\fR \\fIdirectory\\fR\n", "\\fB\\-\\-cwd\\fR\n", `exec: no tag "--cwd directory"`},
		{"a value that is none", "\\fB\\-\\-quiet\\fR, \\fB\\-q\\fR\n", "\\fB\\-\\-quiet\\fR, \\fB\\-q\\fR \\fIx\\fR\n", `list: there is no "--quiet, -q x"`},
		{"a value without a name in the help text", "\\fB\\-\\-rootless\\fR \\fIwhen\\fR\n", "\\fB\\-\\-rootless\\fR\n", `: no tag "--rootless *"`},
		{"an option in the text", ".SS kill\n", ".SS kill\nSee\n.BR \\-\\-frobnicate .\n", "--frobnicate is an option of nothing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(text, tc.old) {
				t.Fatalf("the page has no %q", tc.old)
			}
			got := checkManual(t, strings.Replace(text, tc.old, tc.other, 1))
			if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, tc.want) }) {
				t.Errorf("got %q want one that begins %q", got, tc.want)
			}
		})
	}
}

func TestManualFormats(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", manualFile)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() != 0 {
		t.Errorf("groff: %v\n%s", err, errs.String())
	}
	if !strings.Contains(out.String(), "run containers from OCI bundles") {
		t.Errorf("groff: got %.200q", out.String())
	}
}
