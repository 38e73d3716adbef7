package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestJoinFromOutside(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 2 { // the second time it is there already
		if err := g.Join(cmd.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
	if !in(t, g, cmd.Process.Pid) {
		t.Error("the process is not everywhere in the group")
	}
}

func TestSubGroups(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	start(t, g, idle)
	for _, dir := range g.dirs() {
		if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(dir, standardRoot+"/cpuset/") {
			for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
				if err := os.WriteFile(filepath.Join(dir, "sub", file), []byte(read(t, dir, file)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	sub, err := g.Sub([]string{"sub"})
	if err != nil {
		t.Fatal(err)
	}
	second := start(t, sub, idle)
	if !in(t, sub, second.Process.Pid) {
		t.Error("the process is not everywhere in the sub-group")
	}
	if pids, err := g.Pids(); err != nil || len(pids) != 2 {
		t.Errorf("got %v, %v, want both processes", pids, err)
	}
	at, err := g.At(second.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if want := sub.paths[""]; g.unified() && at.paths[""] != want {
		t.Errorf("At: got %s, want %s", at.paths[""], want)
	}
	missing, err := g.Sub([]string{"missing"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = missing.Dir(); err == nil {
		_, err = missing.Tasks()
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), " cgroup") {
		t.Errorf("sub-group that does not exist: got %v", err)
	}
}

func TestMissingTasksNamePid(t *testing.T) {
	need(t, Legacy, Hybrid)
	g := made(t, Config{})
	missing, err := g.Sub([]string{"cpu:missing"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = missing.Tasks()
	// What callers look for: adding pid, no such file or directory.
	if err == nil || !strings.Contains(err.Error(), " adding pid ") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
