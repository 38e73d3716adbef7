package spec

import (
	"math"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Limits of the kernel on cgroup values, the same in v1 and v2.
const (
	maxSwappiness  = 100
	minCPUPeriod   = 1_000 // microseconds
	maxCPUPeriod   = 1_000_000
	maxBlockWeight = 1000
	maxIfName      = 15
)

// checkResources checks what is wrong under any cgroup version. What depends
// on the version or on the controllers there are is the plan's matter.
func checkResources(p *problems, r *specs.LinuxResources, at string) {
	checkDeviceRules(p, r.Devices, at+".devices")
	if r.Memory != nil {
		checkMemory(p, r.Memory, at+".memory")
	}
	if r.CPU != nil {
		checkCPU(p, r.CPU, at+".cpu")
	}
	if r.Pids != nil && r.Pids.Limit != nil && *r.Pids.Limit < -1 {
		p.addf(at+".pids.limit", "%d: -1 means unlimited, nothing below it has a meaning", *r.Pids.Limit)
	}
	if r.BlockIO != nil {
		checkBlockIO(p, r.BlockIO, at+".blockIO")
	}
	for i, limit := range r.HugepageLimits {
		if !hugepageSize(limit.Pagesize) {
			p.addf(element(at+".hugepageLimits", i)+".pageSize", "%q is not a page size like 64KB, 2MB or 1GB", limit.Pagesize)
		}
	}
	if r.Network != nil {
		for i, priority := range r.Network.Priorities {
			if !interfaceName(priority.Name) {
				p.addf(element(at+".network.priorities", i)+".name", "%q is not the name of a network interface", priority.Name)
			}
		}
	}
	for _, name := range sortedKeys(r.Rdma) {
		limit := r.Rdma[name]
		// The name is the first word of a line.
		if name == "" || strings.ContainsAny(name, " /=") || hasControl(name) {
			p.add(member(at+".rdma", name), "not the name of an rdma device")
		}
		if limit.HcaHandles == nil && limit.HcaObjects == nil {
			p.add(member(at+".rdma", name), "needs hcaHandles or hcaObjects")
		}
	}
	for _, name := range sortedKeys(r.Unified) {
		if cause := fileNameProblem(name); cause != "" {
			p.add(member(at+".unified", name), cause)
		}
	}
}

func checkDeviceRules(p *problems, rules []specs.LinuxDeviceCgroup, at string) {
	for i, rule := range rules {
		switch rule.Type {
		case "", "a", "b", "c":
		default:
			p.addf(element(at, i)+".type", "unknown device type %q: a, b and c are known", rule.Type)
		}
		if strings.Trim(rule.Access, "rwm") != "" {
			p.addf(element(at, i)+".access", "%q has letters other than r, w and m", rule.Access)
		}
		// -1 is all, as an absent number is: old tools write it.
		if rule.Major != nil && *rule.Major < -1 {
			p.addf(element(at, i)+".major", "%d is not a device number", *rule.Major)
		}
		if rule.Minor != nil && *rule.Minor < -1 {
			p.addf(element(at, i)+".minor", "%d is not a device number", *rule.Minor)
		}
	}
}

func checkMemory(p *problems, m *specs.LinuxMemory, at string) {
	for _, limit := range [...]struct {
		name  string
		value *int64
	}{
		{"limit", m.Limit},
		{"reservation", m.Reservation},
		{"swap", m.Swap},
		{"kernel", m.Kernel}, //nolint:staticcheck // deprecated, and still written by callers
		{"kernelTCP", m.KernelTCP},
	} {
		if limit.value != nil && *limit.value < -1 {
			p.addf(at+"."+limit.name, "%d: -1 means unlimited, nothing below it has a meaning", *limit.value)
		}
	}
	// swap is memory and swap together, so it cannot be the smaller one, and
	// means nothing when memory is unlimited. 0 counts as not given.
	if m.Swap != nil && *m.Swap > 0 {
		switch {
		case m.Limit == nil || *m.Limit <= 0:
			p.add(at+".swap", "memory+swap limit without a memory limit")
		case *m.Swap < *m.Limit:
			p.addf(at+".swap", "memory+swap limit %d is below the memory limit %d", *m.Swap, *m.Limit)
		}
	}
	// Compat(runc): -1 in an unsigned field means "not given".
	if v := m.Swappiness; v != nil && *v > maxSwappiness && *v != math.MaxUint64 {
		p.addf(at+".swappiness", "%d is outside 0 to %d", *v, maxSwappiness)
	}
}

// checkCPU takes 0 in any number as "not given", as callers mean it.
func checkCPU(p *problems, c *specs.LinuxCPU, at string) {
	if c.Period != nil && *c.Period != 0 && (*c.Period < minCPUPeriod || *c.Period > maxCPUPeriod) {
		p.addf(at+".period", "%d microseconds are outside %d to %d", *c.Period, minCPUPeriod, maxCPUPeriod)
	}
	limited := c.Quota != nil && *c.Quota > 0
	if limited && *c.Quota < minCPUPeriod {
		p.addf(at+".quota", "%d microseconds are less than the kernel's minimum of %d", *c.Quota, minCPUPeriod)
	}
	if limited && c.Burst != nil && *c.Burst > uint64(*c.Quota) {
		p.addf(at+".burst", "%d is more than the quota %d", *c.Burst, *c.Quota)
	}
	if c.RealtimeRuntime != nil && *c.RealtimeRuntime > 0 && c.RealtimePeriod != nil &&
		*c.RealtimePeriod != 0 && uint64(*c.RealtimeRuntime) > *c.RealtimePeriod {
		p.addf(at+".realtimeRuntime", "%d is more than the period %d", *c.RealtimeRuntime, *c.RealtimePeriod)
	}
	if c.Idle != nil && *c.Idle != 0 && *c.Idle != 1 {
		p.addf(at+".idle", "%d is neither 0 nor 1", *c.Idle)
	}
	if cause := listProblem(c.Cpus); cause != "" {
		p.add(at+".cpus", cause)
	}
	if cause := listProblem(c.Mems); cause != "" {
		p.add(at+".mems", cause)
	}
}

func checkBlockIO(p *problems, b *specs.LinuxBlockIO, at string) {
	checkWeight(p, b.Weight, at+".weight")
	checkWeight(p, b.LeafWeight, at+".leafWeight")
	for i, d := range b.WeightDevice {
		entry := element(at+".weightDevice", i)
		checkBlockDevice(p, &d.LinuxBlockIODevice, entry)
		checkWeight(p, d.Weight, entry+".weight")
		checkWeight(p, d.LeafWeight, entry+".leafWeight")
		if d.Weight == nil && d.LeafWeight == nil {
			p.add(entry, "needs weight or leafWeight")
		}
	}
	for _, list := range [...]struct {
		name    string
		devices []specs.LinuxThrottleDevice
	}{
		{"throttleReadBpsDevice", b.ThrottleReadBpsDevice},
		{"throttleWriteBpsDevice", b.ThrottleWriteBpsDevice},
		{"throttleReadIOPSDevice", b.ThrottleReadIOPSDevice},
		{"throttleWriteIOPSDevice", b.ThrottleWriteIOPSDevice},
	} {
		for i := range list.devices {
			checkBlockDevice(p, &list.devices[i].LinuxBlockIODevice, element(at+"."+list.name, i))
		}
	}
}

func checkWeight(p *problems, weight *uint16, at string) {
	if weight != nil && *weight > maxBlockWeight {
		p.addf(at, "%d is more than %d", *weight, maxBlockWeight)
	}
}

func checkBlockDevice(p *problems, d *specs.LinuxBlockIODevice, at string) {
	if d.Major < 0 || d.Major > maxMajor {
		p.addf(at+".major", "%d is outside 0 to %d", d.Major, maxMajor)
	}
	if d.Minor < 0 || d.Minor > maxMinor {
		p.addf(at+".minor", "%d is outside 0 to %d", d.Minor, maxMinor)
	}
}

// hugepageSize reports whether s is a size as the kernel spells it in the
// names of hugetlb files.
func hugepageSize(s string) bool {
	n := digits(s)
	if n == 0 || s[0] == '0' {
		return false
	}
	switch s[n:] {
	case "KB", "MB", "GB":
		return true
	}
	return false
}

// interfaceName reports whether the kernel would take s as the name of a
// network interface.
func interfaceName(s string) bool {
	return s != "" && len(s) <= maxIfName && s != "." && s != ".." &&
		!strings.ContainsAny(s, " /:") && !hasControl(s)
}
