package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestFreeze(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	init := start(t, g, "while echo tick; do sleep 0.01; done")
	init.line()
	if err := g.Freeze(); err != nil {
		t.Fatal(err)
	}
	frozen, err := g.Frozen()
	if err != nil || !frozen {
		t.Errorf("after Freeze: got %v, %v, want true", frozen, err)
	}
	if err := g.Thaw(); err != nil {
		t.Fatal(err)
	}
	if frozen, err := g.Frozen(); err != nil || frozen {
		t.Errorf("after Thaw: got %v, %v, want false", frozen, err)
	}
	init.line()
}

func TestKillFrozen(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	start(t, g, "sleep 1000 & sleep 1000 & echo ready; wait").line()
	if err := g.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	if pids, err := g.Pids(); err != nil || len(pids) > 0 {
		t.Errorf("got %v, %v, want none", pids, err)
	}
}

// A group that forks as fast as it can ends as well, with the kernel's help
// and without.
func TestKillForkBomb(t *testing.T) {
	need(t, anyLayout...)
	for _, how := range []string{"at once", "in rounds"} {
		t.Run(how, func(t *testing.T) {
			g := made(t, Config{Resources: &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](60)}}})
			if err := g.Limit(); err != nil {
				t.Fatal(err)
			}
			limited := g.paths["pids"]
			if g.unified() {
				limited = g.paths[""]
			}
			if got := read(t, limited, "pids.max"); got != "60" {
				t.Fatalf("pids.max: got %s, want 60; no fork bomb without", got)
			}
			start(t, g, `f() { while :; do (f) 2>/dev/null; done; }; exec 2>/dev/null; echo ready; f`).line()
			kill := g.Kill
			if how == "in rounds" {
				kill = func() error {
					for deadline := patience(); ; {
						if pids, err := g.Pids(); err != nil || len(pids) == 0 || time.Now().After(deadline) {
							return err
						}
						if err := g.killRound(deadline); err != nil {
							return err
						}
					}
				}
			}
			if err := kill(); err != nil {
				t.Fatal(err)
			}
			if pids, err := g.Pids(); err != nil || len(pids) > 0 {
				t.Errorf("got %v, %v, want none", pids, err)
			}
		})
	}
}

func TestKillSparesItsCaller(t *testing.T) {
	need(t, anyLayout...)
	own, err := v1OrV2Own(t)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Load(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Kill(); err == nil || !strings.Contains(err.Error(), "this very process") {
		t.Fatalf("got %v, want a refusal", err)
	}
}

// v1OrV2Own returns the directory in which this process is listed, as paths.
func v1OrV2Own(t *testing.T) (map[string]string, error) {
	t.Helper()
	text := read(t, "/proc/self", "cgroup")
	if Mode() == Unified {
		path, err := unifiedPath(text)
		return map[string]string{"": filepath.Join(standardRoot, path, "/")}, err
	}
	list, err := parseOwn(text + "\n")
	for _, h := range list {
		if h.Controllers == "pids" {
			return map[string]string{"pids": filepath.Join(standardRoot, "pids", h.own)}, err
		}
	}
	return nil, err
}

func TestDestroyNamesWhoHoldsIt(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	init := start(t, g, idle)
	err := removeTree(g.members(), time.Now().Add(20*time.Millisecond))
	want := fmt.Sprintf("%d (sh)", init.Process.Pid)
	if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("got %v, want EBUSY and %q", err, want)
	}
	// One that ends while we wait is no error.
	done := make(chan error, 1)
	go func() { done <- removeTree(g.members(), patience()) }()
	if err := init.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
