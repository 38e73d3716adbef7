// Command dockerbundle writes a bundle of the size Docker writes: default
// capabilities, masked and read-only paths, memory, cpu and pids limits, device
// rules, some twenty mounts and, with -seccomp, Docker's filter. The tests run
// it and the benchmark measures it.
//
//	dockerbundle [-seccomp FILE] [-cgroup PATH] DIR ROOTFS [COMMAND…]
//
// writes DIR/config.json and DIR/sources, the host files its bind mounts need.
// FILE holds the linux.seccomp object in the form of the runtime-spec.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	seccomp := flag.String("seccomp", "", "file with the linux.seccomp object")
	cgroup := flag.String("cgroup", "", "cgroupsPath")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerbundle [-seccomp FILE] [-cgroup PATH] DIR ROOTFS [COMMAND…]")
		os.Exit(1)
	}
	command := flag.Args()[2:]
	if len(command) == 0 {
		command = []string{"true"}
	}
	if err := write(flag.Arg(0), flag.Arg(1), *seccomp, *cgroup, command); err != nil {
		fmt.Fprintln(os.Stderr, "dockerbundle:", err)
		os.Exit(1)
	}
}

func write(dir, rootfs, seccomp, cgroup string, command []string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if rootfs, err = filepath.Abs(rootfs); err != nil {
		return err
	}
	spec := &specs.Spec{
		Version:  "1.0.2",
		Root:     &specs.Root{Path: rootfs},
		Hostname: "0123456789ab",
		Process:  process(command),
		Linux:    linux(cgroup),
	}
	if seccomp != "" {
		b, err := os.ReadFile(seccomp)
		if err != nil {
			return err
		}
		spec.Linux.Seccomp = new(specs.LinuxSeccomp)
		if err := json.Unmarshal(b, spec.Linux.Seccomp); err != nil {
			return fmt.Errorf("parse %s: %w", seccomp, err)
		}
	}
	sources := filepath.Join(dir, "sources")
	if spec.Mounts, err = mounts(sources); err != nil {
		return err
	}
	b, err := json.MarshalIndent(spec, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), append(b, '\n'), 0o644)
}

// The 14 capabilities that Docker leaves to a container.
var capabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD",
	"CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
	"CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

func process(command []string) *specs.Process {
	return &specs.Process{
		Args: command,
		Cwd:  "/",
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"HOSTNAME=0123456789ab",
			"HOME=/root",
		},
		User: specs.User{AdditionalGids: []uint32{0, 10}},
		Capabilities: &specs.LinuxCapabilities{
			Bounding:  capabilities,
			Effective: capabilities,
			Permitted: capabilities,
		},
		OOMScoreAdj: new(int),
	}
}

func linux(cgroup string) *specs.Linux {
	return &specs.Linux{
		CgroupsPath: cgroup,
		Namespaces: []specs.LinuxNamespace{
			{Type: specs.MountNamespace},
			{Type: specs.NetworkNamespace},
			{Type: specs.UTSNamespace},
			{Type: specs.PIDNamespace},
			{Type: specs.IPCNamespace},
			{Type: specs.CgroupNamespace},
		},
		Sysctl: map[string]string{
			"net.ipv4.ip_unprivileged_port_start": "0",
			"net.ipv4.ping_group_range":           "0 2147483647",
		},
		Resources: resources(),
		MaskedPaths: []string{
			"/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore",
			"/proc/keys", "/proc/latency_stats", "/proc/timer_list",
			"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
			"/sys/firmware", "/sys/devices/virtual/powercap",
		},
		ReadonlyPaths: []string{
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
		},
	}
}

func resources() *specs.LinuxResources {
	memory, reservation := int64(256<<20), int64(128<<20)
	quota, period, shares := int64(100000), uint64(100000), uint64(512)
	pids := int64(512)
	devices := []specs.LinuxDeviceCgroup{{Access: "rwm"}}
	for _, d := range []struct {
		kind         string
		major, minor int64
		access       string
	}{
		{"c", 1, 5, "rwm"}, {"c", 1, 3, "rwm"}, {"c", 1, 9, "rwm"}, {"c", 1, 8, "rwm"},
		{"c", 5, 0, "rwm"}, {"c", 5, 1, "rwm"}, {"c", 10, 229, "rwm"},
		{"c", -1, -1, "m"}, {"b", -1, -1, "m"},
	} {
		rule := specs.LinuxDeviceCgroup{Allow: true, Type: d.kind, Access: d.access}
		if d.major >= 0 {
			major, minor := d.major, d.minor
			rule.Major, rule.Minor = &major, &minor
		}
		devices = append(devices, rule)
	}
	return &specs.LinuxResources{
		Devices: devices,
		Memory:  &specs.LinuxMemory{Limit: &memory, Reservation: &reservation},
		CPU:     &specs.LinuxCPU{Quota: &quota, Period: &period, Shares: &shares},
		Pids:    &specs.LinuxPids{Limit: &pids},
	}
}
