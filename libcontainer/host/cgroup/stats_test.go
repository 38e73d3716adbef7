package cgroup

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/cgroups"
)

func TestStats(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{Resources: resourcesOf(t, `{"memory":{"limit":67108864},"pids":{"limit":9},"cpu":{"cpus":"0","mems":"0"}}`)})
	process := start(t, g, `i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo done; `+idle)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	process.line()
	s, err := g.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if s.Memory.Usage.Limit != 67108864 || s.Memory.Usage.Usage == 0 || len(s.Memory.Raw) == 0 {
		t.Errorf("memory: got %+v", s.Memory)
	}
	if s.Pids.Current != 1 || s.Pids.Limit != 9 {
		t.Errorf("pids: got %+v", s.Pids)
	}
	if (g.unified() || g.paths["cpuacct"] != "") && s.CPU.Usage.Total == 0 {
		t.Errorf("cpu: got %+v", s.CPU)
	}
	if !g.unified() && (len(s.CPUSet.CPUs) != 1 || s.CPUSet.CPUs[0] != 0) {
		t.Errorf("cpuset: got %+v", s.CPUSet)
	}
}

// TestStatsShape compares the JSON of figures that are all different with a
// file, whose names are those of runc's events.
func TestStatsShape(t *testing.T) {
	data := func(n uint64) cgroups.MemoryData {
		return cgroups.MemoryData{Usage: n, MaxUsage: n + 1, Failcnt: n + 2, Limit: n + 3}
	}
	psi := func(n uint64) *cgroups.PSIStats {
		return &cgroups.PSIStats{Some: cgroups.PSIData{Avg10: 0.5, Avg60: 1, Avg300: 2, Total: n}, Full: cgroups.PSIData{Total: n + 1}}
	}
	entry := func(n uint64) []cgroups.BlkioStatEntry {
		return []cgroups.BlkioStatEntry{{Major: 8, Minor: n, Op: "Read", Value: n}}
	}
	from := cgroups.NewStats()
	from.CpuStats = cgroups.CpuStats{
		CpuUsage:       cgroups.CpuUsage{TotalUsage: 1, PercpuUsage: []uint64{2}, PercpuUsageInKernelmode: []uint64{3}, PercpuUsageInUsermode: []uint64{4}, UsageInKernelmode: 5, UsageInUsermode: 6},
		ThrottlingData: cgroups.ThrottlingData{Periods: 7, ThrottledPeriods: 8, ThrottledTime: 9}, PSI: psi(10),
	}
	from.CPUSetStats = cgroups.CPUSetStats{
		CPUs: []uint16{0, 1}, CPUExclusive: 12, Mems: []uint16{0}, MemHardwall: 13, MemExclusive: 14, MemoryMigrate: 15, MemorySpreadPage: 16,
		MemorySpreadSlab: 17, MemoryPressure: 18, SchedLoadBalance: 19, SchedRelaxDomainLevel: -1,
	}
	from.MemoryStats = cgroups.MemoryStats{
		Cache: 20, Usage: data(30), SwapUsage: data(40), KernelUsage: data(50), KernelTCPUsage: data(60), Stats: map[string]uint64{"anon": 70}, PSI: psi(71),
	}
	from.PidsStats = cgroups.PidsStats{Current: 73, Limit: 74}
	from.BlkioStats = cgroups.BlkioStats{
		IoServiceBytesRecursive: entry(80), IoServicedRecursive: entry(81), IoQueuedRecursive: entry(82), IoServiceTimeRecursive: entry(83),
		IoWaitTimeRecursive: entry(84), IoMergedRecursive: entry(85), IoTimeRecursive: entry(86), SectorsRecursive: entry(87), PSI: psi(88),
	}
	from.HugetlbStats["2MB"] = cgroups.HugetlbStats{Usage: 90, MaxUsage: 91, Failcnt: 92}
	got, err := json.MarshalIndent(convertStats(from), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/stats.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != string(got) {
		t.Errorf("got %s", got)
	}
	// What is zero is left out, as readers know it.
	got, err = json.Marshal(convertStats(cgroups.NewStats()))
	const empty = `{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},"cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,` +
		`"memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},` +
		`"memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},"kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0}},` +
		`"pids":{},"blkio":{},"hugetlb":{}}`
	if err != nil || string(got) != empty {
		t.Errorf("got %s, %v want %s", got, err, empty)
	}
}
