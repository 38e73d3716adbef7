package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// findInGo adds what the Test functions of one file are about.
func findInGo(file string, all []field, tests found) error {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Test") {
			continue
		}
		t := test{levelOf(file), filepath.Base(filepath.Dir(file)) + "." + f.Name.Name}
		if err := addMarked(file, covered(f.Doc.Text()), all, t, tests); err != nil {
			return err
		}
		s := search{all: all, test: t, tests: tests}
		ast.Inspect(f.Body, s.node)
	}
	return nil
}

func levelOf(file string) level {
	switch filepath.Base(filepath.Dir(file)) {
	case "spec":
		return validation
	case "plan":
		return planned
	}
	return acting
}

// search goes through one function.
type search struct {
	all   []field
	test  test
	tests found
}

func (s *search) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		s.literal(n, named(n.Type))
	case *ast.SelectorExpr:
		s.selector(n)
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			s.text(n.Value)
		}
	}
	return true
}

// named returns the name in package specs of a type, of its elements if it
// holds many: LinuxMemory for []specs.LinuxMemory.
func named(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.SelectorExpr:
		if pkg, ok := t.X.(*ast.Ident); ok && pkg.Name == "specs" {
			return t.Sel.Name
		}
	case *ast.StarExpr:
		return named(t.X)
	case *ast.ArrayType:
		return named(t.Elt)
	case *ast.MapType:
		return named(t.Value)
	}
	return ""
}

// literal adds the members that a literal of a type of package specs sets.
func (s *search) literal(lit *ast.CompositeLit, typeName string) {
	if typeName == "" {
		return
	}
	for _, element := range lit.Elts {
		pair, _ := element.(*ast.KeyValueExpr)
		value := element
		if pair != nil {
			value = pair.Value
			if key, ok := pair.Key.(*ast.Ident); ok {
				s.member(typeName, key.Name)
			}
		}
		// Elements of a list leave their type out.
		if inner, ok := value.(*ast.CompositeLit); ok && inner.Type == nil {
			s.literal(inner, typeName)
		}
	}
}

func (s *search) member(typeName, member string) {
	for i := range s.all {
		if t, name := s.all[i].last(); t.Name() == typeName && promoted(t, member) == name {
			s.tests.add(s.all[i].path, s.test)
		}
	}
}

func promoted(t reflect.Type, member string) string {
	if f, ok := t.FieldByName(member); ok {
		return f.Name
	}
	return ""
}

// selector adds the field that an expression like s.Process.User.UID names.
func (s *search) selector(e *ast.SelectorExpr) {
	before := ""
	switch x := e.X.(type) {
	case *ast.SelectorExpr:
		before = x.Sel.Name
	case *ast.IndexExpr:
		if inner, ok := x.X.(*ast.SelectorExpr); ok {
			before = inner.Sel.Name
		}
	case *ast.Ident:
		if x.Name != "s" {
			return
		}
	}
	for i := range s.all {
		names := s.all[i].names
		if names[len(names)-1] != e.Sel.Name {
			continue
		}
		if len(names) == 1 && before == "" || len(names) > 1 && names[len(names)-2] == before {
			s.tests.add(s.all[i].path, s.test)
		}
	}
}

var index = regexp.MustCompile(`\[[^\]]*\]`)

// text adds the fields whose paths a string has, as errors do.
func (s *search) text(literal string) {
	text, err := strconv.Unquote(literal)
	if err != nil {
		return
	}
	text = index.ReplaceAllString(text, "")
	for i := range s.all {
		path := s.all[i].path
		at := strings.Index(text, path)
		if at < 0 || !strings.Contains(path, ".") {
			continue
		}
		if rest := text[at+len(path):]; rest == "" || strings.ContainsRune(": ,", rune(rest[0])) {
			s.tests.add(path, s.test)
		}
	}
}

// findInPlans adds what the configs of the plan's golden files have.
func findInPlans(dir string, all []field, tests found) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var document any
		if err := json.Unmarshal(text, &document); err != nil {
			return err
		}
		for i := range all {
			if has(document, strings.Split(all[i].path, ".")) {
				tests.add(all[i].path, test{planned, "plan.TestGolden/" + filepath.Base(file)})
			}
		}
	}
	return nil
}

// has reports whether a document has a member at a path, through any element
// of lists and any key of maps.
func has(document any, path []string) bool {
	if len(path) == 0 {
		return document != nil
	}
	switch d := document.(type) {
	case []any:
		for _, element := range d {
			if has(element, path) {
				return true
			}
		}
	case map[string]any:
		if value, ok := d[path[0]]; ok {
			return has(value, path[1:])
		}
		return len(path) == 1 && hasEntry(d, path)
	}
	return false
}

// hasEntry is has for an object with names of its own, like linux.resources.rdma.
func hasEntry(entries map[string]any, path []string) bool {
	found := false
	for _, value := range entries {
		entry, ok := value.(map[string]any)
		if !ok {
			return false
		}
		found = found || has(entry, path)
	}
	return found
}
