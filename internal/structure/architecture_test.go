package structure

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oci-rung/rung/libcontainer/wire"
)

var update = flag.Bool("update", false, "print the tables into ARCHITECTURE.md")

// maxArchitectureLines keeps the page one that people read.
const maxArchitectureLines = 400

// TestArchitecture holds the tables of ARCHITECTURE.md against the code that
// they are printed from. They stand between two comments that name them.
func TestArchitecture(t *testing.T) {
	file := filepath.Join(root(t), "ARCHITECTURE.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, table := range []struct{ name, text string }{
		{"steps", stepTable()},
		{"messages", messageTable()},
		{"packages", packageTable(t)},
		{"modules", moduleTable()},
	} {
		begin, end := "<!-- table: "+table.name+" (make docs) -->\n", "<!-- end of table -->\n"
		before, rest, ok := strings.Cut(page, begin)
		is, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Errorf("ARCHITECTURE.md: no place for the table %q: want %q and %q", table.name, begin, end)
			continue
		}
		if is == table.text {
			continue
		}
		if !*update {
			t.Errorf("ARCHITECTURE.md: the table %q is not the code's: run make docs", table.name)
			continue
		}
		page = before + begin + table.text + end + after
	}
	if n := strings.Count(page, "\n"); n > maxArchitectureLines {
		t.Errorf("ARCHITECTURE.md has %d lines, at most %d", n, maxArchitectureLines)
	}
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// planned are packages that the page speaks of and that are not there yet.
var planned = []string{"host/probe", "host/criu"}

// TestArchitectureNames looks for the files and tests that the page names.
func TestArchitectureNames(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests []byte
	for _, p := range modulePackages(t) {
		for _, file := range p.TestFiles {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests = append(tests, b...)
		}
	}
	found := 0
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(string(page), -1) {
		name := m[1]
		if _, test, ok := strings.Cut(name, "Test"); ok && !strings.ContainsAny(name, "/ ") {
			if !strings.Contains(string(tests), "func Test"+strings.TrimSuffix(test, "*")) {
				t.Errorf("ARCHITECTURE.md: no test %s", name)
			}
			found++
			continue
		}
		if !regexp.MustCompile(`^([a-z_.*-]*/[a-z_./*-]*|[a-z_]+\.(go|s|bats|md))$`).MatchString(name) || slices.Contains(planned, name) {
			continue
		}
		found++
		if !exists(t, name) {
			t.Errorf("ARCHITECTURE.md: nothing is at %s", name)
		}
	}
	if found < 40 {
		t.Errorf("the page names %d files and tests: the check looks at the wrong things", found)
	}
}

// exists looks for a file in the places that the page leaves out.
func exists(t *testing.T, name string) bool {
	t.Helper()
	for _, dir := range []string{".", "libcontainer", "libcontainer/host", "libcontainer/spec", "tests/integration", "internal/linux"} {
		if found, err := filepath.Glob(filepath.Join(root(t), dir, name)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// cell keeps a table's separator out of its cells.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func markdown(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	line(slices.Repeat([]string{"---"}, len(head)))
	for _, r := range rows {
		for i := range r {
			r[i] = cell(r[i])
		}
		line(r)
	}
	return b.String()
}

func stepTable() string {
	var rows [][]string
	for i, r := range wire.Rules() {
		var before []string
		for _, k := range r.Before {
			before = append(before, k.Name())
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), r.Name, r.Args, r.Does, strings.Join(before, " "), r.Why})
	}
	return markdown([]string{"", "step", "arguments", "what it does", "stands before", "because"}, rows)
}

func messageTable() string {
	var rows [][]string
	for i, m := range wire.Messages() {
		rows = append(rows, []string{fmt.Sprint(i + 1), m.Name, m.From, m.FDs, m.Means})
	}
	return markdown([]string{"", "message", "from", "descriptors", "means"}, rows)
}

// packageTable is the first sentence of every package comment, by side of the
// process line.
func packageTable(t *testing.T) string {
	t.Helper()
	said := map[string]string{}
	eachFile(t, func(p pkg, f parsed) {
		if f.tree.Doc == nil || f.tree.Name.Name == "main" && p.Path != "." {
			return
		}
		text := strings.Join(strings.Fields(f.tree.Doc.Text()), " ")
		said[p.Path] = firstSentence(text)
	})
	var paths []string
	for p := range said {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var rows [][]string
	for _, p := range paths {
		rows = append(rows, []string{"`" + p + "`", side(p), said[p]})
	}
	return markdown([]string{"package", "runs in", "what it is for"}, rows)
}

// firstSentence is what stands before the first full stop or colon of a
// package comment, without the words "Package x".
func firstSentence(text string) string {
	if rest, ok := strings.CutPrefix(text, "Package "); ok {
		_, text, _ = strings.Cut(rest, " ")
	}
	end := len(text)
	for _, mark := range []string{". ", ": ", "; "} {
		if i := strings.Index(text, mark); i >= 0 && i < end {
			end = i
		}
	}
	return strings.TrimSuffix(text[:end], ".")
}

// side is the process that a package's code runs in.
func side(path string) string {
	switch {
	case path == "libcontainer/wire":
		return "both (pure)"
	case slices.Contains(pure, path):
		return "parent (pure)"
	case path == "libcontainer/inside" || path == "internal/linux/raw":
		return "init"
	case path == "internal/structure":
		return "tests"
	}
	return "parent"
}

func moduleTable() string {
	var rows [][]string
	for _, m := range modules {
		user := "`" + m.user + "`"
		if m.user == "*" {
			user = "any package"
		}
		rows = append(rows, []string{m.path, user, m.reason})
	}
	return markdown([]string{"module", "imported by", "because"}, rows)
}

// TestFirstSentence checks what the package table is made of.
func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"Package a does b. And c.":      "does b",
		"Package a does b: c.":          "does b",
		"Command rung is a runtime.":    "Command rung is a runtime",
		"Package a is v1.2 of a thing.": "is v1.2 of a thing",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
