package structure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const modulePath = "github.com/oci-rung/rung"

// scratch is a directory that is removed when the tests are done.
var scratch string

func TestMain(m *testing.M) {
	var err error
	scratch, err = os.MkdirTemp("", "rung-structure-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err = os.RemoveAll(scratch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// root is the directory of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a command in the root of the module and returns what it prints.
func run(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}

// pkg is a package of this module. Path is below the module, "." at its root.
type pkg struct {
	Path      string
	Imports   []string // of the files that are not tests
	Files     []string // Go files that are not tests, absolute
	TestFiles []string
	Assembly  []string
}

var packages = struct {
	sync.Once
	list []pkg
}{}

// modulePackages lists the packages of this module as they are built for Linux.
func modulePackages(t *testing.T) []pkg {
	t.Helper()
	packages.Do(func() {
		// -e: a package that does not compile is another test's business.
		out := run(t, []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"}, "go", "list", "-e", "-json", "./...")
		for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
			var p struct {
				Dir, ImportPath                                             string
				Imports, GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
			}
			if err := d.Decode(&p); err != nil {
				t.Fatal(err)
			}
			full := func(lists ...[]string) (out []string) {
				for _, l := range lists {
					for _, name := range l {
						out = append(out, filepath.Join(p.Dir, name))
					}
				}
				return out
			}
			// All architectures' assembly: go list names only the one's.
			assembly, err := filepath.Glob(filepath.Join(p.Dir, "*.s"))
			if err != nil {
				t.Fatal(err)
			}
			packages.list = append(packages.list, pkg{
				Path:    below(p.ImportPath),
				Imports: p.Imports, Files: full(p.GoFiles, p.IgnoredGoFiles), Assembly: assembly,
				TestFiles: full(p.TestGoFiles, p.XTestGoFiles),
			})
		}
	})
	if len(packages.list) < 10 {
		t.Fatalf("go list found %d packages", len(packages.list))
	}
	return packages.list
}

// below is an import path of this module without the module's own, "." for
// the module itself, "" for a package of somebody else.
func below(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	if p, ok := strings.CutPrefix(importPath, modulePath+"/"); ok {
		return p
	}
	return ""
}

// helperProgram tells a package of tests/cmd: programs that tests run, which
// are part of no process of a container.
func helperProgram(path string) bool { return strings.HasPrefix(path, "tests/") }

// relative shortens a file's name for messages.
func relative(t *testing.T, file string) string {
	t.Helper()
	rel, err := filepath.Rel(root(t), file)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// parsed is a Go file with its syntax tree.
type parsed struct {
	name string // relative to the root
	src  []byte
	set  *token.FileSet
	tree *ast.File
}

func (p parsed) line(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", p.name, p.set.Position(pos).Line)
}

// generated tells a file that a program wrote.
func (p parsed) generated() bool { return ast.IsGenerated(p.tree) }

func parse(t *testing.T, file string) parsed {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{name: relative(t, file), src: src, set: token.NewFileSet()}
	p.tree, err = parser.ParseFile(p.set, file, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// eachFile calls f with every Go file of the program that is not a test.
func eachFile(t *testing.T, f func(p pkg, file parsed)) {
	t.Helper()
	for _, p := range modulePackages(t) {
		if helperProgram(p.Path) {
			continue
		}
		for _, name := range p.Files {
			f(p, parse(t, name))
		}
	}
}
