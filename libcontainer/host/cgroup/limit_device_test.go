package cgroup

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// disk returns the numbers of a whole block device, of which only the kernel's
// idea of its rate is changed, and only for an empty group.
func disk(t *testing.T) specs.LinuxBlockIODevice {
	t.Helper()
	found, _ := filepath.Glob("/sys/block/*/dev")
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		major, minor, _ := strings.Cut(strings.TrimSpace(string(text)), ":")
		var d specs.LinuxBlockIODevice
		if d.Major, err = strconv.ParseInt(major, 10, 64); err != nil {
			t.Fatal(err)
		}
		if d.Minor, err = strconv.ParseInt(minor, 10, 64); err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Skip("no block device")
	return specs.LinuxBlockIODevice{}
}

// covers: linux.resources.blockIO.throttleReadBpsDevice linux.resources.blockIO.throttleWriteBpsDevice
// covers: linux.resources.blockIO.throttleReadIOPSDevice linux.resources.blockIO.throttleWriteIOPSDevice
func TestThrottles(t *testing.T) {
	need(t, anyLayout...)
	d := disk(t)
	rate := func(n uint64) []specs.LinuxThrottleDevice {
		return []specs.LinuxThrottleDevice{{LinuxBlockIODevice: d, Rate: n}}
	}
	g := made(t, Config{Resources: &specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{
		ThrottleReadBpsDevice: rate(1 << 20), ThrottleWriteBpsDevice: rate(2 << 20),
		ThrottleReadIOPSDevice: rate(300), ThrottleWriteIOPSDevice: rate(400),
	}}})
	if _, err := os.Stat(filepath.Join(g.paths["blkio"], "blkio.throttle.read_bps_device")); err != nil && !g.unified() {
		t.Skipf("this kernel cannot throttle: %v", err)
	}
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	number := fmt.Sprintf("%d:%d ", d.Major, d.Minor)
	want := map[string]string{
		"blkio/blkio.throttle.read_bps_device": number + "1048576", "blkio/blkio.throttle.write_bps_device": number + "2097152",
		"blkio/blkio.throttle.read_iops_device": number + "300", "blkio/blkio.throttle.write_iops_device": number + "400",
	}
	if g.unified() {
		want = map[string]string{"io.max": number + "rbps=1048576 wbps=2097152 riops=300 wiops=400"}
	}
	for file, want := range want {
		path := kernelFile(g, file)
		if got := read(t, filepath.Dir(path), filepath.Base(path)); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

// covers: linux.resources.blockIO.weightDevice
func TestDeviceWeight(t *testing.T) {
	need(t, anyLayout...)
	d := disk(t)
	g := made(t, Config{Resources: &specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{
		WeightDevice: []specs.LinuxWeightDevice{{LinuxBlockIODevice: d, Weight: p[uint16](100)}},
	}}})
	err := g.Limit()
	number := fmt.Sprintf("%d:%d ", d.Major, d.Minor)
	for file, value := range map[string]string{
		"io.bfq.weight": "100", "io.weight": "910",
		"blkio/blkio.weight_device": "100", "blkio/blkio.bfq.weight_device": "100",
	} {
		if strings.Contains(file, "/") == g.unified() {
			continue
		}
		path := kernelFile(g, file)
		if _, e := os.Stat(path); e != nil || err != nil {
			continue
		}
		if got := read(t, filepath.Dir(path), filepath.Base(path)); !strings.Contains(got+"\n", number+value+"\n") {
			t.Errorf("%s: got %q, want a line %q", file, got, number+value)
		}
		return
	}
	// A kernel without the file, or a device whose scheduler has no weights.
	want := "linux.resources.blockIO.weightDevice: "
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("nothing was set: got %v, want an error with %q", err, want)
	}
}

// What the kernel has no file for is an error that says which field it was.
//
// covers: linux.resources.blockIO.weight linux.resources.blockIO.leafWeight
// covers: linux.resources.cpu.realtimeRuntime linux.resources.cpu.realtimePeriod linux.resources.rdma
func TestAskedAndNotSetIsAnError(t *testing.T) {
	need(t, anyLayout...)
	for _, test := range []struct {
		field string
		file  string // whose presence lets the field be set on v1
		in    specs.LinuxResources
	}{
		{"blockIO.weight", "blkio/blkio.*weight", specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{Weight: p[uint16](300)}}},
		{"blockIO.leafWeight", "blkio/blkio.leaf_weight", specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{LeafWeight: p[uint16](300)}}},
		{"cpu.realtimeRuntime", "cpu/cpu.rt_runtime_us", specs.LinuxResources{CPU: &specs.LinuxCPU{RealtimeRuntime: p[int64](1000)}}},
		{"cpu.realtimePeriod", "cpu/cpu.rt_period_us", specs.LinuxResources{CPU: &specs.LinuxCPU{RealtimePeriod: p[uint64](500000)}}},
		{"rdma", "", specs.LinuxResources{Rdma: map[string]specs.LinuxRdma{"rung-none": {HcaHandles: p[uint32](3)}}}},
	} {
		t.Run(test.field, func(t *testing.T) {
			want := "linux.resources." + test.field + ": "
			g, err := New(Config{ID: name(), Resources: &test.in})
			if err == nil {
				t.Cleanup(func() {
					if err := g.Destroy(); err != nil {
						t.Error(err)
					}
				})
				if err = g.Make(); err == nil {
					err = g.Limit()
				}
			}
			if err != nil {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want an error with %q", err, want)
				}
				return
			}
			pattern := kernelFile(g, test.file)
			if g.unified() {
				pattern = filepath.Join(g.paths[""], "io.*weight")
			}
			if found, _ := filepath.Glob(pattern); test.file == "" || len(found) == 0 {
				t.Errorf("got no error although there is no %s", pattern)
			}
		})
	}
}

// Of two wrong values it is always the same that is reported.
//
// covers: linux.resources.unified
func TestUnifiedOrder(t *testing.T) {
	need(t, Unified)
	for range 8 {
		g := made(t, Config{Resources: &specs.LinuxResources{Unified: map[string]string{
			"pids.max": "nonsense", "memory.max": "nonsense", "cpu.max": "nonsense", "memory.high": "max",
		}}})
		err := g.Limit()
		if want := `linux.resources.unified["cpu.max"]: `; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("got %v, want an error that begins with %q", err, want)
		}
	}
}

// Rules that were put off are there once LimitDevices was called, and not
// before.
func TestDevicesLater(t *testing.T) {
	need(t, anyLayout...)
	g := planned(t, Config{})
	g.DevicesLater()
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	// A device that no container has of itself.
	p := start(t, g, `try() { (: </dev/kmsg) 2>/dev/null && echo open || echo refused; }; try; read x; try; read forever`)
	if got := p.line(); got != "open" {
		t.Errorf("before: got %s, want open", got)
	}
	if err := g.LimitDevices(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.in, "go\n"); err != nil {
		t.Fatal(err)
	}
	if got := p.line(); got != "refused" {
		t.Errorf("after: got %s, want refused", got)
	}
}
