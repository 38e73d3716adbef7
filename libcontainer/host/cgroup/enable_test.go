package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func put(t *testing.T, dir, file, text string) {
	t.Helper()
	if err := linux.WriteKernelFile(filepath.Join(dir, file), text); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

// Threads that a payload has put into groups of their own are still found by
// their process, and no obstacle to ending it and removing the groups.
func TestThreadedBelow(t *testing.T) {
	need(t, Hybrid, Unified)
	g := made(t, Config{})
	init := start(t, g, idle)
	below := filepath.Join(g.paths[""], "thread")
	mkdir(t, below)
	put(t, below, "cgroup.type", "threaded")
	put(t, below, "cgroup.threads", strconv.Itoa(init.Process.Pid))
	if pids, err := g.Pids(); err != nil || !slices.Equal(pids, []int{init.Process.Pid}) {
		t.Errorf("got pids %v, %v, want %d", pids, err, init.Process.Pid)
	}
	if err := errors.Join(g.Freeze(), g.Thaw(), g.Kill(), g.Destroy()); err != nil {
		t.Error(err)
	}
}

func TestThreadedAboveIsRefused(t *testing.T) {
	need(t, Unified)
	top := made(t, Config{Path: "/" + name()})
	dir := top.paths[""]
	thread := filepath.Join(dir, "thread")
	mkdir(t, thread)
	put(t, thread, "cgroup.type", "threaded")
	g := planned(t, Config{Path: "/" + filepath.Base(dir) + "/x"})
	err := g.Make()
	var field *spec.FieldError
	if !errors.As(err, &field) || field.Path != "linux.cgroupsPath" {
		t.Fatalf("got %v, want an error about linux.cgroupsPath", err)
	}
	for _, want := range []string{`"domain invalid"`, "threaded cgroup " + dir + ",", "EOPNOTSUPP"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
	}
	if kind, err := kindOf(dir); err != nil || kind != "domain threaded" {
		t.Errorf("type of the group above: got %q, %v", kind, err)
	}
}

// The group of somebody else, with processes, stays what it is: handing on
// only what can be threaded would make it a threaded one.
func TestBusyAbove(t *testing.T) {
	need(t, Unified)
	top := made(t, Config{Path: "/" + name()})
	dir := top.paths[""]
	holder := start(t, top, idle)
	limited := func(r *specs.LinuxResources) error {
		g := planned(t, Config{Path: "/" + filepath.Base(dir) + "/" + name(), Resources: r})
		if err := g.Make(); err != nil {
			t.Fatal(err)
		}
		return g.Limit()
	}
	if err := limited(nil); err != nil {
		t.Errorf("without limits: got %v", err)
	}
	for path, r := range map[string]*specs.LinuxResources{
		"linux.resources.pids.limit":            {Pids: &specs.LinuxPids{Limit: p[int64](10)}},
		"linux.resources.memory.limit":          {Memory: &specs.LinuxMemory{Limit: p[int64](1 << 26)}},
		`linux.resources.unified["memory.low"]`: {Unified: map[string]string{"memory.low": "1"}},
	} {
		err := limited(r)
		var field *spec.FieldError
		if !errors.As(err, &field) || field.Path != path {
			t.Errorf("got %v, want an error about %s", err, path)
			continue
		}
		for _, want := range []string{"controller", "not available", dir + " has processes of its own", strconv.Itoa(holder.Process.Pid) + " (sh)"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want one with %q", err, want)
			}
		}
	}
	if kind, err := kindOf(dir); err != nil || kind != "domain" {
		t.Errorf("type of the group above: got %q, %v, want domain", kind, err)
	}
}

func TestFrozenAbove(t *testing.T) {
	need(t, Legacy, Hybrid, Unified)
	above := made(t, Config{Path: "/" + name()})
	g := made(t, Config{Path: "/" + filepath.Base(above.members()) + "/below"})
	if err := g.CheckThawed(); err != nil {
		t.Errorf("thawed: got %v", err)
	}
	if err := g.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := g.CheckThawed(); err != nil {
		t.Errorf("frozen itself: got %v", err)
	}
	if err := errors.Join(g.Thaw(), above.Freeze()); err != nil {
		t.Fatal(err)
	}
	if Mode() == Unified {
		if _, err := awaitEvent(g.paths[""], "frozen", true, patience()); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.CheckThawed(); !errors.Is(err, errFrozen) || !strings.Contains(err.Error(), filepath.Base(above.members())+" above it") {
		t.Errorf("frozen from above: got %v, want %v with the group's name", err, errFrozen)
	}
	if frozen, err := g.Frozen(); err != nil || frozen {
		t.Errorf("frozen from above counts as paused: %v, %v", frozen, err)
	}
	if err := above.Thaw(); err != nil {
		t.Fatal(err)
	}
}

func TestLeafAndOwner(t *testing.T) {
	need(t, Unified)
	const uid = 54321
	g := planned(t, Config{})
	if err := g.UseLeaf("leaf"); err != nil {
		t.Fatal(err)
	}
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	init := start(t, g, idle)
	if err := g.HandOn(); !errors.Is(err, errInternal) || !strings.Contains(err.Error(), strconv.Itoa(init.Process.Pid)+" (sh)") {
		t.Errorf("with a process above the leaf: got %v, want %v with its name", err, errInternal)
	}
	leaf, err := g.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	defer leaf.Close()
	if _, err := leaf.WriteString(strconv.Itoa(init.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.HandOn(), g.Chown(uid)); err != nil {
		t.Fatal(err)
	}
	dir := g.paths[""]
	if got, want := read(t, dir, "cgroup.subtree_control"), read(t, dir, "cgroup.controllers"); got != want {
		t.Errorf("handed on: got %s, want %s", got, want)
	}
	for name, want := range map[string]uint32{
		".": uid, "cgroup.procs": uid, "cgroup.threads": uid, "cgroup.subtree_control": uid, "leaf": uid, "leaf/cgroup.procs": uid,
		"cgroup.freeze": 0, "pids.max": 0, "leaf/pids.max": 0, "cgroup.kill": 0,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("owner of %s: got %d, want %d", name, got, want)
		}
	}
}

func TestLeafNeedsUnified(t *testing.T) {
	g, err := Load(map[string]string{"pids": "/p"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.UseLeaf("x"); !errors.Is(err, spec.ErrUnsupported) {
		t.Errorf("got %v, want %v", err, spec.ErrUnsupported)
	}
}

// What holds a group is named with what it is doing there.
func TestHolders(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	init := start(t, g, idle)
	below := filepath.Join(g.members(), "below")
	mkdir(t, below)
	got := holders(g.members())
	who, where := strconv.Itoa(init.Process.Pid)+" (sh), ", "; cgroup "+below // its state is one of two
	if !strings.HasPrefix(got, who) || !strings.HasSuffix(got, where) {
		t.Errorf("got %q, want %q…%q", got, who, where)
	}
	if err := init.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	pidfd, err := linux.PidfdOpen(init.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer pidfd.Close()
	if err := linux.AwaitEnd(pidfd, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if got, want := describe(init.Process.Pid), "(sh), Z (zombie): it has ended and its parent does not reap it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A killed process in a v1 group does not die as long as one above is frozen;
// the error says which.
func TestKillFrozenFromAbove(t *testing.T) {
	need(t, Legacy, Hybrid)
	above := made(t, Config{Path: "/" + name()})
	g := made(t, Config{Path: "/" + filepath.Base(above.members()) + "/below"})
	init := start(t, g, idle)
	if err := above.Freeze(); err != nil {
		t.Fatal(err)
	}
	err := g.kill(time.Now().Add(50 * time.Millisecond))
	for _, want := range []string{strconv.Itoa(init.Process.Pid) + " (sh)", filepath.Base(above.members()) + " above it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
	}
	if err := above.Thaw(); err != nil {
		t.Fatal(err)
	}
}
