// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// unlimited is what takes a limit away.
const unlimited = -1

// kernelNumber reads a file with one number; a word, such as max, is no limit.
func kernelNumber(dir, file string) (int64, error) {
	text, err := linux.ReadKernelFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return unlimited, nil
	}
	return n, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// legacyMemory returns the steps for memory on v1, and whether there will be
// more of it. The kernel refuses a limit below what is in use and cannot be
// freed, so nobody is killed.
func (g *Group) legacyMemory(u Update, s *settings) (steps []step, raise bool, err error) {
	dir, m := g.paths["memory"], u.Asked.Memory
	if m == nil || dir == "" {
		return nil, false, nil
	}
	one := func(field, file, value string) *knob {
		return &knob{field: "memory." + field, dir: dir, file: file, value: value}
	}
	limit := &limitKnob{knob: *one("limit", "memory.limit_in_bytes", decimal(s.Memory)), usage: "memory.usage_in_bytes"}
	both := &limitKnob{knob: *one("swap", "memory.memsw.limit_in_bytes", decimal(s.MemorySwap)), usage: "memory.memsw.usage_in_bytes"}
	// Compat(runc): see spec.MergeResources.
	both.optional = s.MemorySwap == unlimited
	givenLimit, givenSwap := value(m.Limit) != 0, value(m.Swap) != 0 || value(m.Limit) == unlimited
	switch {
	case givenLimit && givenSwap:
		// Memory is never to be more than memory and swap.
		now, err := kernelNumber(dir, both.file)
		if err == nil && (s.Memory == unlimited || s.Memory > now) {
			steps = append(steps, both, limit)
		} else {
			steps = append(steps, limit, both)
		}
	case givenLimit:
		steps = append(steps, limit)
	case givenSwap:
		steps = append(steps, both)
	}
	if givenLimit {
		now, err := kernelNumber(dir, limit.file)
		if err != nil {
			return nil, false, limit.blame(err)
		}
		raise = s.Memory == unlimited || s.Memory > now
	}
	if s.MemoryReservation != 0 {
		steps = append(steps, one("reservation", "memory.soft_limit_in_bytes", decimal(s.MemoryReservation)))
	}
	if m.DisableOOMKiller != nil {
		k := one("disableOOMKiller", "memory.oom_control", "0")
		if *m.DisableOOMKiller {
			k.value = "1"
		}
		k.key, k.bare = "oom_kill_disable", true
		steps = append(steps, k)
	}
	if s.MemorySwappiness != nil {
		steps = append(steps, one("swappiness", "memory.swappiness", strconv.FormatUint(*s.MemorySwappiness, 10)))
	}
	return steps, raise, nil
}

// limitKnob is a limit of v1 that is not to be below what is in use.
type limitKnob struct {
	knob
	usage string
}

func (l *limitKnob) apply() (string, error) {
	changed, err := l.knob.apply()
	if linux.CgroupBusy(err) {
		if used, readErr := kernelNumber(l.dir, l.usage); readErr == nil {
			err = fmt.Errorf("%w: %d bytes are in use, and not enough of them can be freed", err, used)
		}
	}
	return changed, err
}

// legacySteps returns the steps for everything but memory and devices on v1.
func (g *Group) legacySteps(u Update, s *settings) []step {
	var l list
	l.legacyCPU(g.paths["cpu"], u, s)
	l.cpuset(g.paths["cpuset"], s)
	if s.PidsLimit != nil {
		l.set("pids.limit", g.paths["pids"], "pids.max", pidsValue(*s.PidsLimit))
	}
	l.legacyBlockIO(g.paths["blkio"], s)
	l.hugepages(g.paths["hugetlb"], ".limit_in_bytes", s)
	if s.NetClsClassid != 0 {
		l.set("network.classID", g.paths["net_cls"], "net_cls.classid", strconv.FormatUint(uint64(s.NetClsClassid), 10))
	}
	for _, p := range s.NetPrioIfpriomap {
		l.keyed("network.priorities", g.paths["net_prio"], "net_prio.ifpriomap", p.Interface, decimal(p.Priority), "0")
	}
	l.rdma(g.paths["rdma"], s)
	return l.steps
}

// list collects steps.
type list struct{ steps []step }

func (l *list) add(k *knob) *knob {
	l.steps = append(l.steps, k)
	return k
}

func (l *list) set(field, dir, file, value string) *knob {
	return l.add(&knob{field: field, dir: dir, file: file, value: value})
}

// keyed sets the line of a file that begins with key.
func (l *list) keyed(field, dir, file, key, value, absent string) *knob {
	return l.add(&knob{field: field, dir: dir, file: file, key: key, value: key + " " + value, absent: absent})
}

func pidsValue(limit int64) string {
	switch limit {
	case unlimited:
		return "max"
	case 0:
		return "1" // see convert
	}
	return decimal(limit)
}

func (l *list) cpuset(dir string, s *settings) {
	// Kernel(2.6.24): v1 can be mounted without the prefix.
	prefix := "cpuset."
	if _, err := os.Lstat(filepath.Join(dir, prefix+"cpus")); err != nil {
		if _, err := os.Lstat(filepath.Join(dir, "cpus")); err == nil {
			prefix = ""
		}
	}
	if s.CpusetCpus != "" {
		l.set("cpu.cpus", dir, prefix+"cpus", s.CpusetCpus).likewise = prefix + "cpus.effective"
	}
	if s.CpusetMems != "" {
		l.set("cpu.mems", dir, prefix+"mems", s.CpusetMems).likewise = prefix + "mems.effective"
	}
}

func (l *list) legacyCPU(dir string, u Update, s *settings) {
	if u.Asked.CPU == nil {
		return
	}
	shares := func(n uint64) *knob {
		k := &knob{field: "cpu.shares", dir: dir, file: "cpu.shares", value: strconv.FormatUint(n, 10)}
		k.exact = true
		return k
	}
	l.weightAndIdle(dir, u, s, shares)
	l.quotaLegacy(dir, s)
	l.pair(dir, pairOf{
		field: "cpu.realtimeRuntime", file: "cpu.rt_runtime_us", value: s.CpuRtRuntime,
		periodField: "cpu.realtimePeriod", periodFile: "cpu.rt_period_us", period: int64(s.CpuRtPeriod), //nolint:gosec // checked
	})
}

// weightAndIdle sets the weight of a group, and whether it is idle, in the
// order that the kernel wants: an idle group has no weight to set. Its weight is
// lost when it becomes idle, and the kernel's default when it no longer is.
func (l *list) weightAndIdle(dir string, u Update, s *settings, weight func(shares uint64) *knob) {
	idle := func() { l.set("cpu.idle", dir, "cpu.idle", decimal(*s.CPUIdle)).optional = *s.CPUIdle == 0 }
	switch asked := u.Asked.CPU; {
	case s.CPUIdle == nil:
		if s.CpuShares != 0 {
			l.add(weight(s.CpuShares))
		}
	case *s.CPUIdle != 0:
		remember := weight(0)
		remember.remembered = true
		l.add(remember)
		idle()
	default:
		now, err := kernelNumber(dir, "cpu.idle")
		idle()
		shares := s.CpuShares
		if shares == 0 && err == nil && now != 0 {
			shares = value(u.Merged.CPU.Shares)
		}
		if shares != 0 && (value(asked.Shares) != 0 || now != 0) {
			l.add(weight(shares))
		}
	}
}

// quotaLegacy sets quota, period and burst of v1, which are three files. The
// burst may not be more than the quota at any time.
func (l *list) quotaLegacy(dir string, s *settings) {
	p := pairOf{
		field: "cpu.quota", file: "cpu.cfs_quota_us", value: s.CpuQuota,
		periodField: "cpu.period", periodFile: "cpu.cfs_period_us", period: int64(s.CpuPeriod), //nolint:gosec // checked
	}
	l.around(dir, "cpu.cfs_burst_us", s.CpuBurst, func() { l.pair(dir, p) })
}

// around sets the burst before the quota if it becomes smaller, and else after.
func (l *list) around(dir, file string, burst *uint64, quota func()) {
	if burst == nil {
		quota()
		return
	}
	set := func() {
		l.set("cpu.burst", dir, file, strconv.FormatUint(*burst, 10)).optional = *burst == 0
	}
	now, err := kernelNumber(dir, file)
	if err == nil && now >= 0 && uint64(now) > *burst {
		set()
		quota()
		return
	}
	quota()
	set()
}

// pairOf is a time and the period in which it may be used, in two files. 0 is
// not given.
type pairOf struct {
	field, file             string
	value                   int64
	periodField, periodFile string
	period                  int64
}

// pair sets both in the order in which the share between the two writes is the
// smaller one: a group above may not allow the larger, and the smaller one is
// never more than all of the time.
func (l *list) pair(dir string, p pairOf) {
	first := func() { l.set(p.field, dir, p.file, decimal(p.value)) }
	second := func() { l.set(p.periodField, dir, p.periodFile, decimal(p.period)) }
	switch {
	case p.value == 0 && p.period == 0:
	case p.period == 0:
		first()
	case p.value == 0:
		second()
	default:
		value, errValue := kernelNumber(dir, p.file)
		period, errPeriod := kernelNumber(dir, p.periodFile)
		if errors.Join(errValue, errPeriod) == nil && periodFirst(value, period, p.value, p.period) {
			second()
			first()
			return
		}
		first()
		second()
	}
}

// periodFirst reports whether, of a time and its period, the new period is to be
// set before the new time.
func periodFirst(oldTime, oldPeriod, newTime, newPeriod int64) bool {
	switch {
	case newTime == unlimited:
		return false
	case oldTime == unlimited:
		return true
	}
	// oldTime/newPeriod < newTime/oldPeriod
	return oldTime*oldPeriod < newTime*newPeriod
}

func (l *list) legacyBlockIO(dir string, s *settings) {
	weight := "blkio.weight"
	if _, err := os.Lstat(filepath.Join(dir, weight)); err != nil {
		weight = "blkio.bfq.weight"
	}
	if s.BlkioWeight != 0 {
		l.set("blockIO.weight", dir, weight, decimal(int64(s.BlkioWeight)))
	}
	if s.BlkioLeafWeight != 0 {
		l.set("blockIO.leafWeight", dir, "blkio.leaf_weight", decimal(int64(s.BlkioLeafWeight)))
	}
	for _, d := range s.BlkioWeightDevice {
		if d.Weight != 0 {
			l.keyed("blockIO.weightDevice", dir, weight+"_device", number(&d.BlockIODevice), decimal(int64(d.Weight)), "0")
		}
		if d.LeafWeight != 0 {
			l.keyed("blockIO.weightDevice", dir, "blkio.leaf_weight_device", number(&d.BlockIODevice), decimal(int64(d.LeafWeight)), "0")
		}
	}
	for _, t := range throttles(s) {
		for _, d := range t.devices {
			l.keyed(t.field, dir, t.legacy, number(&d.BlockIODevice), strconv.FormatUint(d.Rate, 10), "0")
		}
	}
}

func number(d *cgroups.BlockIODevice) string { return decimal(d.Major) + ":" + decimal(d.Minor) }

// throttle is one kind of limit on what passes to and from a device.
type throttle struct {
	field   string
	legacy  string // file of v1
	unified string // word in io.max
	devices []*cgroups.ThrottleDevice
}

func throttles(s *settings) [4]throttle {
	return [4]throttle{
		{"blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps", s.BlkioThrottleReadBpsDevice},
		{"blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps", s.BlkioThrottleWriteBpsDevice},
		{"blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops", s.BlkioThrottleReadIOPSDevice},
		{"blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops", s.BlkioThrottleWriteIOPSDevice},
	}
}

func (l *list) hugepages(dir, suffix string, s *settings) {
	for _, h := range s.HugetlbLimit {
		limit := strconv.FormatUint(h.Limit, 10)
		l.set("hugepageLimits", dir, "hugetlb."+h.Pagesize+suffix, limit)
		// Kernel(5.7): reservations are counted apart.
		l.set("hugepageLimits", dir, "hugetlb."+h.Pagesize+".rsvd"+suffix, limit).optional = true
	}
}

func (l *list) rdma(dir string, s *settings) {
	for _, name := range slices.Sorted(maps.Keys(s.Rdma)) {
		r := s.Rdma[name]
		var value []string
		if r.HcaHandles != nil {
			value = append(value, "hca_handle="+strconv.FormatUint(uint64(*r.HcaHandles), 10))
		}
		if r.HcaObjects != nil {
			value = append(value, "hca_object="+strconv.FormatUint(uint64(*r.HcaObjects), 10))
		}
		l.keyed("rdma", dir, "rdma.max", name, strings.Join(value, " "), "hca_handle=max hca_object=max")
	}
}
