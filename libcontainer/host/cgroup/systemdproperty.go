// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
	"github.com/opencontainers/cgroups"
)

// infinity is how systemd writes that there is no limit.
const infinity = math.MaxUint64

// properties are those of a unit, by the names that systemd has for them on
// the bus, in order and each once.
type properties []systemd.Property

func (p *properties) add(name string, value any) {
	p.put(systemd.Property{Name: name, Value: dbus.MakeVariant(value)})
}

func (p *properties) put(q systemd.Property) {
	if i := p.find(q.Name); i >= 0 {
		(*p)[i] = q
	} else {
		*p = append(*p, q)
	}
}

func (p *properties) find(name string) int {
	return slices.IndexFunc(*p, func(q systemd.Property) bool { return q.Name == name })
}

// limits collects what systemd has to know of the resources: the values in
// the files that it writes itself. It writes those of a controller again when
// one of them changes, after a daemon-reload for instance, and what it does
// not know is gone then. The other files are ours alone.
type limits struct {
	properties
	version int // of systemd
	v2      bool
}

// limitProperties returns the properties for s.
func limitProperties(s *settings, v2 bool, version int) properties {
	l := limits{version: version, v2: v2}
	if v2 {
		l.memory(s)
		l.cpuWeight(s)
		if s.weight != 0 {
			l.add("IOWeight", ioWeight(s.weight))
		}
	} else {
		l.legacy(s)
	}
	l.cpuQuota(s.CpuQuota, s.CpuPeriod)
	if s.PidsLimit != nil {
		// systemd has no 0, and the 1 that it has is the same: init is there.
		l.add("TasksMax", orInfinity(max(*s.PidsLimit, -1), 1))
	}
	l.cpuSet("AllowedCPUs", s.CpusetCpus)
	l.cpuSet("AllowedMemoryNodes", s.CpusetMems)
	for _, name := range slices.Sorted(maps.Keys(s.unified)) {
		l.unified(name, strings.TrimSpace(s.unified[name]))
	}
	return l.properties
}

// orInfinity returns a limit as systemd writes it, at least least.
func orInfinity(limit int64, least uint64) uint64 {
	if limit < 0 {
		return infinity
	}
	return max(uint64(limit), least)
}

// addSince adds a property that systemd has since some version. Before, it
// does not touch the file either.
func (l *limits) addSince(version int, name string, value any) {
	if l.version >= version {
		l.add(name, value)
	}
}

func (l *limits) memory(s *settings) {
	if s.Memory != 0 {
		l.add("MemoryMax", orInfinity(s.Memory, 0))
	}
	if s.MemoryReservation != 0 {
		l.add("MemoryLow", orInfinity(s.MemoryReservation, 0))
	}
	// What is wrong with these two was found before.
	swap, err := cgroups.ConvertMemorySwapToCgroupV2Value(s.MemorySwap, s.Memory)
	if err == nil && (swap != 0 || s.MemorySwap > 0) {
		l.add("MemorySwapMax", orInfinity(swap, 0))
	}
}

func (l *limits) cpuWeight(s *settings) {
	const idle = 0 // as a weight it is how systemd writes cpu.idle
	if s.CPUIdle != nil && *s.CPUIdle == 1 {
		l.addSince(252, "CPUWeight", uint64(idle))
	} else if s.CpuWeight != 0 {
		l.add("CPUWeight", s.CpuWeight)
	}
}

// legacy adds what has other names, or units, on v1.
func (l *limits) legacy(s *settings) {
	if s.Memory != 0 {
		l.add("MemoryLimit", orInfinity(s.Memory, 0))
	}
	if s.CpuShares != 0 {
		l.add("CPUShares", s.CpuShares)
	}
	if s.BlkioWeight != 0 {
		l.add("BlockIOWeight", uint64(s.BlkioWeight))
	}
	l.devices(s)
}

// cpuQuota adds the part of a CPU's second that may be used. systemd keeps it
// in whole percents, so that after a reload it may be up to one more than was
// asked for: rounded down it could be less.
func (l *limits) cpuQuota(quota int64, period uint64) {
	const (
		second        = 1_000_000 // in µs
		percent       = second / 100
		defaultPeriod = 100_000 // the kernel's
	)
	if period != 0 {
		l.addSince(242, "CPUQuotaPeriodUSec", period)
	}
	switch {
	case quota > 0:
		if period == 0 {
			period = defaultPeriod
		}
		whole, rest := uint64(quota)/period, uint64(quota)%period
		if whole > infinity/second-1 {
			l.add("CPUQuotaPerSecUSec", uint64(infinity))
			return
		}
		used := whole*second + rest*second/period
		if rest*second%period != 0 {
			used++
		}
		l.add("CPUQuotaPerSecUSec", (used+percent-1)/percent*percent)
	case quota < 0 || period != 0:
		l.add("CPUQuotaPerSecUSec", uint64(infinity))
	}
}

// cpuSet adds a list of CPUs or memory nodes.
func (l *limits) cpuSet(name, list string) {
	// On v1 systemd knows no cpusets.
	if bits := bitmap(list); l.v2 && bits != nil {
		l.addSince(244, name, bits)
	}
}

// bitmap writes a list such as 0-3,7 as the bits of bytes, the first CPU in
// the lowest. It returns nil for what cannot be written so; the list itself
// was checked before, and the kernel gets it as it is.
func bitmap(list string) []byte {
	var bits []byte
	for entry := range strings.SplitSeq(strings.ReplaceAll(list, " ", ""), ",") {
		first, last, isRange := strings.Cut(entry, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		if err1 != nil || err2 != nil {
			return nil
		}
		for n := from; n <= to; n++ {
			for uint64(len(bits)) <= n/8 {
				bits = append(bits, 0)
			}
			bits[n/8] |= 1 << (n % 8)
		}
	}
	return bits
}

// unified adds a value of linux.resources.unified, if it is in a file that
// systemd writes. One that it would not understand is for the kernel to refuse.
func (l *limits) unified(file, value string) {
	number := func(name string) {
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			l.add(name, n)
		} else if value == "max" {
			l.add(name, uint64(infinity))
		}
	}
	switch file {
	case "memory.min":
		number("MemoryMin")
	case "memory.low":
		number("MemoryLow")
	case "memory.high":
		number("MemoryHigh")
	case "memory.max":
		number("MemoryMax")
	case "memory.swap.max":
		number("MemorySwapMax")
	case "memory.zswap.max":
		if l.version >= 253 {
			number("MemoryZSwapMax")
		}
	case "memory.oom.group":
		if value == "1" {
			l.addSince(253, "OOMPolicy", "kill")
		}
	case "pids.max":
		if value == "0" {
			value = "1"
		}
		number("TasksMax")
	case "cpu.weight":
		number("CPUWeight")
	case "cpu.idle":
		if value == "1" {
			l.addSince(252, "CPUWeight", uint64(0))
		}
	case "cpu.max":
		l.unifiedQuota(value)
	case "cpuset.cpus":
		l.cpuSet("AllowedCPUs", value)
	case "cpuset.mems":
		l.cpuSet("AllowedMemoryNodes", value)
	case "io.weight":
		value = strings.TrimPrefix(value, "default ")
		number("IOWeight")
	}
}

// unifiedQuota reads cpu.max: QUOTA|max [PERIOD].
func (l *limits) unifiedQuota(value string) {
	quota, rest, _ := strings.Cut(value, " ")
	var period uint64
	var err error
	if rest = strings.TrimSpace(rest); rest != "" {
		if period, err = strconv.ParseUint(rest, 10, 64); err != nil {
			return
		}
	}
	if quota == "max" {
		l.cpuQuota(-1, period)
	} else if n, err := strconv.ParseInt(quota, 10, 64); err == nil {
		l.cpuQuota(n, period)
	}
}

// beyondSystemd reports whether a value needs a controller that systemd does
// not know of and so hands on to nobody.
func (s *settings) beyondSystemd() bool {
	if len(s.HugetlbLimit) > 0 || len(s.Rdma) > 0 {
		return true
	}
	for name := range s.unified {
		switch controller, _, _ := strings.Cut(name, "."); controller {
		case "cgroup", "cpu", "cpuset", "io", "memory", "pids":
		default:
			return true
		}
	}
	return false
}
