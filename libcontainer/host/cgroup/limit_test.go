package cgroup

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestLimitsReachTheKernel(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{Resources: &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: p[int64](64 << 20), Reservation: p[int64](32 << 20)},
		CPU:    &specs.LinuxCPU{Shares: p[uint64](512), Quota: p[int64](50000), Period: p[uint64](100000), Cpus: "0", Mems: "0"},
		Pids:   &specs.LinuxPids{Limit: p[int64](0)},
	}})
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{ // controller/file
		"memory/memory.limit_in_bytes": "67108864", "memory/memory.soft_limit_in_bytes": "33554432", "cpu/cpu.shares": "512",
		"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000", "cpuset/cpuset.cpus": "0", "cpuset/cpuset.mems": "0", "pids/pids.max": "1",
	}
	if g.unified() {
		want = map[string]string{
			"/memory.max": "67108864", "/memory.low": "33554432", "/cpu.weight": "59", "/cpu.max": "50000 100000",
			"/cpuset.cpus": "0", "/cpuset.mems": "0", "/pids.max": "1",
		}
	}
	for file, want := range want {
		controller, file, _ := strings.Cut(file, "/")
		if got := read(t, g.paths[controller], file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	// No limit is put on the real-time class of v1 unless asked for, and
	// CPUs come from the parent.
	plain := made(t, Config{})
	if dir := plain.paths["cpuset"]; dir != "" && read(t, dir, "cpuset.cpus") == "" {
		t.Error("cpuset.cpus is empty: nothing can join")
	}
}

func TestUnlimited(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{Resources: &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: p[int64](-1)}, Pids: &specs.LinuxPids{Limit: p[int64](-1)}, CPU: &specs.LinuxCPU{Quota: p[int64](-1)},
	}})
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	dir := g.paths["pids"]
	if g.unified() {
		dir = g.paths[""]
	}
	if got := read(t, dir, "pids.max"); got != "max" {
		t.Errorf("pids.max: got %q, want max", got)
	}
}

func TestUnifiedValues(t *testing.T) {
	need(t, Unified)
	g := made(t, Config{Resources: &specs.LinuxResources{
		BlockIO: &specs.LinuxBlockIO{Weight: p[uint16](100)},
		Unified: map[string]string{"memory.high": "1048576", "cgroup.max.depth": "4", "pids.max": "77"},
	}})
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"memory.high": "1048576", "cgroup.max.depth": "4", "pids.max": "77"} {
		if got := read(t, g.paths[""], file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	bad := made(t, Config{Resources: &specs.LinuxResources{Unified: map[string]string{"nothing.like.it": "1"}}})
	err := bad.Limit()
	for _, want := range []string{`linux.resources.unified["nothing.like.it"]: `, `controller "nothing" not available`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one with %q", err, want)
		}
	}
}

func TestDeviceRulesHold(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{Resources: &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
		{Access: "rwm"}, rule(true, "c", 1, 5, "rwm"), rule(false, "c", 10, 229, "rwm"), rule(false, "c", 1, 8, "r"),
	}}})
	if err := g.Limit(); err != nil { // on v2 they are set here
		t.Fatal(err)
	}
	init := start(t, g, `exec 2>/dev/null
		try() { if (eval "exec 9$2$3"); then echo "open $1: yes"; else echo "open $1: no"; fi; }
		try null '<>' /dev/null; try zero '<' /dev/zero; try kmsg '<' /dev/kmsg; try random '<' /dev/random; try random-write '>' /dev/random
		t=$(mktemp -d)
		for n in 'c 1 3' 'c 1 11' 'b 7 0'; do if mknod $t/x $n; then echo "mknod $n: yes"; else echo "mknod $n: no"; fi; rm -f $t/x; done
		rm -r $t; echo end`)
	var got []string
	for line := init.line(); line != "end"; line = init.line() {
		got = append(got, line)
	}
	want := []string{
		"open null: yes", "open zero: yes", "open kmsg: no", "open random: no", "open random-write: yes",
		"mknod c 1 3: yes", "mknod c 1 11: yes", "mknod b 7 0: yes",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Rules that no kernel can hold are an error, not a container without them.
func TestHoleInWildcardIsRefused(t *testing.T) {
	need(t, anyLayout...)
	g := planned(t, Config{Resources: &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
		{Access: "rwm"}, rule(false, "c", 136, 0, "rw"),
	}}})
	err := g.Make()
	if err == nil {
		err = g.Limit()
	}
	if err == nil || !strings.Contains(err.Error(), "wildcard") {
		t.Errorf("got %v, want a refusal", err)
	}
}
