package structure

import (
	"bytes"
	"go/ast"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Budgets. A file that is larger has two subjects, a function two jobs.
const (
	maxFileLines     = 500 // lines that hold code
	maxFunctionLines = 70
)

// runsIn is the first line of every file on either side of the process line.
var runsIn = regexp.MustCompile(`^// Runs in: (\w+)[^.]*\. Sees: [^.]+\. Holds: [^.]+\.$`)

// TestSideIsStated makes every file say first which process runs it, what that
// process sees, and with which rights: the three things a reviewer of such
// code has to know of every line.
func TestSideIsStated(t *testing.T) {
	sides := map[string]string{"libcontainer/host/": "parent", "libcontainer/inside": "init"}
	checked := 0
	for _, p := range modulePackages(t) {
		for prefix, side := range sides {
			if !strings.HasPrefix(p.Path+"/", prefix) {
				continue
			}
			for _, file := range slices.Concat(p.Files, p.Assembly) {
				src, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				first, _, _ := strings.Cut(string(src), "\n")
				m := runsIn.FindStringSubmatch(first)
				if m == nil || m[1] != side {
					t.Errorf("%s begins with %q, want // Runs in: %s …. Sees: …. Holds: ….", relative(t, file), first, side)
				}
				checked++
			}
		}
	}
	if checked < 20 {
		t.Errorf("checked %d files: the rule guards nothing", checked)
	}
}

// TestPackageComments wants one package comment a package: what it is for, in
// which process it runs, what it may assume.
func TestPackageComments(t *testing.T) {
	said := map[string][]string{}
	var paths []string
	eachFile(t, func(p pkg, f parsed) {
		if !slices.Contains(paths, p.Path) {
			paths = append(paths, p.Path)
		}
		if doc := f.tree.Doc; doc != nil && len(strings.TrimSpace(doc.Text())) > 0 {
			said[p.Path] = append(said[p.Path], f.name)
			word := "Package " + f.tree.Name.Name
			if f.tree.Name.Name == "main" {
				word = "Command "
			}
			if !strings.HasPrefix(doc.Text(), word) && !strings.HasPrefix(doc.Text(), "Package main") {
				t.Errorf("%s: the package comment begins %.30q, want %q", f.name, doc.Text(), word+" …")
			}
		}
	})
	for _, p := range paths {
		if len(said[p]) != 1 {
			t.Errorf("%s: package comments in %v, want exactly one", p, said[p])
		}
	}
}

// codeLines counts the lines that bear a token.
func codeLines(src []byte) int {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	n, last := 0, 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return n
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		from := file.Line(pos)
		to := from + strings.Count(lit, "\n")
		if from <= last {
			from = last + 1
		}
		if to >= from {
			n += to - from + 1
			last = to
		}
	}
}

// TestCodeLines checks the ruler.
func TestCodeLines(t *testing.T) {
	const src = "// comment\npackage a\n\nvar s = `one\ntwo`\n\nfunc f() { // both\n\treturn\n}\n/* a\nb */\n"
	if got, want := codeLines([]byte(src)), 6; got != want {
		t.Errorf("got %d code lines, want %d", got, want)
	}
}

// TestBudgets measures files and functions.
func TestBudgets(t *testing.T) {
	eachFile(t, func(_ pkg, f parsed) {
		if f.generated() {
			return
		}
		if n := codeLines(f.src); n > maxFileLines {
			t.Errorf("%s: %d lines of code, at most %d", f.name, n, maxFileLines)
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: function %s has %d lines, at most %d", f.line(fn.Pos()), fn.Name.Name, n, maxFunctionLines)
			}
		}
	})
}

// TestNothingRunsBeforeMain keeps the start of the process short and the order
// of things readable: no init function but the one in init.go, which has to run
// before the runtime moves goroutines, and no package variable that computes.
// Maps count: a literal one is filled by code.
func TestNothingRunsBeforeMain(t *testing.T) {
	eachFile(t, func(_ pkg, f parsed) {
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" && f.name != "init.go" {
					t.Errorf("%s: an init function", f.line(d.Pos()))
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					checkVariables(t, f, d)
				}
			}
		}
	})
}

func checkVariables(t *testing.T, f parsed, d *ast.GenDecl) {
	t.Helper()
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for _, value := range v.Values {
			ast.Inspect(value, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					return false // its body runs later
				case *ast.CallExpr:
					if !static(n) {
						t.Errorf("%s: package variable %s is computed", f.line(n.Pos()), v.Names[0].Name)
					}
				case *ast.CompositeLit:
					if _, ok := n.Type.(*ast.MapType); ok {
						t.Errorf("%s: package variable %s holds a map: use a sorted array or a switch", f.line(n.Pos()), v.Names[0].Name)
					}
				case *ast.UnaryExpr:
					if n.Op == token.ARROW {
						t.Errorf("%s: package variable %s waits for a channel", f.line(n.Pos()), v.Names[0].Name)
					}
				}
				return true
			})
		}
	}
}

// static are calls that may stand in a package variable: errors.New is one
// small allocation and the form of every sentinel; the others are constants.
func static(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		p, ok := f.X.(*ast.Ident)
		return ok && (p.Name == "errors" && f.Sel.Name == "New" || p.Name == "unsafe")
	case *ast.Ident:
		return f.Name == "len" || f.Name == "cap"
	case *ast.ArrayType: // []byte("…")
		return true
	}
	return false
}

// filler are beginnings that say nothing: that it is an error is known.
var filler = regexp.MustCompile(`(?i)^(failed|error|unable|cannot|can't|could not)\b`)

// fixedWords are texts that programs match on, or that were agreed with them
// word by word. Anything else says what was done, to what, and why it did not
// work: "operation object: cause".
var fixedWords = []struct{ text, reason string }{
	{"cannot start an already running container", "the word for start in a wrong state that all callers know"},
	{"cannot start a container that has stopped", "likewise"},
	{"cannot start a paused container: resume it first", "likewise, for a state that the spec does not have"},
	{"cannot exec in a stopped container", "podman and CRI-O look for it"},
	{"cannot exec in a paused container (use --ignore-paused to override)", "likewise"},
	{"cannot delete container ", "containerd looks for it"},
	{"error running %s hook #", "test suites of the callers look for it"},
	{"unable to stat preserved-fd ", "test suites of the callers look for it"},
	{"cannot allocate tty if runc will detach without setting console socket", "the word for this use of the flags in every such runtime"},
	{"cannot use console socket if runc will not detach or allocate tty", "likewise"},
}

// TestErrorTexts looks at every string that could begin an error.
func TestErrorTexts(t *testing.T) {
	used := make([]bool, len(fixedWords))
	eachFile(t, func(_ pkg, f parsed) {
		tails := map[ast.Node]bool{} // what stands behind a "+" begins nothing
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if sum, ok := n.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
				tails[sum.Y] = true
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || tails[lit] {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !filler.MatchString(text) || !strings.Contains(text, " ") {
				return true
			}
			i := slices.IndexFunc(fixedWords, func(w struct{ text, reason string }) bool { return strings.HasPrefix(text, w.text) })
			if i < 0 {
				t.Errorf("%s: text begins with a filler: %q", f.line(lit.Pos()), text)
				return true
			}
			used[i] = true
			return true
		})
	})
	for i, u := range used {
		if !u {
			t.Errorf("no text begins %q any more: take it off the list", fixedWords[i].text)
		}
	}
}

// TestNoWorkplace looks for paths of the machine at hand in what is committed.
func TestNoWorkplace(t *testing.T) {
	if _, err := os.Stat(filepath.Join(root(t), ".git")); err != nil {
		t.Skip("not a git checkout: there is no list of committed files")
	}
	here := root(t)
	places := []string{here}
	// What stands beside the checkout is named by its path as easily.
	if parent := filepath.Dir(here); filepath.Dir(parent) != parent {
		entries, err := os.ReadDir(parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			places = append(places, filepath.Join(parent, e.Name()))
		}
	}
	files := bytes.Split(bytes.TrimRight(run(t, nil, "git", "ls-files", "-z"), "\x00"), []byte{0})
	if len(files) < 50 {
		t.Fatalf("git knows %d files", len(files))
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(here, string(name)))
		if err != nil {
			continue // deleted in the work tree, or a link to nowhere
		}
		for _, place := range places {
			if at := mention(b, place); at >= 0 {
				t.Errorf("%s:%d: names %s of this machine", name, 1+bytes.Count(b[:at], []byte{'\n'}), place)
			}
		}
	}
}

// mention finds a path that is not the tail of a longer one.
func mention(b []byte, place string) int {
	for from := 0; ; {
		at := bytes.Index(b[from:], []byte(place))
		if at < 0 {
			return -1
		}
		at += from
		if at == 0 || !strings.ContainsRune("/._-", rune(b[at-1])) && !alphanumeric(b[at-1]) {
			return at
		}
		from = at + 1
	}
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
