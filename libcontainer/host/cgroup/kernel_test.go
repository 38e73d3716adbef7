package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const testPrefix = "rung-test-"

func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftBehind(); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "cgroups left behind by tests:", left)
		code = 1
	}
	os.Exit(code)
}

// leftBehind finds groups of this run of the tests, at any depth.
func leftBehind() []string {
	var left []string
	prefix := testPrefix + strconv.Itoa(os.Getpid()) + "-"
	_ = filepath.WalkDir(standardRoot, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), prefix) {
			left = append(left, path)
			return filepath.SkipDir
		}
		return nil
	})
	return left
}

// need skips a test that cannot run here, and says why.
func need(t *testing.T, layouts ...Layout) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes cgroups")
	}
	if mode := Mode(); !slices.Contains(layouts, mode) {
		t.Skipf("needs %v, this host has %v", layouts, mode)
	}
}

var anyLayout = []Layout{Legacy, Hybrid, Unified}

var serial int

// name returns a name that no other test and no other run has.
func name() string {
	serial++
	return testPrefix + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(serial)
}

// made returns a group that was made and goes away with the test.
func made(t *testing.T, c Config) *Group {
	t.Helper()
	g := planned(t, c)
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	return g
}

func planned(t *testing.T, c Config) *Group {
	t.Helper()
	if c.ID == "" {
		c.ID = name()
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(g.Kill(), g.Destroy(), g.Undo()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// idle is a script that stands still until it is killed.
const idle = "read forever"

// process is a shell that joined a group by itself.
type process struct {
	*exec.Cmd
	t   *testing.T
	out *bufio.Reader
	in  io.Writer
}

// start runs a shell script in g as init would get there: born in the v2
// directory, then writing 0 to the tasks files of v1.
func start(t *testing.T, g *Group, script string) *process {
	t.Helper()
	dir, err := g.Dir()
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := g.Tasks()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(tasks)
	// A shell knows descriptors of one digit only.
	join := `n=3; while [ $n -lt $((3 + $1)) ]; do
		if [ $n -le 9 ]; then echo 0 >&$n || exit 1; else echo 0 >/proc/self/fd/$n || exit 1; fi
		n=$((n + 1)); done; echo joined; `
	cmd := exec.Command("sh", "-c", join+script, "sh", strconv.Itoa(len(tasks)))
	cmd.ExtraFiles = tasks
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if dir != nil {
		defer dir.Close()
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := &process{Cmd: cmd, t: t, out: bufio.NewReader(out), in: stdin}
	if line := p.line(); line != "joined" {
		t.Fatalf("process in %s: got %q, want joined", g, line)
	}
	return p
}

func (p *process) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("read from process: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// in reports whether a process is in every directory of g.
func in(t *testing.T, g *Group, pid int) bool {
	t.Helper()
	for _, dir := range g.dirs() {
		pids, err := pidsIn(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(pids, pid) {
			t.Logf("process %d is not in %s", pid, dir)
			return false
		}
	}
	return true
}

func read(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestLifecycle(t *testing.T) {
	need(t, anyLayout...)
	for kind, path := range map[string]string{"id": "", "absolute": "/" + name() + "/a/b", "relative": name() + "/c"} {
		t.Run(kind, func(t *testing.T) {
			g := made(t, Config{Path: path, Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](50)}}})
			init := start(t, g, idle)
			if err := g.Limit(); err != nil {
				t.Fatal(err)
			}
			if !in(t, g, init.Process.Pid) {
				t.Error("init is not everywhere in its group")
			}
			later, err := Load(g.Paths(), g.Kept()...)
			if err != nil {
				t.Fatal(err)
			}
			pids, err := later.Pids()
			if err != nil || !slices.Equal(pids, []int{init.Process.Pid}) {
				t.Errorf("got pids %v, %v, want %d", pids, err, init.Process.Pid)
			}
			if err := later.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := later.Destroy(); err != nil {
				t.Fatal(err)
			}
			for _, dir := range g.dirs() {
				if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s after Destroy: got %v, want not exist", dir, err)
				}
			}
			// Everything is gone: each of these has nothing to do.
			frozen, ferr := later.Frozen()
			pids, perr := later.Pids()
			if err := errors.Join(later.Kill(), later.Destroy(), ferr, perr); err != nil || frozen || len(pids) > 0 {
				t.Errorf("after Destroy: got frozen %v, pids %v, %v", frozen, pids, err)
			}
		})
	}
}
