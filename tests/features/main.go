// Command features prints which tests there are for each field of the
// runtime-spec that means something on Linux: a table field | how | where. It
// finds them in the sources of the tests:
//
//   - A Go test is about a field if it sets it in a value of the Go type, names
//     its path in a string, or has it in the JSON file that it reads.
//   - A bats test is about a field if a jq filter in it names the field and the
//     object that has it.
//   - Where that is not seen, a line "covers: PATH…" in the comment before the
//     test says so.
//
// It knows that a test names a field, not whether the test is a good one.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// level is how a test looks at a field.
type level uint8

// The levels, from the file to the running container.
const (
	validation level = iota // it is checked
	planned                 // the plan has it
	acting                  // a package acts on it, most of them on the kernel
	container               // the command line starts a container with it
	levels
)

var levelNames = [levels]string{"validation", "plan", "package", "container"}

// test is a test and where it is.
type test struct {
	level level
	name  string
}

// found are the tests of each field, by path.
type found map[string][]test

func (f found) add(path string, t test) {
	if !slices.Contains(f[path], t) {
		f[path] = append(f[path], t)
	}
}

// in reports whether there is a test of one of the levels.
func (f found) in(path string, of ...level) bool {
	return slices.ContainsFunc(f[path], func(t test) bool { return slices.Contains(of, t.level) })
}

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := run(os.Stdout, root); err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string) error {
	all := fields()
	tests, err := find(root, all)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "| field | how tested | where |\n| --- | --- | --- |")
	var none, incomplete []string
	for _, f := range all {
		how, where := describe(tests[f.path])
		fmt.Fprintf(out, "| %s | %s | %s |\n", f.path, how, where)
		if len(tests[f.path]) == 0 {
			none = append(none, f.path)
		} else if lacks := missing(&f, tests); len(lacks) > 0 {
			incomplete = append(incomplete, f.path+" ("+names(lacks)+")")
		}
	}
	fmt.Fprintf(out, "\n%d fields\n", len(all))
	fmt.Fprintf(out, "%d without a test: %s\n", len(none), list(none))
	fmt.Fprintf(out, "%d without a test at a level that applies: %s\n", len(incomplete), list(incomplete))
	fmt.Fprint(out, "\nLevels without a test:\n\n| field | level | why |\n| --- | --- | --- |\n")
	for _, a := range excuses {
		fmt.Fprintf(out, "| %s | %s | %s |\n", a.path, names(a.levels), a.why)
	}
	return nil
}

func names(of []level) string {
	var out []string
	for _, l := range of {
		out = append(out, levelNames[l])
	}
	return strings.Join(out, ", ")
}

func list(paths []string) string {
	if len(paths) == 0 {
		return "none"
	}
	return strings.Join(paths, " ")
}

// describe returns the levels at which there are tests, and of each level the
// first test and how many more there are.
func describe(tests []test) (how, where string) {
	var hows, wheres []string
	for l := range levels {
		var names []string
		for _, t := range tests {
			if t.level == l {
				names = append(names, t.name)
			}
		}
		if len(names) == 0 {
			continue
		}
		hows = append(hows, levelNames[l])
		name := strings.ReplaceAll(names[0], "|", `\|`)
		if len(names) > 1 {
			name += fmt.Sprintf(" (+%d)", len(names)-1)
		}
		wheres = append(wheres, name)
	}
	return strings.Join(hows, ", "), strings.Join(wheres, "; ")
}

// find looks through all tests below root.
func find(root string, all []field) (found, error) {
	tests := make(found)
	goFiles, err := filepath.Glob(filepath.Join(root, "libcontainer/*/*_test.go"))
	if err != nil {
		return nil, err
	}
	more, err := filepath.Glob(filepath.Join(root, "libcontainer/*/*/*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range append(goFiles, more...) {
		// That a field is read proves nothing of what is done with it.
		if strings.HasPrefix(filepath.Base(file), "decode") {
			continue
		}
		if err := findInGo(file, all, tests); err != nil {
			return nil, err
		}
	}
	if err := findInPlans(filepath.Join(root, "libcontainer/plan/testdata"), all, tests); err != nil {
		return nil, err
	}
	bats, err := filepath.Glob(filepath.Join(root, "tests/integration/*.bats"))
	if err != nil {
		return nil, err
	}
	for _, file := range bats {
		if err := findInBats(file, all, tests); err != nil {
			return nil, err
		}
	}
	if len(goFiles) == 0 || len(bats) == 0 {
		return nil, fmt.Errorf("%s: no tests here: not the root of the source", root)
	}
	return tests, nil
}

// covered returns the paths that lines "covers: PATH…" of a comment name.
func covered(comment string) []string {
	var paths []string
	for line := range strings.Lines(comment) {
		if _, rest, ok := strings.Cut(line, "covers: "); ok {
			paths = append(paths, strings.Fields(rest)...)
		}
	}
	return paths
}
