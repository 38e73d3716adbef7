package spec

import (
	"math"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func resources(e func(*specs.LinuxResources)) edit {
	return func(s *specs.Spec) { e(s.Linux.Resources) }
}

func memory(m specs.LinuxMemory) edit {
	return resources(func(r *specs.LinuxResources) { r.Memory = &m })
}

func cpu(c specs.LinuxCPU) edit {
	return resources(func(r *specs.LinuxResources) { r.CPU = &c })
}

func TestCheckMemory(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"the spec's example", memory(specs.LinuxMemory{
			Limit: ptr(int64(536870912)), Reservation: ptr(int64(536870912)), Swap: ptr(int64(536870912)),
			KernelTCP: ptr(int64(-1)), Swappiness: ptr(uint64(0)), DisableOOMKiller: ptr(false),
		}), nil},
		{"unlimited", memory(specs.LinuxMemory{Limit: ptr(int64(-1)), Swap: ptr(int64(-1)), Swappiness: ptr(uint64(math.MaxUint64))}), nil},
		{"not given", memory(specs.LinuxMemory{Limit: ptr(int64(0)), Swap: ptr(int64(0))}), nil},
		{"reservation above the limit, as the spec's other example", memory(specs.LinuxMemory{Limit: ptr(int64(100000)), Reservation: ptr(int64(200000))}), nil},
		{"below -1", memory(specs.LinuxMemory{Limit: ptr(int64(-2)), Reservation: ptr(int64(-3)), Swap: ptr(int64(-4)), KernelTCP: ptr(int64(-5))}), []string{
			"linux.resources.memory.kernelTCP: -5: -1 means unlimited, nothing below it has a meaning",
			"linux.resources.memory.limit: -2: -1 means unlimited, nothing below it has a meaning",
			"linux.resources.memory.reservation: -3: -1 means unlimited, nothing below it has a meaning",
			"linux.resources.memory.swap: -4: -1 means unlimited, nothing below it has a meaning",
		}},
		{"swap below memory", memory(specs.LinuxMemory{Limit: ptr(int64(200)), Swap: ptr(int64(100))}), []string{
			"linux.resources.memory.swap: memory+swap limit 100 is below the memory limit 200",
		}},
		{"swap alone", memory(specs.LinuxMemory{Swap: ptr(int64(100))}), []string{
			"linux.resources.memory.swap: memory+swap limit without a memory limit",
		}},
		{"swap with unlimited memory", memory(specs.LinuxMemory{Limit: ptr(int64(-1)), Swap: ptr(int64(100))}), []string{
			"linux.resources.memory.swap: memory+swap limit without a memory limit",
		}},
		{"swappiness", memory(specs.LinuxMemory{Swappiness: ptr(uint64(101))}), []string{
			"linux.resources.memory.swappiness: 101 is outside 0 to 100",
		}},
	})
}

func TestCheckCPU(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"the spec's example", cpu(specs.LinuxCPU{
			Shares: ptr(uint64(1024)), Quota: ptr(int64(1000000)), Burst: ptr(uint64(1000000)), Period: ptr(uint64(500000)),
			RealtimeRuntime: ptr(int64(950000)), RealtimePeriod: ptr(uint64(1000000)), Cpus: "2-3", Mems: "0-7", Idle: ptr(int64(0)),
		}), nil},
		{"unlimited and not given", cpu(specs.LinuxCPU{
			Quota: ptr(int64(-1)), Period: ptr(uint64(0)), Burst: ptr(uint64(1)), RealtimeRuntime: ptr(int64(-1)), RealtimePeriod: ptr(uint64(0)),
		}), nil},
		{"shortest period", cpu(specs.LinuxCPU{Period: ptr(uint64(1000)), Quota: ptr(int64(1000)), Burst: ptr(uint64(1000)), Idle: ptr(int64(1))}), nil},
		{"longest period", cpu(specs.LinuxCPU{Period: ptr(uint64(1000000)), Quota: ptr(int64(0)), Burst: ptr(uint64(5))}), nil},
		{"numbers", cpu(specs.LinuxCPU{
			Quota: ptr(int64(999)), Period: ptr(uint64(999)), Burst: ptr(uint64(1000)), Idle: ptr(int64(2)),
			RealtimeRuntime: ptr(int64(11)), RealtimePeriod: ptr(uint64(10)),
		}), []string{
			"linux.resources.cpu.burst: 1000 is more than the quota 999",
			"linux.resources.cpu.idle: 2 is neither 0 nor 1",
			"linux.resources.cpu.period: 999 microseconds are outside 1000 to 1000000",
			"linux.resources.cpu.quota: 999 microseconds are less than the kernel's minimum of 1000",
			"linux.resources.cpu.realtimeRuntime: 11 is more than the period 10",
		}},
		{"long period", cpu(specs.LinuxCPU{Period: ptr(uint64(1000001))}), []string{
			"linux.resources.cpu.period: 1000001 microseconds are outside 1000 to 1000000",
		}},
		{"lists", cpu(specs.LinuxCPU{Cpus: "0-", Mems: "3-1"}), []string{
			`linux.resources.cpu.cpus: "0-" is not a list like 0-3,7`,
			`linux.resources.cpu.mems: "3-1": the range 3-1 runs backwards`,
		}},
	})
}

func TestListProblem(t *testing.T) {
	for _, good := range []string{"", "0", "0-3", "0-3,7", "7,0-3", "5-5", "0-31:1/4", "0,2-10:2/4,900"} {
		if got := listProblem(good); got != "" {
			t.Errorf("listProblem(%q): got %q, want none", good, got)
		}
	}
	for _, bad := range []string{",", "0,", "-1", "a", "0-3\n", " 1", "1.5", "0x1", "3-1", "0-1-2", "1:1/2", "0-3:1", "0-3:/", "0-3:3/2", "0-3:0/0", "4294967296", "0/../1"} {
		if got := listProblem(bad); got == "" {
			t.Errorf("listProblem(%q): got none, want a problem", bad)
		}
	}
}

func TestCheckOtherResources(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"good", resources(func(r *specs.LinuxResources) {
			r.Devices = append(r.Devices,
				specs.LinuxDeviceCgroup{Allow: true, Type: "c", Major: ptr(int64(10)), Minor: ptr(int64(229)), Access: "rw"},
				specs.LinuxDeviceCgroup{Allow: true, Type: "a", Major: ptr(int64(-1)), Minor: ptr(int64(-1))})
			r.Pids = &specs.LinuxPids{Limit: ptr(int64(0))}
			r.BlockIO = &specs.LinuxBlockIO{
				Weight: ptr(uint16(10)), WeightDevice: []specs.LinuxWeightDevice{{LeafWeight: ptr(uint16(300))}},
				ThrottleReadBpsDevice: []specs.LinuxThrottleDevice{{Rate: 600}},
			}
			r.HugepageLimits = []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: math.MaxUint64}, {Pagesize: "64KB", Limit: 0}, {Pagesize: "1GB"}}
			r.Network = &specs.LinuxNetwork{ClassID: ptr(uint32(1048577)), Priorities: []specs.LinuxInterfacePriority{{Name: "eth0", Priority: math.MaxUint32}, {Name: "eth1", Priority: 0}}}
			r.Rdma = map[string]specs.LinuxRdma{"mlx5_1": {HcaHandles: ptr(uint32(3))}, "mlx4_0": {HcaObjects: ptr(uint32(0))}}
			r.Unified = map[string]string{"io.max": "259:0 rbps=2097152\n253:0 rbps=1", "hugetlb.1GB.max": "1"}
		}), nil},
		{"at the ends", resources(func(r *specs.LinuxResources) {
			r.Pids, r.BlockIO = &specs.LinuxPids{Limit: ptr(int64(-1))}, &specs.LinuxBlockIO{Weight: ptr(uint16(1000))}
		}), nil},
		{"pids", resources(func(r *specs.LinuxResources) { r.Pids = &specs.LinuxPids{Limit: ptr(int64(-2))} }), []string{
			"linux.resources.pids.limit: -2: -1 means unlimited, nothing below it has a meaning",
		}},
		{"device rules", resources(func(r *specs.LinuxResources) {
			r.Devices = []specs.LinuxDeviceCgroup{{Type: "p"}, {Access: "rwx"}, {Major: ptr(int64(-2)), Minor: ptr(int64(-2))}}
		}), []string{
			`linux.resources.devices[0].type: unknown device type "p": a, b and c are known`,
			`linux.resources.devices[1].access: "rwx" has letters other than r, w and m`,
			"linux.resources.devices[2].major: -2 is not a device number",
			"linux.resources.devices[2].minor: -2 is not a device number",
		}},
		{"block io", resources(func(r *specs.LinuxResources) {
			r.BlockIO = &specs.LinuxBlockIO{Weight: ptr(uint16(1001)), LeafWeight: ptr(uint16(1002))}
			r.BlockIO.WeightDevice = []specs.LinuxWeightDevice{{}, {Weight: ptr(uint16(1003)), LeafWeight: ptr(uint16(1004))}}
			r.BlockIO.WeightDevice[0].Major = -1
			r.BlockIO.ThrottleWriteIOPSDevice = make([]specs.LinuxThrottleDevice, 2)
			r.BlockIO.ThrottleWriteIOPSDevice[1].Minor = 1 << 20
		}), []string{
			"linux.resources.blockIO.leafWeight: 1002 is more than 1000",
			"linux.resources.blockIO.throttleWriteIOPSDevice[1].minor: 1048576 is outside 0 to 1048575",
			"linux.resources.blockIO.weight: 1001 is more than 1000",
			"linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight",
			"linux.resources.blockIO.weightDevice[0].major: -1 is outside 0 to 4095",
			"linux.resources.blockIO.weightDevice[1].leafWeight: 1004 is more than 1000",
			"linux.resources.blockIO.weightDevice[1].weight: 1003 is more than 1000",
		}},
		{"devices of block io", resources(func(r *specs.LinuxResources) {
			device := func(major, minor int64) (d specs.LinuxThrottleDevice) {
				d.Major, d.Minor = major, minor
				return d
			}
			weight := specs.LinuxWeightDevice{Weight: ptr(uint16(500))}
			weight.Minor = 1 << 20
			r.BlockIO = &specs.LinuxBlockIO{
				WeightDevice:            []specs.LinuxWeightDevice{weight},
				ThrottleReadBpsDevice:   []specs.LinuxThrottleDevice{device(4096, 0), device(4095, 1048575), device(0, -1)},
				ThrottleWriteBpsDevice:  []specs.LinuxThrottleDevice{device(-1, -2)},
				ThrottleReadIOPSDevice:  []specs.LinuxThrottleDevice{device(8, 0), device(5000, 1<<40)},
				ThrottleWriteIOPSDevice: []specs.LinuxThrottleDevice{device(-3, 0)},
			}
		}), []string{
			"linux.resources.blockIO.throttleReadBpsDevice[0].major: 4096 is outside 0 to 4095",
			"linux.resources.blockIO.throttleReadBpsDevice[2].minor: -1 is outside 0 to 1048575",
			"linux.resources.blockIO.throttleReadIOPSDevice[1].major: 5000 is outside 0 to 4095",
			"linux.resources.blockIO.throttleReadIOPSDevice[1].minor: 1099511627776 is outside 0 to 1048575",
			"linux.resources.blockIO.throttleWriteBpsDevice[0].major: -1 is outside 0 to 4095",
			"linux.resources.blockIO.throttleWriteBpsDevice[0].minor: -2 is outside 0 to 1048575",
			"linux.resources.blockIO.throttleWriteIOPSDevice[0].major: -3 is outside 0 to 4095",
			"linux.resources.blockIO.weightDevice[0].minor: 1048576 is outside 0 to 1048575",
		}},
		{"names", resources(func(r *specs.LinuxResources) {
			for _, size := range []string{"", "2M", "MB", "02MB", "2MB/../../x", "../2MB", "2MB\n"} {
				r.HugepageLimits = append(r.HugepageLimits, specs.LinuxHugepageLimit{Pagesize: size})
			}
			for _, name := range []string{"", "eth 0", "a/b", "..", "sixteen-bytes-xx", "x\n"} {
				r.Network = &specs.LinuxNetwork{Priorities: append(networkPriorities(r), specs.LinuxInterfacePriority{Name: name})}
			}
			r.Rdma = map[string]specs.LinuxRdma{"": {HcaObjects: ptr(uint32(1))}, "a b": {HcaObjects: ptr(uint32(1))}, "ok": {}}
			r.Unified = map[string]string{"": "", "..": "", "../x": "", "a/b": "", "a\nb": ""}
		}), []string{
			`linux.resources.hugepageLimits[0].pageSize: "" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[1].pageSize: "2M" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[2].pageSize: "MB" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[3].pageSize: "02MB" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[4].pageSize: "2MB/../../x" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[5].pageSize: "../2MB" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.hugepageLimits[6].pageSize: "2MB\n" is not a page size like 64KB, 2MB or 1GB`,
			`linux.resources.network.priorities[0].name: "" is not the name of a network interface`,
			`linux.resources.network.priorities[1].name: "eth 0" is not the name of a network interface`,
			`linux.resources.network.priorities[2].name: "a/b" is not the name of a network interface`,
			`linux.resources.network.priorities[3].name: ".." is not the name of a network interface`,
			`linux.resources.network.priorities[4].name: "sixteen-bytes-xx" is not the name of a network interface`,
			`linux.resources.network.priorities[5].name: "x\n" is not the name of a network interface`,
			`linux.resources.rdma[""]: not the name of an rdma device`,
			`linux.resources.rdma["a b"]: not the name of an rdma device`,
			`linux.resources.rdma["ok"]: needs hcaHandles or hcaObjects`,
			`linux.resources.unified[""]: the name is empty`,
			`linux.resources.unified[".."]: not the name of a file`,
			`linux.resources.unified["../x"]: must be a file name (no slashes)`,
			`linux.resources.unified["a/b"]: must be a file name (no slashes)`,
			`linux.resources.unified["a\nb"]: contains a control character`,
		}},
	})
}

func networkPriorities(r *specs.LinuxResources) []specs.LinuxInterfacePriority {
	if r.Network == nil {
		return nil
	}
	return r.Network.Priorities
}

func TestCheckCgroupsPath(t *testing.T) {
	for _, c := range []struct {
		path    string
		systemd bool
		want    []string
	}{
		{"", false, nil},
		{"", true, nil},
		{"/kubepods/pod1/x", false, nil},
		{"rel/x", false, nil},
		{"/a/..b/c.. d", false, nil},
		{"a:b:c", false, nil},
		{"../x", false, []string{`linux.cgroupsPath: "../x" must not contain ..`}},
		{"/a/../../x", false, []string{`linux.cgroupsPath: "/a/../../x" must not contain ..`}},
		{"/a\nb", false, []string{"linux.cgroupsPath: contains a control character"}},
		{"/a\x00b", true, []string{"linux.cgroupsPath: contains a control character"}},
		{"kubepods-burstable.slice:cri-containerd:abc", true, nil},
		{"::id", true, nil},
		{"system.slice:rung:a.b_c", true, nil},
		{"/a/b", true, []string{`linux.cgroupsPath: want the form "slice:prefix:name" with systemd cgroups, got "/a/b"`}},
		{"a:b:c:d", true, []string{`linux.cgroupsPath: want the form "slice:prefix:name" with systemd cgroups, got "a:b:c:d"`}},
		{"system:rung:x", true, []string{`linux.cgroupsPath: "system" is not the name of a slice: it must end in .slice`}},
		{"a.slice:b/../c:x", true, []string{`linux.cgroupsPath: "a.slice:b/../c:x": names of units have no slashes`}},
		{"a.slice:..:", true, []string{`linux.cgroupsPath: "" is not a name`, `linux.cgroupsPath: ".." is not a prefix`}},
	} {
		s := Default()
		s.Linux.CgroupsPath = c.path
		t.Run(c.path, func(t *testing.T) {
			compareErrors(t, Check(s, Options{SystemdCgroup: c.systemd}), c.want)
		})
	}
}
