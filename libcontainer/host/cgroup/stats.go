// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"fmt"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"
	v2 "github.com/opencontainers/cgroups/fs2"
)

// Stats are the figures of a group. The names in JSON are those that readers of
// `runc events` know, and so is which zeros are left out.
type Stats struct {
	CPU     CPUStats                `json:"cpu"`
	CPUSet  CPUSetStats             `json:"cpuset"`
	Memory  MemoryStats             `json:"memory"`
	Pids    PidsStats               `json:"pids"`
	Blkio   BlkioStats              `json:"blkio"`
	Hugetlb map[string]HugetlbStats `json:"hugetlb"`
}

// CPUStats are times in nanoseconds.
type CPUStats struct {
	Usage      CPUUsage  `json:"usage"`
	Throttling CPULimits `json:"throttling"`
	PSI        *Pressure `json:"psi,omitempty"`
}

// CPUUsage is the time used, in total and, on v1, of each CPU.
type CPUUsage struct {
	Total        uint64   `json:"total,omitempty"`
	Percpu       []uint64 `json:"percpu,omitempty"`
	PercpuKernel []uint64 `json:"percpu_kernel,omitempty"`
	PercpuUser   []uint64 `json:"percpu_user,omitempty"`
	Kernel       uint64   `json:"kernel"`
	User         uint64   `json:"user"`
}

// CPULimits is how often and how long the quota was used up.
type CPULimits struct {
	Periods          uint64 `json:"periods,omitempty"`
	ThrottledPeriods uint64 `json:"throttledPeriods,omitempty"`
	ThrottledTime    uint64 `json:"throttledTime,omitempty"`
}

// Pressure is how much of the time some or all processes waited for something.
type Pressure struct {
	Some PressureOf `json:"some"`
	Full PressureOf `json:"full"`
}

// PressureOf has shares in percent over so many seconds, and microseconds.
type PressureOf struct {
	Avg10  float64 `json:"avg10"`
	Avg60  float64 `json:"avg60"`
	Avg300 float64 `json:"avg300"`
	Total  uint64  `json:"total"`
}

// CPUSetStats is the cpuset of v1; on v2 it is empty.
type CPUSetStats struct {
	CPUs                  []uint16 `json:"cpus,omitempty"`
	CPUExclusive          uint64   `json:"cpu_exclusive"`
	Mems                  []uint16 `json:"mems,omitempty"`
	MemHardwall           uint64   `json:"mem_hardwall"`
	MemExclusive          uint64   `json:"mem_exclusive"`
	MemoryMigrate         uint64   `json:"memory_migrate"`
	MemorySpreadPage      uint64   `json:"memory_spread_page"`
	MemorySpreadSlab      uint64   `json:"memory_spread_slab"`
	MemoryPressure        uint64   `json:"memory_pressure"`
	SchedLoadBalance      uint64   `json:"sched_load_balance"`
	SchedRelaxDomainLevel int64    `json:"sched_relax_domain_level"`
}

// MemoryStats are bytes; raw has the lines of memory.stat.
type MemoryStats struct {
	Cache     uint64            `json:"cache,omitempty"`
	Usage     MemoryUse         `json:"usage"`
	Swap      MemoryUse         `json:"swap"`
	Kernel    MemoryUse         `json:"kernel"`
	KernelTCP MemoryUse         `json:"kernelTCP"`
	Raw       map[string]uint64 `json:"raw,omitempty"`
	PSI       *Pressure         `json:"psi,omitempty"`
}

// MemoryUse is one kind of memory.
type MemoryUse struct {
	Limit   uint64 `json:"limit"`
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// PidsStats is the number of processes; a limit of 0 is none.
type PidsStats struct {
	Current uint64 `json:"current,omitempty"`
	Limit   uint64 `json:"limit,omitempty"`
}

// BlkioStats has lines for devices and operations.
type BlkioStats struct {
	IoServiceBytesRecursive []BlkioEntry `json:"ioServiceBytesRecursive,omitempty"`
	IoServicedRecursive     []BlkioEntry `json:"ioServicedRecursive,omitempty"`
	IoQueuedRecursive       []BlkioEntry `json:"ioQueueRecursive,omitempty"`
	IoServiceTimeRecursive  []BlkioEntry `json:"ioServiceTimeRecursive,omitempty"`
	IoWaitTimeRecursive     []BlkioEntry `json:"ioWaitTimeRecursive,omitempty"`
	IoMergedRecursive       []BlkioEntry `json:"ioMergedRecursive,omitempty"`
	IoTimeRecursive         []BlkioEntry `json:"ioTimeRecursive,omitempty"`
	SectorsRecursive        []BlkioEntry `json:"sectorsRecursive,omitempty"`
	PSI                     *Pressure    `json:"psi,omitempty"`
}

// BlkioEntry is one of these lines.
type BlkioEntry struct {
	Major uint64 `json:"major,omitempty"`
	Minor uint64 `json:"minor,omitempty"`
	Op    string `json:"op,omitempty"`
	Value uint64 `json:"value,omitempty"`
}

// HugetlbStats are bytes in pages of one size.
type HugetlbStats struct {
	Usage   uint64 `json:"usage,omitempty"`
	Max     uint64 `json:"max,omitempty"`
	Failcnt uint64 `json:"failcnt"`
}

// Stats reads the figures of the group.
func (g *Group) Stats() (*Stats, error) {
	if g.None() {
		return nil, fmt.Errorf("read figures: %w", ErrNone)
	}
	var from *cgroups.Stats
	var err error
	config := &cgroups.Cgroup{Resources: &cgroups.Resources{}}
	if g.unified() {
		var m *v2.Manager
		if m, err = v2.NewManager(config, g.paths[""]); err == nil {
			from, err = m.GetStats()
		}
	} else {
		// Without paths of its own the library would look for some.
		var m *v1.Manager
		if m, err = v1.NewManager(config, g.Paths()); err == nil {
			from, err = m.GetStats()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read figures of %s: %w", g, err)
	}
	return convertStats(from), nil
}

func convertStats(from *cgroups.Stats) *Stats {
	cpu, memory := &from.CpuStats, &from.MemoryStats
	s := &Stats{
		CPU: CPUStats{
			Usage: CPUUsage{
				Total: cpu.CpuUsage.TotalUsage, Percpu: cpu.CpuUsage.PercpuUsage,
				PercpuKernel: cpu.CpuUsage.PercpuUsageInKernelmode, PercpuUser: cpu.CpuUsage.PercpuUsageInUsermode,
				Kernel: cpu.CpuUsage.UsageInKernelmode, User: cpu.CpuUsage.UsageInUsermode,
			},
			Throttling: CPULimits(cpu.ThrottlingData),
			PSI:        pressure(cpu.PSI),
		},
		CPUSet: CPUSetStats(from.CPUSetStats),
		Memory: MemoryStats{
			Cache: memory.Cache, Usage: memoryUse(memory.Usage), Swap: memoryUse(memory.SwapUsage),
			Kernel: memoryUse(memory.KernelUsage), KernelTCP: memoryUse(memory.KernelTCPUsage),
			Raw: memory.Stats, PSI: pressure(memory.PSI),
		},
		Pids:    PidsStats(from.PidsStats),
		Blkio:   convertBlkio(&from.BlkioStats),
		Hugetlb: make(map[string]HugetlbStats, len(from.HugetlbStats)),
	}
	for size, h := range from.HugetlbStats {
		s.Hugetlb[size] = HugetlbStats{Usage: h.Usage, Max: h.MaxUsage, Failcnt: h.Failcnt}
	}
	return s
}

func memoryUse(m cgroups.MemoryData) MemoryUse {
	return MemoryUse{Limit: m.Limit, Usage: m.Usage, Max: m.MaxUsage, Failcnt: m.Failcnt}
}

func pressure(p *cgroups.PSIStats) *Pressure {
	if p == nil {
		return nil
	}
	return &Pressure{Some: PressureOf(p.Some), Full: PressureOf(p.Full)}
}

func convertBlkio(from *cgroups.BlkioStats) BlkioStats {
	entries := func(list []cgroups.BlkioStatEntry) []BlkioEntry {
		out := make([]BlkioEntry, len(list))
		for i, e := range list {
			out[i] = BlkioEntry(e)
		}
		return out
	}
	return BlkioStats{
		IoServiceBytesRecursive: entries(from.IoServiceBytesRecursive),
		IoServicedRecursive:     entries(from.IoServicedRecursive),
		IoQueuedRecursive:       entries(from.IoQueuedRecursive),
		IoServiceTimeRecursive:  entries(from.IoServiceTimeRecursive),
		IoWaitTimeRecursive:     entries(from.IoWaitTimeRecursive),
		IoMergedRecursive:       entries(from.IoMergedRecursive),
		IoTimeRecursive:         entries(from.IoTimeRecursive),
		SectorsRecursive:        entries(from.SectorsRecursive),
		PSI:                     pressure(from.PSI),
	}
}
