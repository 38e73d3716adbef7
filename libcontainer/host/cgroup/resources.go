// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

// settings is what a container's resources come to on this host.
type settings struct {
	cgroups.Resources
	// weight and weights are those of blockIO on v2. The library converts the
	// smallest ones to nonsense, and sets those of devices with only one I/O
	// scheduler and else passes over them in silence.
	weight  uint16
	weights []*cgroups.WeightDevice
	// unified is kept from the library because it writes a map in random
	// order, so that which of two wrong entries is reported is a matter of luck.
	unified map[string]string
	// notes are what a user should hear although it stops nothing.
	notes []string
}

// conversion turns a checked linux.resources into settings. What is wrong
// under any cgroup version was found by package spec before.
type conversion struct {
	settings
	v2 bool
	// later: the group has values already, which these are to replace.
	later bool
	// has reports whether this host has a controller, by its name in the
	// version that is used.
	has  func(string) bool
	errs []error
}

const resourcesPath = "linux.resources."

// convert returns the settings for r, which may be nil.
func convert(r *specs.LinuxResources, v2 bool, has func(string) bool) (*settings, error) {
	return (&conversion{v2: v2, has: has}).convert(r)
}

// convertLater is convert for a group that has values already, which these are
// to replace.
func convertLater(r *specs.LinuxResources, v2 bool, has func(string) bool) (*settings, error) {
	return (&conversion{v2: v2, has: has, later: true}).convert(r)
}

func (c *conversion) convert(r *specs.LinuxResources) (*settings, error) {
	if r == nil {
		r = &specs.LinuxResources{}
	}
	if r.Memory != nil {
		c.memory(r.Memory)
	}
	if r.CPU != nil {
		c.cpu(r.CPU)
	}
	if r.Pids != nil && r.Pids.Limit != nil && c.need("pids", "pids", "pids.limit") {
		// Absent leaves the kernel's default, -1 takes the limit away, and 0
		// is a limit: the library writes 1, which is the same, as init is
		// there already, and is what systemd can express.
		c.PidsLimit = r.Pids.Limit
	}
	if r.BlockIO != nil {
		c.blockIO(r.BlockIO)
	}
	c.hugepages(r.HugepageLimits)
	if r.Network != nil {
		c.network(r.Network)
	}
	c.rdma(r.Rdma)
	c.unifiedValues(r.Unified)
	c.devices(r.Devices)
	return &c.settings, errors.Join(c.errs...)
}

func (c *conversion) refuse(field, format string, args ...any) {
	c.errs = append(c.errs, &spec.FieldError{Path: resourcesPath + field, Err: fmt.Errorf(format, args...)})
}

func (c *conversion) note(field, text string) {
	c.notes = append(c.notes, resourcesPath+field+": "+text)
}

// need reports whether the controller of a field is there, and refuses the
// field if not. Controllers have other names in v2.
func (c *conversion) need(v1, v2, field string) bool {
	name, layout := v1, "cgroup v1"
	if c.v2 {
		name, layout = v2, "cgroup v2"
	}
	if c.has(name) {
		return true
	}
	c.refuse(field, "this host has no %s controller (%s)", name, layout)
	return false
}

// onlyV1 refuses a field on v2 that has no counterpart there.
func (c *conversion) onlyV1(field string) bool {
	if c.v2 {
		c.refuse(field, "cgroup v2 has nothing like it")
	}
	return !c.v2
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func (c *conversion) memory(m *specs.LinuxMemory) {
	limits := [...]struct {
		field string
		from  *int64
		to    *int64
	}{
		{"memory.limit", m.Limit, &c.Memory},
		{"memory.reservation", m.Reservation, &c.MemoryReservation},
		{"memory.swap", m.Swap, &c.MemorySwap},
	}
	for _, l := range limits {
		// Compat(runc): 0 is not given.
		if value(l.from) != 0 && c.need("memory", "memory", l.field) {
			*l.to = *l.from
		}
	}
	c.MemoryCheckBeforeUpdate = value(m.CheckBeforeUpdate)
	if c.v2 {
		if _, err := cgroups.ConvertMemorySwapToCgroupV2Value(c.MemorySwap, c.Memory); err != nil {
			c.refuse("memory.swap", "%w", err)
		}
	}
	// Compat(runc): callers write -1 into this unsigned field for "not given".
	if m.Swappiness != nil && *m.Swappiness != math.MaxUint64 && c.onlyV1("memory.swappiness") &&
		c.need("memory", "", "memory.swappiness") {
		c.MemorySwappiness = m.Swappiness
	}
	if value(m.DisableOOMKiller) && c.onlyV1("memory.disableOOMKiller") &&
		c.need("memory", "", "memory.disableOOMKiller") {
		c.OomKillDisable = true
	}
	// Kernel(5.11): v1 accounts hierarchically whatever is asked; v2 always did.
	if m.UseHierarchy != nil && !*m.UseHierarchy {
		c.refuse("memory.useHierarchy", "memory is always accounted for hierarchically")
	}
	if value(m.Kernel) != 0 { //nolint:staticcheck // deprecated, and still written by callers
		c.note("memory.kernel", "ignored, kernels since 5.4 have no such limit")
	}
	if value(m.KernelTCP) != 0 {
		c.note("memory.kernelTCP", "ignored, it is deprecated and cgroup v2 has no such limit")
	}
}

func (c *conversion) cpu(p *specs.LinuxCPU) {
	if value(p.Shares) != 0 && c.need("cpu", "cpu", "cpu.shares") {
		c.CpuShares = *p.Shares
		c.CpuWeight = cgroups.ConvertCPUSharesToCgroupV2Value(*p.Shares)
	}
	if value(p.Quota) != 0 && c.need("cpu", "cpu", "cpu.quota") {
		c.CpuQuota = *p.Quota
	}
	if value(p.Period) != 0 && c.need("cpu", "cpu", "cpu.period") {
		c.CpuPeriod = *p.Period
	}
	// A burst of 0 is how the kernel begins; not writing it is what lets
	// kernels without the file take it. A later one takes the first one away.
	if (value(p.Burst) != 0 || p.Burst != nil && c.later) && c.need("cpu", "cpu", "cpu.burst") {
		c.CpuBurst = p.Burst
	}
	if value(p.RealtimeRuntime) != 0 && c.onlyV1("cpu.realtimeRuntime") && c.need("cpu", "", "cpu.realtimeRuntime") {
		c.CpuRtRuntime = *p.RealtimeRuntime
	}
	if value(p.RealtimePeriod) != 0 && c.onlyV1("cpu.realtimePeriod") && c.need("cpu", "", "cpu.realtimePeriod") {
		c.CpuRtPeriod = *p.RealtimePeriod
	}
	if p.Cpus != "" && c.need("cpuset", "cpuset", "cpu.cpus") {
		c.CpusetCpus = p.Cpus
	}
	if p.Mems != "" && c.need("cpuset", "cpuset", "cpu.mems") {
		c.CpusetMems = p.Mems
	}
	if p.Idle == nil || *p.Idle == 0 && !c.later {
		return // how the kernel begins; see burst
	}
	if !c.need("cpu", "cpu", "cpu.idle") {
		return
	}
	c.CPUIdle = p.Idle
	if *p.Idle != 0 && c.CpuShares != 0 {
		// An idle group has the least weight there is and the kernel refuses
		// to give it another; v1 takes the shares if they come first.
		c.CpuShares, c.CpuWeight = 0, 0
		c.note("cpu.shares", "ignored, cpu.idle gives the group the least weight there is")
	}
}

func (c *conversion) blockIO(b *specs.LinuxBlockIO) {
	if value(b.Weight) != 0 && c.need("blkio", "io", "blockIO.weight") {
		if c.v2 {
			c.weight = *b.Weight
		} else {
			c.BlkioWeight = *b.Weight
		}
	}
	if value(b.LeafWeight) != 0 && c.onlyV1("blockIO.leafWeight") && c.need("blkio", "", "blockIO.leafWeight") {
		c.BlkioLeafWeight = *b.LeafWeight
	}
	for i, d := range b.WeightDevice {
		field := "blockIO.weightDevice[" + strconv.Itoa(i) + "]"
		if !c.need("blkio", "io", field) {
			continue
		}
		w := cgroups.NewWeightDevice(d.Major, d.Minor, value(d.Weight), value(d.LeafWeight))
		if w.LeafWeight != 0 && !c.onlyV1(field+".leafWeight") {
			continue
		}
		if c.v2 {
			c.weights = append(c.weights, w)
		} else {
			c.BlkioWeightDevice = append(c.BlkioWeightDevice, w)
		}
	}
	throttles := [...]struct {
		field string
		from  []specs.LinuxThrottleDevice
		to    *[]*cgroups.ThrottleDevice
	}{
		{"blockIO.throttleReadBpsDevice", b.ThrottleReadBpsDevice, &c.BlkioThrottleReadBpsDevice},
		{"blockIO.throttleWriteBpsDevice", b.ThrottleWriteBpsDevice, &c.BlkioThrottleWriteBpsDevice},
		{"blockIO.throttleReadIOPSDevice", b.ThrottleReadIOPSDevice, &c.BlkioThrottleReadIOPSDevice},
		{"blockIO.throttleWriteIOPSDevice", b.ThrottleWriteIOPSDevice, &c.BlkioThrottleWriteIOPSDevice},
	}
	for _, t := range throttles {
		if len(t.from) == 0 || !c.need("blkio", "io", t.field) {
			continue
		}
		for _, d := range t.from {
			*t.to = append(*t.to, cgroups.NewThrottleDevice(d.Major, d.Minor, d.Rate))
		}
	}
}

func (c *conversion) hugepages(limits []specs.LinuxHugepageLimit) {
	if len(limits) == 0 || !c.need("hugetlb", "hugetlb", "hugepageLimits") {
		return
	}
	for _, l := range limits {
		c.HugetlbLimit = append(c.HugetlbLimit, &cgroups.HugepageLimit{Pagesize: l.Pagesize, Limit: l.Limit})
	}
}

func (c *conversion) network(n *specs.LinuxNetwork) {
	if value(n.ClassID) != 0 && c.onlyV1("network.classID") && c.need("net_cls", "", "network.classID") {
		c.NetClsClassid = *n.ClassID
	}
	if len(n.Priorities) == 0 || !c.onlyV1("network.priorities") || !c.need("net_prio", "", "network.priorities") {
		return
	}
	for _, p := range n.Priorities {
		c.NetPrioIfpriomap = append(c.NetPrioIfpriomap, &cgroups.IfPrioMap{Interface: p.Name, Priority: int64(p.Priority)})
	}
}

func (c *conversion) rdma(limits map[string]specs.LinuxRdma) {
	if len(limits) == 0 || !c.need("rdma", "rdma", "rdma") {
		return
	}
	c.Rdma = make(map[string]cgroups.LinuxRdma, len(limits))
	for name, l := range limits {
		c.Rdma[name] = cgroups.LinuxRdma{HcaHandles: l.HcaHandles, HcaObjects: l.HcaObjects}
	}
}

func (c *conversion) unifiedValues(values map[string]string) {
	if len(values) == 0 {
		return
	}
	if !c.v2 {
		c.refuse("unified", "only on cgroup v2, this host has v1")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field := "unified[" + strconv.Quote(name) + "]"
		if !strings.Contains(name, ".") {
			c.refuse(field, "not of the form CONTROLLER.PARAMETER")
		}
		switch name {
		case "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze":
			c.refuse(field, "acts on processes, it is not a limit")
		}
	}
	c.unified = values
}
