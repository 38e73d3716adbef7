// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// limitValue is a limit as v2 writes it.
func limitValue(n int64) string {
	if n == unlimited {
		return "max"
	}
	return decimal(n)
}

// unifiedMemory returns the steps for memory on v2, and whether there will be
// more of it.
func (g *Group) unifiedMemory(u Update, s *settings) (steps []step, raise bool, err error) {
	dir, m := g.paths[""], u.Asked.Memory
	if m == nil {
		return nil, false, nil
	}
	var limit, swap step
	if value(m.Limit) != 0 {
		k := &memoryMax{knob: knob{field: "memory.limit", dir: dir, file: "memory.max", value: limitValue(s.Memory)}}
		k.refuse = s.MemoryCheckBeforeUpdate
		k.swap = s.MemorySwap
		now, err := kernelNumber(dir, k.file)
		if err != nil {
			return nil, false, k.blame(err)
		}
		raise = s.Memory == unlimited || now != unlimited && s.Memory > now
		limit = k
	}
	var less bool
	if value(m.Limit) != 0 || value(m.Swap) != 0 {
		if swap, less, err = g.unifiedSwap(s); err != nil {
			return nil, false, err
		}
	}
	// More swap first, so that memory can go there; less of it last.
	order := []step{swap, limit}
	if less {
		order = []step{limit, swap}
	}
	for _, o := range order {
		if o != nil {
			steps = append(steps, o)
		}
	}
	if s.MemoryReservation != 0 {
		steps = append(steps, &knob{field: "memory.reservation", dir: dir, file: "memory.low", value: limitValue(s.MemoryReservation)})
	}
	return steps, raise, nil
}

// unifiedSwap returns the step for swap, which v2 counts without memory, and
// whether there will be less of it. It is nil if swap has no limit to set.
func (g *Group) unifiedSwap(s *settings) (step, bool, error) {
	if s.MemorySwap == 0 {
		return nil, false, nil
	}
	swap, err := cgroups.ConvertMemorySwapToCgroupV2Value(s.MemorySwap, s.Memory)
	if err != nil {
		return nil, false, field(resourcesPath+"memory.swap", err)
	}
	k := &knob{field: "memory.swap", dir: g.paths[""], file: "memory.swap.max", value: limitValue(swap)}
	// On a machine that has no swap there is no file.
	k.optional = swap == unlimited || swap == 0
	now, err := kernelNumber(k.dir, k.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, k.blame(err)
	}
	return k, swap != unlimited && (now == unlimited || swap < now), nil
}

// unifiedSteps returns the steps for everything but memory and devices on v2.
func (g *Group) unifiedSteps(u Update, s *settings) []step {
	var l list
	dir := g.paths[""]
	l.unifiedCPU(dir, u, s)
	l.cpuset(dir, s)
	if s.PidsLimit != nil {
		l.set("pids.limit", dir, "pids.max", pidsValue(*s.PidsLimit))
	}
	l.unifiedBlockIO(dir, s)
	l.hugepages(dir, ".max", s)
	l.rdma(dir, s)
	for _, name := range slices.Sorted(maps.Keys(s.unified)) {
		l.free(dir, name, s.unified[name], s.MemoryCheckBeforeUpdate)
	}
	return l.steps
}

func (l *list) unifiedCPU(dir string, u Update, s *settings) {
	if u.Asked.CPU == nil {
		return
	}
	l.weightAndIdle(dir, u, s, func(shares uint64) *knob {
		weight := cgroups.ConvertCPUSharesToCgroupV2Value(shares)
		return &knob{field: "cpu.shares", dir: dir, file: "cpu.weight", value: strconv.FormatUint(weight, 10)}
	})
	l.around(dir, "cpu.max.burst", s.CpuBurst, func() {
		if s.CpuQuota == 0 && s.CpuPeriod == 0 {
			return
		}
		// One file has both; what is not given stays.
		quota, period := "max", "100000"
		if text, err := linux.ReadKernelFile(filepath.Join(dir, "cpu.max")); err == nil {
			if f := strings.Fields(string(text)); len(f) == 2 {
				quota, period = f[0], f[1]
			}
		}
		field := "cpu.period"
		if s.CpuQuota != 0 {
			quota, field = limitValue(max(s.CpuQuota, unlimited)), "cpu.quota"
		}
		if s.CpuPeriod != 0 {
			period = strconv.FormatUint(s.CpuPeriod, 10)
		}
		l.set(field, dir, "cpu.max", quota+" "+period)
	})
}

const everythingOfDevice = "rbps=max wbps=max riops=max wiops=max"

func (l *list) unifiedBlockIO(dir string, s *settings) {
	file, convert := weightFile(dir)
	if s.weight != 0 {
		l.keyed("blockIO.weight", dir, file, "default", strconv.FormatUint(convert(s.weight), 10), "100")
	}
	for _, d := range s.weights {
		l.keyed("blockIO.weightDevice", dir, file, number(&d.BlockIODevice), strconv.FormatUint(convert(d.Weight), 10), "default")
	}
	for _, t := range throttles(s) {
		for _, d := range t.devices {
			rate := "max" // Compat(runc): 0 is no limit, as on v1
			if d.Rate != 0 {
				rate = strconv.FormatUint(d.Rate, 10)
			}
			l.keyed(t.field, dir, "io.max", number(&d.BlockIODevice), t.unified+"="+rate, everythingOfDevice)
		}
	}
}

// free sets a file of linux.resources.unified. refuse is as in memoryMax.
func (l *list) free(dir, name, text string, refuse bool) {
	member := "unified[" + strconv.Quote(name) + "]"
	absent := ""
	switch name {
	case "memory.max":
		l.steps = append(l.steps, &memoryMax{knob: knob{field: member, dir: dir, file: name, value: strings.TrimSpace(text)}, refuse: refuse})
		return
	case "io.max":
		absent = everythingOfDevice
	case "io.weight", "io.bfq.weight":
		absent = "default"
	case "io.latency":
		absent = "target=0"
	case "rdma.max":
		absent = "hca_handle=max hca_object=max"
	case "misc.max":
		absent = "max"
	default:
		l.set(member, dir, name, strings.TrimSpace(text)).blind = true
		return
	}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			key, value = "default", key
		}
		l.keyed(member, dir, name, key, strings.TrimSpace(value), absent)
	}
}

// parseLimit reads the value of a limit as it is written; what is no plain
// number is for the kernel to understand.
func parseLimit(value string) uint64 {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return math.MaxUint64
	}
	return n
}
