package cgroup

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

func resourcesOf(t *testing.T, text string) *specs.LinuxResources {
	t.Helper()
	r := new(specs.LinuxResources)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func updateOf(t *testing.T, kept, asked string) Update {
	t.Helper()
	u := Update{Kept: resourcesOf(t, kept), Asked: resourcesOf(t, asked)}
	u.Merged = spec.MergeResources(u.Kept, u.Asked)
	if err := spec.CheckResources(u.Merged); err != nil {
		t.Fatal(err)
	}
	return u
}

// grown returns a group that was made with kept, has a process, and is known as
// a later command knows it.
func grown(t *testing.T, kept string) *Group {
	t.Helper()
	g := made(t, Config{Resources: resourcesOf(t, kept)})
	start(t, g, idle)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	later, err := Load(g.Paths(), g.Kept()...)
	if err != nil {
		t.Fatal(err)
	}
	return later
}

// values reads everything in the group that can be set.
func values(t *testing.T, g *Group) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, dir := range g.dirs() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o200 == 0 {
				continue
			}
			switch name := e.Name(); {
			case strings.Contains(name, "usage"), strings.Contains(name, "failcnt"), strings.Contains(name, "peak"),
				strings.Contains(name, "pressure"), strings.Contains(name, "event_control"), name == "cgroup.procs", name == "tasks":
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if strings.HasPrefix(e.Name(), "cpuset.") && strings.TrimSpace(string(b)) == "" {
				// What it comes to: the kernel does not take back the word itself.
				b, err = os.ReadFile(filepath.Join(dir, e.Name()+".effective"))
			}
			if err == nil {
				all[filepath.Join(dir, e.Name())] = string(b)
			}
		}
	}
	return all
}

func differences(before, after map[string]string) []string {
	var list []string
	for _, file := range slices.Sorted(maps.Keys(before)) {
		if before[file] != after[file] {
			list = append(list, file+": was "+strconv.Quote(before[file])+", is "+strconv.Quote(after[file]))
		}
	}
	return list
}

const (
	keptResources = `{"memory":{"limit":67108864,"swap":134217728},"cpu":{"shares":300,"quota":50000,"period":100000,"burst":1000},"pids":{"limit":20}}`
	askedForAll   = `{"memory":{"limit":33554432,"swap":33554432,"reservation":8388608},
		"cpu":{"shares":600,"quota":20000,"period":40000,"burst":500,"cpus":"0","mems":"0"},"pids":{"limit":30},
		"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}]}`
)

func TestUpdate(t *testing.T) {
	need(t, anyLayout...)
	for _, test := range []struct {
		name, kept, asked  string
		legacy             map[string]string // controller/file
		unified            map[string]string
		changed, unchanged string // field
	}{
		{"all", keptResources, askedForAll, map[string]string{
			"memory/memory.limit_in_bytes": "33554432", "memory/memory.memsw.limit_in_bytes": "33554432", "memory/memory.soft_limit_in_bytes": "8388608",
			"cpu/cpu.shares": "600", "cpu/cpu.cfs_quota_us": "20000", "cpu/cpu.cfs_period_us": "40000", "cpu/cpu.cfs_burst_us": "500",
			"cpuset/cpuset.cpus": "0", "cpuset/cpuset.mems": "0", "pids/pids.max": "30",
		}, map[string]string{
			"/memory.max": "33554432", "/memory.swap.max": "0", "/memory.low": "8388608", "/memory.high": "max",
			"/cpu.max": "20000 40000", "/cpu.max.burst": "500", "/cpuset.cpus": "0", "/cpuset.mems": "0", "/pids.max": "30",
		}, "devices", ""},
		{"up", keptResources, `{"memory":{"limit":268435456,"swap":536870912},"cpu":{"quota":200000,"burst":100000}}`, map[string]string{
			"memory/memory.limit_in_bytes": "268435456", "memory/memory.memsw.limit_in_bytes": "536870912",
			"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_burst_us": "100000", "cpu/cpu.cfs_period_us": "100000",
		}, map[string]string{
			"/memory.max": "268435456", "/memory.swap.max": "268435456", "/cpu.max": "200000 100000", "/cpu.max.burst": "100000",
		}, "memory.limit", "pids.limit"},
		{"no limits", keptResources, `{"memory":{"limit":-1},"cpu":{"quota":-1,"burst":0},"pids":{"limit":-1}}`, map[string]string{
			"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.memsw.limit_in_bytes": "9223372036854771712",
			"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_burst_us": "0", "pids/pids.max": "max",
		}, map[string]string{
			"/memory.max": "max", "/memory.swap.max": "max", "/cpu.max": "max 100000", "/cpu.max.burst": "0", "/pids.max": "max",
		}, "cpu.quota", "cpu.shares"},
		{"the same", keptResources, keptResources, map[string]string{"pids/pids.max": "20"}, map[string]string{"/pids.max": "20"}, "", "memory.limit"},
		{"period alone", keptResources, `{"cpu":{"period":200000}}`, map[string]string{"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "200000"},
			map[string]string{"/cpu.max": "50000 200000"}, "cpu.period", "cpu.quota"},
		{"no longer idle", `{"cpu":{"shares":300,"idle":1}}`, `{"cpu":{"idle":0}}`, map[string]string{"cpu/cpu.idle": "0", "cpu/cpu.shares": "300"},
			map[string]string{"/cpu.idle": "0"}, "cpu.shares", "cpu.quota"},
		{"shares while idle", `{"cpu":{"idle":1}}`, `{"cpu":{"shares":300}}`, map[string]string{"cpu/cpu.idle": "1"}, map[string]string{"/cpu.idle": "1"}, "", "cpu.shares"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := grown(t, test.kept)
			before := values(t, g)
			c, err := g.Update(updateOf(t, test.kept, test.asked))
			if err != nil {
				t.Fatal(err)
			}
			want := test.legacy
			if g.unified() {
				want = test.unified
			}
			for file, want := range want {
				controller, file, _ := strings.Cut(file, "/")
				path := filepath.Join(g.paths[controller], file)
				if _, ok := before[path]; !ok && strings.Contains(file, "swap") || strings.Contains(file, "memsw") {
					continue // no swap on this machine
				}
				if got := read(t, g.paths[controller], file); got != want {
					t.Errorf("%s: got %q, want %q", file, got, want)
				}
			}
			said := strings.Join(c.Changed, "\n")
			if test.changed != "" && !strings.Contains(said, resourcesPath+test.changed+": ") {
				t.Errorf("says nothing of %s: %s", test.changed, said)
			}
			if test.unchanged != "" && strings.Contains(said, resourcesPath+test.unchanged+": ") {
				t.Errorf("speaks of %s: %s", test.unchanged, said)
			}
			if err := c.Undo(); err != nil {
				t.Fatal(err)
			}
			if diff := differences(before, values(t, g)); len(diff) > 0 {
				t.Errorf("after Undo: %s", strings.Join(diff, "\n"))
			}
		})
	}
}

// broken is a step that fails.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) apply() (string, error) { return "", errBroken }
func (broken) undo() error            { return nil }

// TestUpdateIsWhole lets each of the steps of an update fail in turn: every time
// all values are what they were.
func TestUpdateIsWhole(t *testing.T) {
	need(t, anyLayout...)
	for name, asked := range map[string]string{
		"less": askedForAll,
		"more": strings.Replace(askedForAll, `"limit":33554432,"swap":33554432`, `"limit":268435456,"swap":536870912`, 1),
		"idle": `{"cpu":{"idle":1,"quota":40000,"period":50000},"pids":{"limit":50}}`,
	} {
		t.Run(name, func(t *testing.T) {
			g := grown(t, keptResources)
			before := values(t, g)
			u := updateOf(t, keptResources, asked)
			for n := 0; ; n++ {
				steps, _, err := g.plan(u)
				if err != nil {
					t.Fatal(err)
				}
				if n > len(steps) {
					break
				}
				_, err = take(slices.Insert(steps, n, step(broken{})))
				if !errors.Is(err, errBroken) || strings.Contains(err.Error(), "undoing") {
					t.Fatalf("step %d: got %v, want %v", n, err, errBroken)
				}
				if diff := differences(before, values(t, g)); len(diff) > 0 {
					t.Fatalf("step %d: %s", n, strings.Join(diff, "\n"))
				}
			}
			// And the kernel as the one who refuses.
			u.Asked.CPU.Cpus = "0,1023"
			if _, err := g.Update(u); err == nil || !strings.Contains(err.Error(), "linux.resources.cpu.cpus: ") {
				t.Errorf("got %v, want it to be about linux.resources.cpu.cpus", err)
			}
			if diff := differences(before, values(t, g)); len(diff) > 0 {
				t.Errorf("%s", strings.Join(diff, "\n"))
			}
		})
	}
}

func TestUpdateRefused(t *testing.T) {
	need(t, anyLayout...)
	g := grown(t, `{}`)
	for asked, want := range map[string]string{
		`{"cpu":{"cpus":"0,1023"}}`:                                       "linux.resources.cpu.cpus: ",
		`{"hugepageLimits":[{"pageSize":"3MB","limit":1}]}`:               "linux.resources.hugepageLimits",
		`{"pids":{"limit":9223372036854775807}}`:                          "linux.resources.pids.limit: ",
		`{"devices":[{"allow":true,"type":"c","major":-5,"access":"r"}]}`: "",
	} {
		if want == "" {
			continue
		}
		if _, err := g.Update(updateOf(t, `{}`, asked)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to be about %s", asked, err, want)
		}
	}
	nowhere, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nowhere.Update(updateOf(t, `{}`, `{"pids":{"limit":5}}`)); err == nil || !strings.Contains(err.Error(), "without the right to make a cgroup") {
		t.Errorf("without a cgroup: got %v", err)
	}
}

// TestUpdateKeepsForeignValues changes a value behind the container's back.
func TestUpdateKeepsForeignValues(t *testing.T) {
	need(t, anyLayout...)
	g := grown(t, keptResources)
	dir := g.paths["pids"]
	if g.unified() {
		dir = g.paths[""]
	}
	file := filepath.Join(dir, "pids.max")
	if err := os.WriteFile(file, []byte("77"), 0); err != nil {
		t.Fatal(err)
	}
	c, err := g.Update(updateOf(t, keptResources, `{"cpu":{"shares":400}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "pids.max"); got != "77" {
		t.Errorf("not asked for: got %s, want 77", got)
	}
	if err := c.Undo(); err != nil {
		t.Fatal(err)
	}
	if c, err = g.Update(updateOf(t, keptResources, `{"pids":{"limit":30}}`)); err != nil {
		t.Fatal(err)
	}
	if err := c.Undo(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "pids.max"); got != "77" {
		t.Errorf("after Undo: got %s, want 77, which was there", got)
	}
}

// TestUpdateForeignDevices: what a tool for GPUs has added to v1's list stays
// while the container's own rules do not change.
func TestUpdateForeignDevices(t *testing.T) {
	need(t, Legacy, Hybrid)
	const kept = `{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":11,"access":"r"}]}`
	g := grown(t, kept)
	dir := g.paths["devices"]
	if err := os.WriteFile(filepath.Join(dir, "devices.allow"), []byte("c 10:229 rw"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Update(updateOf(t, kept, kept)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "devices.list"); !strings.Contains(got, "c 10:229 rw") || !strings.Contains(got, "c 1:11 r") {
		t.Errorf("same rules: got %s", got)
	}
	if _, err := g.Update(updateOf(t, kept, `{"devices":[{"allow":false,"access":"rwm"}]}`)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "devices.list"); strings.Contains(got, "c 10:229") || strings.Contains(got, "c 1:11 r") {
		t.Errorf("other rules: got %s", got)
	}
}

func TestPeriodFirst(t *testing.T) {
	for _, test := range []struct {
		oldTime, oldPeriod, newTime, newPeriod int64
		want                                   bool
	}{
		{50, 100, 10, 20, false},   // 10/100, then 10/20
		{10, 20, 50, 100, true},    // 10/100, then 50/100
		{-1, 100, 50, 200, true},   // no limit has no share
		{50, 100, -1, 200, false},  // likewise
		{50, 100, 50, 50, false},   // either way
		{100, 100, 100, 200, true}, // 100/200
	} {
		if got := periodFirst(test.oldTime, test.oldPeriod, test.newTime, test.newPeriod); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

// TestKnobLines reads and writes lines of files that have one for each device.
func TestKnobLines(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "io.max"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := &knob{dir: dir, file: "io.max", key: "8:0", absent: everythingOfDevice}
	for text, want := range map[string]string{
		"":                                   "8:0 " + everythingOfDevice,
		"8:16 rbps=1 wbps=2\n":               "8:0 " + everythingOfDevice,
		"8:16 rbps=1\n8:0 rbps=2 wbps=max\n": "8:0 rbps=2 wbps=max",
	} {
		write(text)
		if got, err := k.read(); err != nil || got != want {
			t.Errorf("%q: got %q, %v want %q", text, got, err, want)
		}
	}
	bare := &knob{dir: dir, file: "io.max", key: "oom_kill_disable", bare: true}
	write("oom_kill_disable 1\nunder_oom 0\n")
	if got, err := bare.read(); err != nil || got != "1" {
		t.Errorf("got %q, %v want 1", got, err)
	}
}
