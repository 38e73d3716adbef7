package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

func TestMakeRefusesProcesses(t *testing.T) {
	need(t, anyLayout...)
	path := "/" + name()
	first := made(t, Config{Path: path})
	start(t, first, idle)
	second, err := New(Config{ID: name(), Path: path})
	if err != nil {
		t.Fatal(err)
	}
	err = second.Make()
	for _, want := range []string{"container's cgroup is not empty", "unable to apply cgroup configuration", "(sh)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
	}
	for _, dir := range first.dirs() {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("the first container's group after that: %v", err)
		}
	}
}

// The birthplace can be lived in while the rest is made, and an error then
// leaves the group to the caller, who has to end init first.
func TestMakeAfterBirth(t *testing.T) {
	need(t, Hybrid, Unified)
	g := planned(t, Config{})
	if err := g.MakeBirthplace(); err != nil {
		t.Fatal(err)
	}
	dir, err := g.Dir()
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	if pids, err := g.Pids(); err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("newborn: got pids %v, %v, want %d", pids, err, cmd.Process.Pid)
	}
	if err := g.Join(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if !in(t, g, cmd.Process.Pid) {
		t.Error("the process is not everywhere in the group")
	}

	failing := planned(t, Config{Resources: &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "4000"}}})
	if err := failing.MakeBirthplace(); err != nil {
		t.Fatal(err)
	}
	if err := failing.Make(); err == nil && Mode() == Hybrid {
		t.Error("cpuset 4000: got no error")
	}
	if _, err := os.Stat(failing.paths[""]); err != nil {
		t.Errorf("birthplace after the error: %v", err)
	}
	if err := failing.Undo(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(failing.paths[""]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("birthplace after Undo: got %v, want not exist", err)
	}
}

func TestExistingGroupStays(t *testing.T) {
	need(t, anyLayout...)
	path := "/" + name()
	before := made(t, Config{Path: path})
	g, err := New(Config{ID: name(), Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	if got, want := g.Kept(), g.dirs(); !slices.Equal(got, want) {
		t.Errorf("got kept %v, want %v", got, want)
	}
	for _, dir := range g.dirs() {
		if err := os.Mkdir(filepath.Join(dir, "payload"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Destroy(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range before.dirs() {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("group that was there before: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "payload")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("group that the payload made: got %v, want not exist", err)
		}
	}
}

func TestMakeRefusesFrozen(t *testing.T) {
	need(t, anyLayout...)
	top := name()
	for kind, path := range map[string]string{"itself": "/" + top, "above": "/" + top + "/below"} {
		t.Run(kind, func(t *testing.T) {
			frozen := made(t, Config{Path: "/" + top})
			if err := frozen.Freeze(); err != nil {
				t.Fatal(err)
			}
			g, err := New(Config{ID: name(), Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Make(); !errors.Is(err, errFrozen) || !strings.Contains(err.Error(), "container's cgroup unexpectedly frozen") {
				t.Errorf("got %v, want %v", err, errFrozen)
			}
		})
	}
}

// The kernel's refusal is reported with the field, and what was made is gone.
func TestRefusalNamesTheField(t *testing.T) {
	need(t, anyLayout...)
	top := name()
	g := planned(t, Config{Path: "/" + top + "/below", Resources: &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "4000"}}})
	err := g.Make() // v1 needs the CPUs before anybody joins
	if err == nil {
		err = g.Limit()
		if undone := g.Undo(); undone != nil {
			t.Error(undone)
		}
	}
	var field *spec.FieldError
	if !errors.As(err, &field) || field.Path != "linux.resources.cpu.cpus" {
		t.Errorf("got %v, want an error about linux.resources.cpu.cpus", err)
	}
	for _, dir := range g.dirs() {
		for _, dir := range []string{dir, filepath.Dir(dir)} {
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: got %v, want not exist", dir, err)
			}
		}
	}
}
