package cgroup

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func p[T any](v T) *T { return &v }

func everything(string) bool { return true }

func TestConvertValues(t *testing.T) {
	for _, test := range []struct {
		name string
		v2   bool
		in   specs.LinuxResources
		want cgroups.Resources // Devices apart
	}{
		{name: "nothing"},
		{
			name: "memory",
			in: specs.LinuxResources{Memory: &specs.LinuxMemory{
				Limit: p[int64](1 << 20), Reservation: p[int64](1 << 19), Swap: p[int64](1 << 21), Swappiness: p[uint64](7),
				DisableOOMKiller: p(true), CheckBeforeUpdate: p(true), UseHierarchy: p(true),
			}},
			want: cgroups.Resources{
				Memory: 1 << 20, MemoryReservation: 1 << 19, MemorySwap: 1 << 21, MemorySwappiness: p[uint64](7),
				OomKillDisable: true, MemoryCheckBeforeUpdate: true,
			},
		},
		{
			name: "memory unlimited on v2", v2: true,
			in:   specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: p[int64](-1), Swap: p[int64](-1), Swappiness: p[uint64](math.MaxUint64), DisableOOMKiller: p(false)}},
			want: cgroups.Resources{Memory: -1, MemorySwap: -1},
		},
		{
			name: "cpu",
			in: specs.LinuxResources{CPU: &specs.LinuxCPU{
				Shares: p[uint64](1024), Quota: p[int64](-1), Period: p[uint64](100000), Burst: p[uint64](20000),
				RealtimeRuntime: p[int64](950), RealtimePeriod: p[uint64](1000), Cpus: "0-1", Mems: "0",
			}},
			want: cgroups.Resources{
				CpuShares: 1024, CpuWeight: 100, CpuQuota: -1, CpuPeriod: 100000, CpuBurst: p[uint64](20000),
				CpuRtRuntime: 950, CpuRtPeriod: 1000, CpusetCpus: "0-1", CpusetMems: "0",
			},
		},
		{
			name: "idle beats shares", v2: true,
			in:   specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: p[uint64](512), Idle: p[int64](1)}},
			want: cgroups.Resources{CPUIdle: p[int64](1)},
		},
		{
			name: "zeros are not given", v2: true,
			in: specs.LinuxResources{
				Memory:  &specs.LinuxMemory{Limit: p[int64](0), Swap: p[int64](0)},
				CPU:     &specs.LinuxCPU{Shares: p[uint64](0), Burst: p[uint64](0), Idle: p[int64](0), RealtimeRuntime: p[int64](0)},
				Network: &specs.LinuxNetwork{ClassID: p[uint32](0)},
			},
		},
		{name: "pids 0 is a limit", in: specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](0)}}, want: cgroups.Resources{PidsLimit: p[int64](0)}},
		{name: "pids -1 takes it away", in: specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](-1)}}, want: cgroups.Resources{PidsLimit: p[int64](-1)}},
		{name: "pids absent leaves it", in: specs.LinuxResources{Pids: &specs.LinuxPids{}}},
		{
			name: "blockIO on v1",
			in: specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{
				Weight: p[uint16](500), LeafWeight: p[uint16](10),
				WeightDevice:           []specs.LinuxWeightDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8, Minor: 16}, Weight: p[uint16](20), LeafWeight: p[uint16](30)}},
				ThrottleReadBpsDevice:  []specs.LinuxThrottleDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8}, Rate: 1}},
				ThrottleWriteBpsDevice: []specs.LinuxThrottleDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8}, Rate: 2}},
				ThrottleReadIOPSDevice: []specs.LinuxThrottleDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8}, Rate: 3}}, ThrottleWriteIOPSDevice: []specs.LinuxThrottleDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8}, Rate: 4}},
			}},
			want: cgroups.Resources{
				BlkioWeight: 500, BlkioLeafWeight: 10, BlkioWeightDevice: []*cgroups.WeightDevice{cgroups.NewWeightDevice(8, 16, 20, 30)},
				BlkioThrottleReadBpsDevice: []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 1)}, BlkioThrottleWriteBpsDevice: []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 2)},
				BlkioThrottleReadIOPSDevice: []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 3)}, BlkioThrottleWriteIOPSDevice: []*cgroups.ThrottleDevice{cgroups.NewThrottleDevice(8, 0, 4)},
			},
		},
		{
			name: "the rest",
			in: specs.LinuxResources{
				HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 9}},
				Network:        &specs.LinuxNetwork{ClassID: p[uint32](77), Priorities: []specs.LinuxInterfacePriority{{Name: "eth0", Priority: 5}}},
				Rdma:           map[string]specs.LinuxRdma{"mlx5_1": {HcaHandles: p[uint32](3)}},
			},
			want: cgroups.Resources{
				HugetlbLimit: []*cgroups.HugepageLimit{{Pagesize: "2MB", Limit: 9}}, NetClsClassid: 77,
				NetPrioIfpriomap: []*cgroups.IfPrioMap{{Interface: "eth0", Priority: 5}}, Rdma: map[string]cgroups.LinuxRdma{"mlx5_1": {HcaHandles: p[uint32](3)}},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := convert(&test.in, test.v2, everything)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Resources
			got.Devices = nil
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// The weight is that of the newest formula, not of the linear one before, for
// which 1024 shares were 39.
// covers: linux.resources.cpu.shares
func TestSharesToWeight(t *testing.T) {
	for shares, want := range map[uint64]uint64{1: 1, 2: 1, 3: 2, 512: 59, 1024: 100, 2048: 174, 262144: 10000, 1 << 40: 10000} {
		s, err := convert(&specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: &shares}}, true, everything)
		if err != nil || s.CpuWeight != want {
			t.Errorf("%d shares: got weight %d, %v, want %d", shares, s.CpuWeight, err, want)
		}
	}
}

// covers: linux.resources.blockIO.weight
func TestIOWeight(t *testing.T) {
	for weight, want := range map[uint16]uint64{1: 1, 9: 1, 10: 1, 100: 910, 500: 4950, 1000: 10000} {
		if got := ioWeight(weight); got != want {
			t.Errorf("%d: got %d, want %d", weight, got, want)
		}
	}
}

func TestConvertV2Extras(t *testing.T) {
	s, err := convert(&specs.LinuxResources{
		BlockIO: &specs.LinuxBlockIO{Weight: p[uint16](30), WeightDevice: []specs.LinuxWeightDevice{{LinuxBlockIODevice: specs.LinuxBlockIODevice{Major: 8}, Weight: p[uint16](20)}}},
		Unified: map[string]string{"memory.high": "max", "cgroup.max.depth": "3"},
	}, true, everything)
	if err != nil {
		t.Fatal(err)
	}
	if s.weight != 30 || len(s.weights) != 1 || s.BlkioWeight != 0 || len(s.BlkioWeightDevice) != 0 {
		t.Errorf("got weights %d, %v for us and %d, %v for the library, want all for us", s.weight, s.weights, s.BlkioWeight, s.BlkioWeightDevice)
	}
	if len(s.unified) != 2 || s.Unified != nil {
		t.Errorf("got unified %v for us and %v for the library, want all for us", s.unified, s.Unified)
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		v2      bool
		without string // a controller that is not there
		in      specs.LinuxResources
		want    []string
	}{
		{
			name: "v1 fields on v2", v2: true,
			in: specs.LinuxResources{
				Memory: &specs.LinuxMemory{Swappiness: p[uint64](1), DisableOOMKiller: p(true)},
				CPU:    &specs.LinuxCPU{RealtimeRuntime: p[int64](1), RealtimePeriod: p[uint64](1)},
				BlockIO: &specs.LinuxBlockIO{LeafWeight: p[uint16](10), WeightDevice: []specs.LinuxWeightDevice{
					{Weight: p[uint16](10)}, {LeafWeight: p[uint16](10)},
				}},
				Network: &specs.LinuxNetwork{ClassID: p[uint32](1), Priorities: []specs.LinuxInterfacePriority{{Name: "lo"}}},
			},
			want: []string{
				"linux.resources.memory.swappiness: ", "linux.resources.memory.disableOOMKiller: ", "linux.resources.cpu.realtimeRuntime: ",
				"linux.resources.cpu.realtimePeriod: ", "linux.resources.blockIO.leafWeight: ", "linux.resources.blockIO.weightDevice[1].leafWeight: ",
				"linux.resources.network.classID: ", "linux.resources.network.priorities: ",
			},
		},
		{
			name: "unified on v1",
			in:   specs.LinuxResources{Unified: map[string]string{"memory.max": "1"}},
			want: []string{"linux.resources.unified: "},
		},
		{
			name: "unified names", v2: true,
			in:   specs.LinuxResources{Unified: map[string]string{"max": "1", "cgroup.procs": "1", "cgroup.kill": "1", "cgroup.freeze": "1", "cgroup.threads": "1"}},
			want: []string{`linux.resources.unified["cgroup.freeze"]: `, `["cgroup.kill"]: `, `["cgroup.procs"]: `, `["cgroup.threads"]: `, `["max"]: `},
		},
		{
			name: "no hierarchical accounting",
			in:   specs.LinuxResources{Memory: &specs.LinuxMemory{UseHierarchy: p(false)}},
			want: []string{"linux.resources.memory.useHierarchy: "},
		},
		{
			name: "swap alone on v2", v2: true,
			in:   specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: p[int64](1 << 20)}},
			want: []string{"linux.resources.memory.swap: "},
		},
		{
			name: "no pids controller", without: "pids",
			in:   specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](1)}},
			want: []string{"linux.resources.pids.limit: this host has no pids controller (cgroup v1)"},
		},
		{
			name: "no io controller", v2: true, without: "io",
			in:   specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{Weight: p[uint16](10)}},
			want: []string{"linux.resources.blockIO.weight: this host has no io controller (cgroup v2)"},
		},
		{
			name: "no hugetlb controller", without: "hugetlb",
			in:   specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB"}}},
			want: []string{"linux.resources.hugepageLimits: "},
		},
		{
			name: "no rdma controller", without: "rdma",
			in:   specs.LinuxResources{Rdma: map[string]specs.LinuxRdma{"a": {}}},
			want: []string{"linux.resources.rdma: "},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := convert(&test.in, test.v2, func(name string) bool { return name != test.without })
			if err == nil {
				t.Fatal("got no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Errorf("got %d errors, want %d:\n%v", len(lines), len(test.want), err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want one with %q", err, want)
				}
			}
		})
	}
}

func TestConvertNotes(t *testing.T) {
	s, err := convert(&specs.LinuxResources{
		Memory:  &specs.LinuxMemory{Kernel: p[int64](1), KernelTCP: p[int64](1)}, //nolint:staticcheck // what is tested
		CPU:     &specs.LinuxCPU{Shares: p[uint64](2), Idle: p[int64](1)},
		Devices: []specs.LinuxDeviceCgroup{{Type: "c", Access: "m"}},
	}, true, everything)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"memory.kernel: ", "memory.kernelTCP: ", "cpu.shares: ", "devices[0].access: "}
	if len(s.notes) != len(want) {
		t.Fatalf("got notes %q, want %d", s.notes, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(s.notes[i], resourcesPath+want[i]) {
			t.Errorf("got note %q, want it to begin with %q", s.notes[i], resourcesPath+want[i])
		}
	}
}

func TestFieldOfFile(t *testing.T) {
	for file, want := range map[string]string{
		"memory.max": "memory.limit", "memory.memsw.limit_in_bytes": "memory.swap", "cpu.idle": "cpu.idle", "pids.max": "pids.limit",
		"hugetlb.2MB.rsvd.max": "hugepageLimits", "blkio.throttle.read_bps_device": "blockIO", "cgroup.procs": "",
	} {
		if got := fieldOfFile(file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}
