// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"
	v2 "github.com/opencontainers/cgroups/fs2"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Limit sets the resources. It may run while init, which is in the group or
// joins it, sets up its mounts: joining is not stopped by any limit, and the
// device rules let init make nodes.
func (g *Group) Limit() error {
	s := g.settings
	if s == nil {
		return fmt.Errorf("limit %s: it was loaded without resources", g)
	}
	if len(g.paths) == 0 {
		return g.limitNothing()
	}
	config := g.library()
	if !g.unified() {
		if err := g.checkBurst(); err != nil {
			return err
		}
		config.SkipDevices = true // Make has set them
		manager, err := v1.NewManager(config, g.paths)
		if err != nil {
			return err
		}
		return g.blame(manager.Set(config.Resources))
	}
	config.SkipDevices = config.SkipDevices || g.devicesLater
	manager, err := v2.NewManager(config, g.paths[""])
	if err != nil {
		return err
	}
	if err := manager.Set(config.Resources); err != nil {
		return g.blame(err)
	}
	if err := g.setWeights(); err != nil {
		return err
	}
	return g.setUnified()
}

// limitNothing is Limit for a rootless container that got no group on v2. On
// v1 the library finds each missing directory by itself.
func (g *Group) limitNothing() error {
	s := g.settings
	s.Devices = nil
	config := *g.library().Resources
	config.SkipDevices = true
	switch {
	case s.weight != 0 || len(s.weights) > 0:
		return field(resourcesPath+"blockIO", errNoLimits)
	case len(s.unified) > 0:
		return field(resourcesPath+"unified", errNoLimits)
	}
	manager, err := v1.NewManager(&cgroups.Cgroup{Resources: &config, Rootless: true}, map[string]string{})
	if err != nil {
		return err
	}
	if err := manager.Set(&config); err != nil {
		err = fmt.Errorf("%w: %w", errNoLimits, err)
		if path := refusedField(err.Error()); path != "" {
			return field(resourcesPath+path, err)
		}
		return err
	}
	return nil
}

var errNoLimits = errors.New("rootless needs no limits + no cgrouppath when no permission is granted for cgroups")

// refusedField returns the member of linux.resources that an error of the library
// is about, which names the controller, or "".
func refusedField(text string) string {
	_, text, _ = strings.Cut(text, "not set ")
	name, _, ok := strings.Cut(text, " limit")
	switch {
	case !ok:
		return ""
	case name == "blkio":
		return "blockIO"
	case name == "hugetlb":
		return "hugepageLimits"
	case name == "cpuset":
		return "cpu"
	case name == "net_cls" || name == "net_prio":
		return "network"
	}
	return name
}

// checkBurst refuses a burst that the library would leave out in silence.
func (g *Group) checkBurst() error {
	if g.settings.CpuBurst == nil {
		return nil
	}
	// Kernel(5.15): cpu.cfs_burst_us.
	if _, err := os.Lstat(filepath.Join(g.paths["cpu"], "cpu.cfs_burst_us")); err != nil {
		return field(resourcesPath+"cpu.burst", err)
	}
	return nil
}

// weightFile returns the file for blockIO weights of the v2 group dir, and how
// they become its own: for the BFQ scheduler as they are, for others in the unit
// of io.weight.
func weightFile(dir string) (string, func(uint16) uint64) {
	const bfq = "io.bfq.weight"
	if _, err := os.Lstat(filepath.Join(dir, bfq)); err != nil {
		return "io.weight", ioWeight
	}
	return bfq, func(weight uint16) uint64 { return uint64(weight) }
}

// setWeights sets blockIO weights on v2.
func (g *Group) setWeights() error {
	file, convert := weightFile(g.paths[""])
	if weight := g.settings.weight; weight != 0 {
		if err := cgroups.WriteFile(g.paths[""], file, strconv.FormatUint(convert(weight), 10)); err != nil {
			return field(resourcesPath+"blockIO.weight", err)
		}
	}
	for _, w := range g.settings.weights {
		line := fmt.Sprintf("%d:%d %d", w.Major, w.Minor, convert(w.Weight))
		if err := cgroups.WriteFile(g.paths[""], file, line); err != nil {
			return field(resourcesPath+"blockIO.weightDevice", whyNoWeight(file, err))
		}
	}
	return nil
}

// whyNoWeight adds to a refusal of a device's weight what the kernel means.
func whyNoWeight(file string, err error) error {
	if strings.Contains(file, ".bfq.") && linux.CgroupUnsupported(err) {
		return fmt.Errorf("%w: the I/O scheduler of that device is not bfq (queue/scheduler below /sys/block)", err)
	}
	return err
}

// ioWeight returns the io.weight, which is from 1 to 10000, for a blockIO
// weight, which was from 10 to 1000 when the kernel took it.
func ioWeight(weight uint16) uint64 {
	return cgroups.ConvertBlkIOToIOWeightValue(max(weight, 10))
}

// setUnified writes the values of linux.resources.unified, by name: a map has
// no order, and the same config shall do the same every time.
func (g *Group) setUnified() error {
	values := g.settings.unified
	for _, name := range slices.Sorted(maps.Keys(values)) {
		err := cgroups.WriteFileByLine(g.paths[""], name, values[name])
		if err == nil {
			continue
		}
		return field(resourcesPath+"unified["+strconv.Quote(name)+"]", whyMissing(g.paths[""], name, err))
	}
	return nil
}

// field says which field of the config an error belongs to.
func field(path string, err error) error {
	return &spec.FieldError{Path: path, Err: err}
}

// blame finds the config field behind an error of the library by the kernel
// file that it could not write.
func (g *Group) blame(err error) error {
	if err == nil {
		return nil
	}
	var file *fs.PathError
	if errors.As(err, &file) {
		name := filepath.Base(file.Path)
		if path := fieldOfFile(name); path != "" {
			return field(resourcesPath+path, whyNoWeight(name, whyMissing(filepath.Dir(file.Path), name, err)))
		}
	}
	if strings.Contains(err.Error(), "bpf") {
		return blameDevices(err)
	}
	return fmt.Errorf("limit %s: %w", g, err)
}

// fieldOfFile returns the member of linux.resources that is written to a
// kernel file, or "".
func fieldOfFile(name string) string {
	switch name {
	case "memory.limit_in_bytes", "memory.max":
		return "memory.limit"
	case "memory.soft_limit_in_bytes", "memory.low":
		return "memory.reservation"
	case "memory.memsw.limit_in_bytes", "memory.swap.max":
		return "memory.swap"
	case "memory.swappiness":
		return "memory.swappiness"
	case "memory.oom_control":
		return "memory.disableOOMKiller"
	case "cpu.shares", "cpu.weight":
		return "cpu.shares"
	case "cpu.cfs_quota_us", "cpu.max":
		return "cpu.quota"
	case "cpu.cfs_period_us":
		return "cpu.period"
	case "cpu.cfs_burst_us", "cpu.max.burst":
		return "cpu.burst"
	case "cpu.rt_runtime_us":
		return "cpu.realtimeRuntime"
	case "cpu.rt_period_us":
		return "cpu.realtimePeriod"
	case "cpu.idle":
		return "cpu.idle"
	case "cpuset.cpus", "cpus":
		return "cpu.cpus"
	case "cpuset.mems", "mems":
		return "cpu.mems"
	case "pids.max":
		return "pids.limit"
	case "blkio.weight", "blkio.bfq.weight", "io.weight", "io.bfq.weight":
		return "blockIO.weight"
	case "blkio.leaf_weight":
		return "blockIO.leafWeight"
	case "blkio.weight_device", "blkio.bfq.weight_device", "blkio.leaf_weight_device":
		return "blockIO.weightDevice"
	case "net_cls.classid":
		return "network.classID"
	case "net_prio.ifpriomap":
		return "network.priorities"
	case "rdma.max":
		return "rdma"
	}
	switch {
	case strings.HasPrefix(name, "blkio.throttle."), name == "io.max":
		return "blockIO"
	case strings.HasPrefix(name, "hugetlb."):
		return "hugepageLimits"
	}
	return ""
}
