package spec

import (
	"maps"
	"math"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// DecodeResources parses a file that holds a linux.resources object alone, as
// `update --resources` reads it. Paths in its errors begin with
// "linux.resources".
func DecodeResources(data []byte) (*specs.LinuxResources, error) {
	return decode(data, "linux.resources", readLinuxResources)
}

// CheckResources reports everything that is wrong with r, as Check does.
func CheckResources(r *specs.LinuxResources) error {
	p := new(problems)
	checkResources(p, r, "linux.resources")
	return p.join()
}

// CheckIntelRdt reports everything that is wrong with r, as Check does.
func CheckIntelRdt(r *specs.LinuxIntelRdt) error {
	p := new(problems)
	checkIntelRdt(p, r)
	return p.join()
}

// MergeResources returns what a container's resources are after an update: what
// the update does not give stays as it is in kept. Of lists whose entries have a
// name (a device, a page size, an interface) those entries are replaced or added
// that the update has, as the kernel will do; the device rules, which have an
// order, are replaced as a whole. Neither argument is changed.
func MergeResources(kept, update *specs.LinuxResources) *specs.LinuxResources {
	out := specs.LinuxResources{}
	if kept != nil {
		out = *kept
	}
	if update == nil {
		return &out
	}
	if update.Devices != nil {
		out.Devices = update.Devices
	}
	out.Memory = section(out.Memory, update.Memory, mergeMemory)
	out.CPU = section(out.CPU, update.CPU, mergeCPU)
	out.Pids = section(out.Pids, update.Pids, func(p *specs.LinuxPids, u *specs.LinuxPids) { given(&p.Limit, u.Limit) })
	out.BlockIO = section(out.BlockIO, update.BlockIO, mergeBlockIO)
	out.HugepageLimits = entries(out.HugepageLimits, update.HugepageLimits,
		func(l specs.LinuxHugepageLimit) string { return l.Pagesize })
	out.Network = section(out.Network, update.Network, func(n *specs.LinuxNetwork, u *specs.LinuxNetwork) {
		notZero(&n.ClassID, u.ClassID)
		n.Priorities = entries(n.Priorities, u.Priorities, func(p specs.LinuxInterfacePriority) string { return p.Name })
	})
	if len(update.Rdma) > 0 {
		out.Rdma = mergeRdma(out.Rdma, update.Rdma)
	}
	if len(update.Unified) > 0 {
		all := make(map[string]string, len(out.Unified)+len(update.Unified))
		maps.Copy(all, out.Unified)
		maps.Copy(all, update.Unified)
		out.Unified = all
	}
	return &out
}

func mergeMemory(m *specs.LinuxMemory, u *specs.LinuxMemory) {
	notZero(&m.Limit, u.Limit)
	notZero(&m.Reservation, u.Reservation)
	notZero(&m.Swap, u.Swap)
	notZero(&m.Kernel, u.Kernel) //nolint:staticcheck // deprecated, and still written by callers
	notZero(&m.KernelTCP, u.KernelTCP)
	if u.Swappiness != nil && *u.Swappiness != math.MaxUint64 {
		m.Swappiness = u.Swappiness
	}
	given(&m.DisableOOMKiller, u.DisableOOMKiller)
	given(&m.UseHierarchy, u.UseHierarchy)
	given(&m.CheckBeforeUpdate, u.CheckBeforeUpdate)
	if u.Limit != nil && *u.Limit == -1 && (u.Swap == nil || *u.Swap == 0) {
		// Compat(runc): memory without a limit is memory and swap without one.
		m.Swap = u.Limit
	}
}

func mergeCPU(c *specs.LinuxCPU, u *specs.LinuxCPU) {
	notZero(&c.Shares, u.Shares)
	notZero(&c.Quota, u.Quota)
	given(&c.Burst, u.Burst)
	notZero(&c.Period, u.Period)
	notZero(&c.RealtimeRuntime, u.RealtimeRuntime)
	notZero(&c.RealtimePeriod, u.RealtimePeriod)
	given(&c.Idle, u.Idle)
	if u.Cpus != "" {
		c.Cpus = u.Cpus
	}
	if u.Mems != "" {
		c.Mems = u.Mems
	}
}

func mergeBlockIO(b *specs.LinuxBlockIO, u *specs.LinuxBlockIO) {
	notZero(&b.Weight, u.Weight)
	notZero(&b.LeafWeight, u.LeafWeight)
	b.WeightDevice = entries(b.WeightDevice, u.WeightDevice,
		func(d specs.LinuxWeightDevice) [2]int64 { return [2]int64{d.Major, d.Minor} })
	throttled := func(d specs.LinuxThrottleDevice) [2]int64 { return [2]int64{d.Major, d.Minor} }
	b.ThrottleReadBpsDevice = entries(b.ThrottleReadBpsDevice, u.ThrottleReadBpsDevice, throttled)
	b.ThrottleWriteBpsDevice = entries(b.ThrottleWriteBpsDevice, u.ThrottleWriteBpsDevice, throttled)
	b.ThrottleReadIOPSDevice = entries(b.ThrottleReadIOPSDevice, u.ThrottleReadIOPSDevice, throttled)
	b.ThrottleWriteIOPSDevice = entries(b.ThrottleWriteIOPSDevice, u.ThrottleWriteIOPSDevice, throttled)
}

func mergeRdma(kept, update map[string]specs.LinuxRdma) map[string]specs.LinuxRdma {
	all := make(map[string]specs.LinuxRdma, len(kept)+len(update))
	maps.Copy(all, kept)
	for name, u := range update {
		limit := all[name]
		given(&limit.HcaHandles, u.HcaHandles)
		given(&limit.HcaObjects, u.HcaObjects)
		all[name] = limit
	}
	return all
}

// section merges one object of the resources into a copy of the other.
func section[T any](kept, update *T, merge func(*T, *T)) *T {
	if update == nil {
		return kept
	}
	out := new(T)
	if kept != nil {
		*out = *kept
	}
	merge(out, update)
	return out
}

func given[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

// notZero is given for numbers whose 0 means that they are not.
func notZero[T comparable](to **T, from *T) {
	var zero T
	if from != nil && *from != zero {
		*to = from
	}
}

// entries returns kept with the entries of update in the place of those that
// have the same name, or behind them.
func entries[T any, N comparable](kept, update []T, name func(T) N) []T {
	if len(update) == 0 {
		return kept
	}
	out := slices.Clone(kept)
	for _, u := range update {
		i := slices.IndexFunc(out, func(e T) bool { return name(e) == name(u) })
		if i < 0 {
			out = append(out, u)
		} else {
			out[i] = u
		}
	}
	return out
}
