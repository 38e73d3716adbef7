// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
)

const cgroupRoot = "/sys/fs/cgroup"

func cgroups(c Caller) []Finding {
	layout := cgroup.Mode()
	f := Finding{Area: "cgroups", Name: "layout", Way: layout.String()}
	if layout == cgroup.None {
		f.State, f.Way, f.Why = Bad, "none", "no cgroup filesystem at "+cgroupRoot
		f.Hint = "mount cgroup2 there"
		if c.UID != 0 {
			f.State = Without
		}
		return []Finding{f}
	}
	if layout == cgroup.Unified {
		return append([]Finding{f}, unified(c)...)
	}
	f.Why = "v1 is not what systemd and the kernel recommend any more"
	f.Hint = "boot with systemd.unified_cgroup_hierarchy=1"
	return append([]Finding{f}, legacy(c)...)
}

// listing is a finding about which of the controllers that limits need are there.
func listing(have, want []string) Finding {
	f := Finding{Area: "cgroups", Name: "controllers"}
	var there, missing []string
	for _, name := range want {
		if slices.Contains(have, name) {
			there = append(there, name)
		} else {
			missing = append(missing, name)
		}
	}
	f.Way = strings.Join(there, ", ")
	if f.Way == "" {
		f.Way = "none"
	}
	if len(missing) > 0 {
		f.State, f.Why = Without, "missing: "+strings.Join(missing, ", ")
	}
	return f
}

func unified(c Caller) []Finding {
	own := ""
	for line := range strings.Lines(read("/proc/self/cgroup")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			own = filepath.Join(cgroupRoot, path)
		}
	}
	at := cgroupRoot
	if c.UID != 0 {
		at = own
	}
	f := listing(strings.Fields(read(at+"/cgroup.controllers")), []string{"cpu", "cpuset", "hugetlb", "io", "memory", "pids"})
	if f.State != OK {
		f.Why += " in " + at
		f.Hint = "turn them on in the kernel, or in cgroup.subtree_control above"
		if c.UID != 0 {
			f.Hint = "let systemd delegate them: Delegate=cpu cpuset io memory pids in user@.service"
		}
	}
	d := Finding{Area: "cgroups", Name: "delegation", Way: "may write to " + at}
	if !linux.MayWrite(at+"/cgroup.procs") || !linux.MayWrite(at) {
		d.State, d.Way, d.Why = Without, "none", at+" is not the caller's to write to"
		d.Hint = "run rung with --systemd-cgroup, or in a scope with Delegate=yes (systemd-run --user --scope -p Delegate=yes)"
		if c.UID == 0 {
			d.Hint = "mount it read-write in the container around rung, or use --rootless true and configs without linux.cgroupsPath and limits"
		}
	}
	k := Finding{Area: "cgroups", Name: "cgroup.kill", Way: "used"}
	if own != "" && own != cgroupRoot && !linux.Exists(linux.CWD, own+"/cgroup.kill") {
		k.State, k.Way, k.Why = Fallback, "freeze, then a signal to each process", "Linux 5.14 has it"
	}
	return []Finding{f, d, k}
}

func legacy(c Caller) []Finding {
	var have []string
	var closed []string
	for line := range strings.Lines(read("/proc/self/cgroup")) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[1] == "" {
			continue
		}
		have = append(have, strings.Split(parts[1], ",")...)
		if dir := filepath.Join(cgroupRoot, strings.TrimPrefix(parts[1], "name="), parts[2]); linux.Exists(linux.CWD, dir) && !linux.MayWrite(dir) {
			closed = append(closed, parts[1])
		}
	}
	f := listing(have, []string{"blkio", "cpu", "cpuset", "devices", "freezer", "hugetlb", "memory", "pids"})
	if f.State != OK {
		f.Hint = "mount them below " + cgroupRoot
	}
	if !slices.Contains(have, "devices") && c.UID == 0 {
		f.State = Bad
	}
	d := Finding{Area: "cgroups", Name: "delegation", Way: "may write to the caller's groups"}
	if len(closed) > 0 {
		d.State, d.Way, d.Why = Without, "none", "not the caller's to write to: "+strings.Join(closed, " ")
		d.Hint = "containers of users without privilege get no limits on cgroup v1"
		if c.UID == 0 {
			d.Hint = "mount them read-write in the container around rung, or use --rootless true and configs without linux.cgroupsPath and limits"
		}
	}
	return []Finding{f, d}
}
