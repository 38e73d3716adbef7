package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
)

// fieldTest is what one field comes to in the files of the kernel.
type fieldTest struct {
	name   string
	in     specs.LinuxResources
	v1, v2 map[string]string // "controller/file", "file"; nil: not there
}

// TestFieldsReachTheKernel sets one field at a time, so that none can hide
// behind another.
//
// covers: linux.resources.memory.limit linux.resources.memory.reservation linux.resources.memory.swap
// covers: linux.resources.memory.swappiness linux.resources.memory.disableOOMKiller
// covers: linux.resources.memory.checkBeforeUpdate linux.resources.memory.useHierarchy
// covers: linux.resources.cpu.shares linux.resources.cpu.quota linux.resources.cpu.period linux.resources.cpu.burst
// covers: linux.resources.cpu.idle linux.resources.cpu.cpus linux.resources.cpu.mems linux.resources.pids.limit
// covers: linux.resources.blockIO.weight
func TestFieldsReachTheKernel(t *testing.T) {
	need(t, anyLayout...)
	memory := func(m specs.LinuxMemory) specs.LinuxResources { return specs.LinuxResources{Memory: &m} }
	cpu := func(c specs.LinuxCPU) specs.LinuxResources { return specs.LinuxResources{CPU: &c} }
	pids := func(n int64) specs.LinuxResources { return specs.LinuxResources{Pids: &specs.LinuxPids{Limit: &n}} }
	for _, test := range []fieldTest{
		{"memory.limit", memory(specs.LinuxMemory{Limit: p[int64](64 << 20)}), map[string]string{"memory/memory.limit_in_bytes": "67108864"}, map[string]string{"memory.max": "67108864", "memory.swap.max": "max"}},
		{"memory.limit checked before", memory(specs.LinuxMemory{Limit: p[int64](64 << 20), CheckBeforeUpdate: p(true)}), map[string]string{"memory/memory.limit_in_bytes": "67108864"}, map[string]string{"memory.max": "67108864"}},
		{"memory.limit -1", memory(specs.LinuxMemory{Limit: p[int64](-1)}), map[string]string{"memory/memory.limit_in_bytes": "9223372036854771712"}, map[string]string{"memory.max": "max", "memory.swap.max": "max"}},
		{"memory.reservation", memory(specs.LinuxMemory{Reservation: p[int64](32 << 20)}), map[string]string{"memory/memory.soft_limit_in_bytes": "33554432"}, map[string]string{"memory.low": "33554432", "memory.max": "max"}},
		{"memory.swap is memory and swap", memory(specs.LinuxMemory{Limit: p[int64](64 << 20), Swap: p[int64](96 << 20)}), map[string]string{"memory/memory.limit_in_bytes": "67108864", "memory/memory.memsw.limit_in_bytes": "100663296"}, map[string]string{"memory.max": "67108864", "memory.swap.max": "33554432"}},
		{"memory.swap like the limit is no swap", memory(specs.LinuxMemory{Limit: p[int64](64 << 20), Swap: p[int64](64 << 20)}), map[string]string{"memory/memory.memsw.limit_in_bytes": "67108864"}, map[string]string{"memory.max": "67108864", "memory.swap.max": "0"}},
		{"memory.swap -1", memory(specs.LinuxMemory{Limit: p[int64](64 << 20), Swap: p[int64](-1)}), map[string]string{"memory/memory.limit_in_bytes": "67108864", "memory/memory.memsw.limit_in_bytes": "9223372036854771712"}, map[string]string{"memory.max": "67108864", "memory.swap.max": "max"}},
		{"memory.swappiness", memory(specs.LinuxMemory{Swappiness: p[uint64](17)}), map[string]string{"memory/memory.swappiness": "17"}, nil},
		{"memory.disableOOMKiller", memory(specs.LinuxMemory{DisableOOMKiller: p(true)}), map[string]string{"memory/memory.oom_control": "oom_kill_disable 1\nunder_oom 0\noom_kill 0"}, nil},
		{"memory.useHierarchy", memory(specs.LinuxMemory{UseHierarchy: p(true)}), map[string]string{"memory/memory.use_hierarchy": "1"}, map[string]string{"memory.max": "max"}},
		{"cpu.shares", cpu(specs.LinuxCPU{Shares: p[uint64](2048)}), map[string]string{"cpu/cpu.shares": "2048"}, map[string]string{"cpu.weight": "174"}},
		{"cpu.quota", cpu(specs.LinuxCPU{Quota: p[int64](30000)}), map[string]string{"cpu/cpu.cfs_quota_us": "30000", "cpu/cpu.cfs_period_us": "100000"}, map[string]string{"cpu.max": "30000 100000"}},
		{"cpu.quota -1", cpu(specs.LinuxCPU{Quota: p[int64](-1)}), map[string]string{"cpu/cpu.cfs_quota_us": "-1"}, map[string]string{"cpu.max": "max 100000"}},
		{"cpu.period", cpu(specs.LinuxCPU{Period: p[uint64](50000)}), map[string]string{"cpu/cpu.cfs_period_us": "50000", "cpu/cpu.cfs_quota_us": "-1"}, map[string]string{"cpu.max": "max 50000"}},
		{"cpu.burst", cpu(specs.LinuxCPU{Quota: p[int64](50000), Burst: p[uint64](20000)}), map[string]string{"cpu/cpu.cfs_burst_us": "20000"}, map[string]string{"cpu.max.burst": "20000"}},
		{"cpu.idle", cpu(specs.LinuxCPU{Idle: p[int64](1), Shares: p[uint64](512)}), map[string]string{"cpu/cpu.idle": "1"}, map[string]string{"cpu.idle": "1"}},
		{"cpu.cpus", cpu(specs.LinuxCPU{Cpus: "0"}), map[string]string{"cpuset/cpuset.cpus": "0"}, map[string]string{"cpuset.cpus": "0"}},
		{"cpu.mems", cpu(specs.LinuxCPU{Mems: "0"}), map[string]string{"cpuset/cpuset.mems": "0"}, map[string]string{"cpuset.mems": "0"}},
		{"pids.limit", pids(31), map[string]string{"pids/pids.max": "31"}, map[string]string{"pids.max": "31"}},
		{"pids.limit 0", pids(0), map[string]string{"pids/pids.max": "1"}, map[string]string{"pids.max": "1"}},
		{"pids.limit -1", pids(-1), map[string]string{"pids/pids.max": "max"}, map[string]string{"pids.max": "max"}},
		{"blockIO.weight", specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{Weight: p[uint16](500)}}, nil, map[string]string{"io.weight": "default 4950"}},
		{"nothing", specs.LinuxResources{}, map[string]string{"pids/pids.max": "max", "cpu/cpu.cfs_quota_us": "-1"}, map[string]string{"pids.max": "max", "memory.max": "max", "memory.swap.max": "max"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.v1
			if Mode() == Unified {
				want = test.v2
			}
			if want == nil {
				t.Skip("not with this cgroup version")
			}
			g := made(t, Config{Resources: &test.in})
			// The kernel may be without what a file is for.
			for file := range want {
				if _, err := os.Stat(kernelFile(g, file)); err != nil {
					t.Skipf("this kernel lacks it: %v", err)
				}
			}
			if err := g.Limit(); err != nil {
				t.Fatal(err)
			}
			for file, want := range want {
				path := kernelFile(g, file)
				if got := read(t, filepath.Dir(path), filepath.Base(path)); got != want {
					t.Errorf("%s: got %q, want %q", file, got, want)
				}
			}
		})
	}
}

func kernelFile(g *Group, name string) string {
	controller, file, found := strings.Cut(name, "/")
	if !found {
		return filepath.Join(g.paths[""], name)
	}
	return filepath.Join(g.paths[controller], file)
}

// pageSize is one that this machine's hugetlb controller has, as it writes it.
func pageSize(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "hugetlb.*.rsvd.*"))
	if err != nil || len(found) == 0 {
		t.Skip("this kernel has no hugetlb reservation limits")
	}
	return strings.Split(filepath.Base(found[0]), ".")[1]
}

// covers: linux.resources.hugepageLimits.pageSize linux.resources.hugepageLimits.limit
func TestHugepageLimitAndReservation(t *testing.T) {
	need(t, anyLayout...)
	g := &Group{paths: map[string]string{"hugetlb": ownHierarchy(t, "hugetlb")}}
	file := "limit_in_bytes"
	if Mode() == Unified {
		g, file = made(t, Config{Resources: &specs.LinuxResources{}}), "max"
		if have, _ := words(g.paths[""], "cgroup.controllers"); !slices.Contains(have, "hugetlb") {
			t.Skip("no hugetlb controller")
		}
	}
	dir := g.paths["hugetlb"] + g.paths[""]
	size := pageSize(t, dir)
	limit := uint64(1 << 30)
	s, err := convert(&specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: size, Limit: limit}}}, g.unified(), everything)
	if err != nil {
		t.Fatal(err)
	}
	g.settings = s
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hugetlb." + size + "." + file, "hugetlb." + size + ".rsvd." + file} {
		if got := read(t, dir, name); got != strconv.FormatUint(limit, 10) {
			t.Errorf("%s: got %s, want %d", name, got, limit)
		}
	}
}

// covers: linux.resources.network.classID linux.resources.network.priorities
func TestNetworkControllers(t *testing.T) {
	need(t, Legacy, Hybrid)
	class := ownHierarchy(t, "net_cls")
	priorities := ownHierarchy(t, "net_prio")
	g := &Group{paths: map[string]string{"net_cls": class, "net_prio": priorities}}
	s, err := convert(&specs.LinuxResources{Network: &specs.LinuxNetwork{
		ClassID: p[uint32](0x100001), Priorities: []specs.LinuxInterfacePriority{{Name: "lo", Priority: 5}},
	}}, false, everything)
	if err != nil {
		t.Fatal(err)
	}
	g.settings = s
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, class, "net_cls.classid"); got != "1048577" {
		t.Errorf("net_cls.classid: got %s, want 1048577", got)
	}
	if got := read(t, priorities, "net_prio.ifpriomap"); !strings.Contains("\n"+got+"\n", "\nlo 5\n") {
		t.Errorf("net_prio.ifpriomap: got %q, want a line lo 5", got)
	}
}

// ownHierarchy returns a new group for the test in a v1 controller that this
// host has mounted. It mounts none itself: the kernel keeps a hierarchy that had
// groups, and every process of the machine is in it from then on. On v2 it
// returns "".
func ownHierarchy(t *testing.T, controller string) string {
	t.Helper()
	if Mode() == Unified {
		return ""
	}
	root := filepath.Join("/sys/fs/cgroup", controller)
	if version, _ := linux.CgroupFS(root); version != linux.CgroupV1 {
		t.Skipf("this host has no hierarchy of the %s controller", controller)
	}
	dir := filepath.Join(root, name())
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
