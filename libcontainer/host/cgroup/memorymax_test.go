package cgroup

import (
	"strings"
	"testing"
)

// eater holds 24 MiB in a shell variable, after which it stands still.
const eater = `x=$(head -c 25165824 /dev/zero | tr '\0' x); echo full; read forever; echo $x`

func TestLowerMemory(t *testing.T) {
	need(t, Unified)
	const kept = `{"memory":{"limit":134217728,"swap":134217728}}`
	g := made(t, Config{Resources: resourcesOf(t, kept)})
	process := start(t, g, eater)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	if got := process.line(); got != "full" {
		t.Fatalf("got %q want full", got)
	}
	before := values(t, g)
	_, err := g.Update(updateOf(t, kept, `{"memory":{"limit":8388608,"swap":8388608,"checkBeforeUpdate":true},"pids":{"limit":20}}`))
	if err == nil || !strings.Contains(err.Error(), "rejecting memory") {
		t.Errorf("got %v, want it to be rejected", err)
	}
	_, err = g.Update(updateOf(t, kept, `{"memory":{"limit":8388608,"checkBeforeUpdate":true}}`))
	if err == nil || !strings.Contains(err.Error(), "linux.resources.memory.limit: rejecting memory limit 8388608 <= usage ") {
		t.Errorf("got %v, want it to be rejected", err)
	}
	if diff := differences(before, values(t, g)); len(diff) > 0 {
		t.Errorf("%s", strings.Join(diff, "\n"))
	}
	if events := read(t, g.paths[""], "memory.events"); !strings.Contains(events, "oom_kill 0") {
		t.Errorf("somebody was killed: %s", events)
	}
	c, err := g.Update(updateOf(t, kept, `{"memory":{"limit":67108864,"checkBeforeUpdate":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, g.paths[""], "memory.max"); got != "67108864" {
		t.Errorf("got %s want 67108864", got)
	}
	if err := c.Undo(); err != nil {
		t.Fatal(err)
	}
	if diff := differences(before, values(t, g)); len(diff) > 0 {
		t.Errorf("%s", strings.Join(diff, "\n"))
	}
}

// TestUndoRaise: what was raised is not lowered again below what is in use by
// then.
func TestUndoRaise(t *testing.T) {
	need(t, Unified)
	const kept = `{"memory":{"limit":8388608,"swap":8388608}}`
	g := made(t, Config{Resources: resourcesOf(t, kept)})
	process := start(t, g, `read go; `+eater)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	c, err := g.Update(updateOf(t, kept, `{"memory":{"limit":134217728,"swap":134217728}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := process.in.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if got := process.line(); got != "full" {
		t.Fatalf("got %q want full", got)
	}
	if err := c.Undo(); err == nil || !strings.Contains(err.Error(), "would kill") {
		t.Errorf("got %v, want it to be refused", err)
	}
	if events := read(t, g.paths[""], "memory.events"); !strings.Contains(events, "oom_kill 0") {
		t.Errorf("somebody was killed: %s", events)
	}
}

func TestLowerMemoryLegacy(t *testing.T) {
	need(t, Legacy, Hybrid)
	const kept = `{"memory":{"limit":134217728}}`
	g := made(t, Config{Resources: resourcesOf(t, kept)})
	process := start(t, g, eater)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	if got := process.line(); got != "full" {
		t.Fatalf("got %q want full", got)
	}
	before := values(t, g)
	_, err := g.Update(updateOf(t, kept, `{"memory":{"limit":8388608},"pids":{"limit":20}}`))
	if err == nil || !strings.Contains(err.Error(), "linux.resources.memory.limit: ") || !strings.Contains(err.Error(), "bytes are in use") {
		t.Errorf("got %v, want it to be refused", err)
	}
	if diff := differences(before, values(t, g)); len(diff) > 0 {
		t.Errorf("%s", strings.Join(diff, "\n"))
	}
}

func TestStuck(t *testing.T) {
	stat := []byte("anon 1000\nfile 500\nkernel 90\nkernel_stack 20\npagetables 30\nshmem 200\nslab_reclaimable 5\nslab_unreclaimable 7\n")
	for swap, want := range map[bool]uint64{false: 1257, true: 57} {
		if got := stuck(stat, swap); got != want {
			t.Errorf("swap %v: got %d want %d", swap, got, want)
		}
	}
}
