package structure

import (
	"encoding/json"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages that decide: they are data in, data out. They build
// for any system, which proves that they make no system call.
var pure = []string{"libcontainer/jsontext", "libcontainer/spec", "libcontainer/plan", "libcontainer/wire", "libcontainer/seccomp"}

func imports(file *ast.File) []string {
	var out []string
	for _, i := range file.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			panic(err)
		}
		out = append(out, name)
	}
	return out
}

// TestPureImports keeps everything out of the pure packages that acts.
func TestPureImports(t *testing.T) {
	banned := []string{"os", "net", "syscall", "unsafe", "runtime", "time", "reflect", "io/fs", "log", "C"}
	found := 0
	eachFile(t, func(p pkg, f parsed) {
		if !slices.Contains(pure, p.Path) {
			return
		}
		found++
		for _, name := range imports(f.tree) {
			top, _, _ := strings.Cut(name, "/")
			if slices.Contains(banned, name) || top == "os" || top == "net" || top == "log" ||
				strings.HasPrefix(below(name), "internal/") || name == "golang.org/x/sys/unix" {
				t.Errorf("%s: imports %s: a pure package decides and does nothing", f.name, name)
			}
		}
	})
	if found < len(pure) {
		t.Errorf("found %d files of the pure packages %v", found, pure)
	}
}

// TestPureBuildsAnywhere type-checks the pure packages with their tests for a
// system that has none of Linux' calls.
func TestPureBuildsAnywhere(t *testing.T) {
	args := []string{"vet"}
	for _, p := range pure {
		args = append(args, "./"+p)
	}
	run(t, []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"}, "go", args...)
}

// TestInsideHasOneDoor keeps the code of init out of everything but init.go:
// run by the parent by mistake it would change the parent.
func TestInsideHasOneDoor(t *testing.T) {
	doors := 0
	eachFile(t, func(_ pkg, f parsed) {
		for _, name := range imports(f.tree) {
			if below(name) != "libcontainer/inside" {
				continue
			}
			if f.name != "init.go" {
				t.Errorf("%s: imports libcontainer/inside: only init.go may", f.name)
			}
			doors++
		}
	})
	if doors != 1 {
		t.Errorf("%d files import libcontainer/inside, want init.go", doors)
	}
}

// TestKernelHasOneDoor keeps system calls, and memory that Go does not look
// after, in one place: interrupted calls are repeated and errors carry their
// arguments in the same way everywhere.
func TestKernelHasOneDoor(t *testing.T) {
	eachFile(t, func(p pkg, f parsed) {
		if p.Path == "internal/linux" || strings.HasPrefix(p.Path, "internal/linux/") {
			return
		}
		for _, name := range imports(f.tree) {
			switch name {
			case "golang.org/x/sys/unix", "syscall", "unsafe":
				t.Errorf("%s: imports %s: add a call to internal/linux", f.name, name)
			}
		}
	})
}

// module is a direct requirement of go.mod.
type module struct {
	path   string
	user   string // the one package that imports it, and what is below it; "*" any
	reason string
}

var modules = []module{
	{"github.com/checkpoint-restore/go-criu/v8", "libcontainer/host/criu",
		"the messages of criu's protocol, generated from its definition; no start-up cost, unlike versions with google's protobuf"},
	{"github.com/coreos/go-systemd/v22", "libcontainer/host/cgroup",
		"systemd's calls and job signals on the bus; the library below links it anyway, and asks systemd several times where one message does"},
	{"github.com/godbus/dbus/v5", "libcontainer/host/cgroup",
		"the D-Bus connection below it: with systemd itself, within a time, and its types"},
	{"github.com/opencontainers/cgroups", "libcontainer/host/cgroup",
		"cgroup v1 and v2 with every resource of the spec: what the other runtimes use, with their years of kernel knowledge"},
	{"github.com/opencontainers/runtime-spec", "*",
		"the types of config.json and state; data without code, so any package may have them"},
	{"github.com/urfave/cli/v3", ".",
		"the command line; only the verb that is called builds its flags, see main.go"},
	{"golang.org/x/sys", "internal/linux",
		"numbers and structs of the kernel for every architecture"},
}

// TestModules lists every direct requirement with its reason, and keeps each
// behind one package, so that it can be replaced.
func TestModules(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace, Exclude []json.RawMessage
	}
	if err := json.Unmarshal(run(t, nil, "go", "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Error("go.mod replaces or excludes modules: `go install` would not")
	}
	known := func(path string) bool {
		return slices.ContainsFunc(modules, func(m module) bool { return m.path == path })
	}
	for _, r := range mod.Require {
		if !r.Indirect && !known(r.Path) {
			t.Errorf("go.mod: %s: not in the list above: say why it is needed and who may import it", r.Path)
		}
	}
	for _, m := range modules {
		if m.reason == "" {
			t.Errorf("%s: no reason", m.path)
		}
		users := importers(t, m.path)
		if len(users) == 0 {
			t.Errorf("%s: nobody imports it", m.path)
		}
		for _, u := range users {
			if m.user != "*" && u != m.user && !strings.HasPrefix(u, m.user+"/") {
				t.Errorf("%s imports %s: only %s may", u, m.path, m.user)
			}
		}
	}
	for _, p := range modulePackages(t) {
		for _, name := range p.Imports {
			thirdParty := below(name) == "" && strings.Contains(strings.SplitN(name, "/", 2)[0], ".")
			if thirdParty && !slices.ContainsFunc(modules, func(m module) bool { return within(name, m.path) }) {
				t.Errorf("%s imports %s: of no module in the list above", p.Path, name)
			}
		}
	}
}

func within(importPath, module string) bool {
	return importPath == module || strings.HasPrefix(importPath, module+"/")
}

// importers are the packages that import a module outside of tests.
func importers(t *testing.T, module string) []string {
	t.Helper()
	var out []string
	for _, p := range modulePackages(t) {
		if !helperProgram(p.Path) && slices.ContainsFunc(p.Imports, func(name string) bool { return within(name, module) }) {
			out = append(out, p.Path)
		}
	}
	return out
}
