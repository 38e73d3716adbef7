// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// Hierarchy is one mounted cgroup hierarchy in which a container has a
// directory: what is needed to show it inside the container.
type Hierarchy struct {
	// Version is 1 or 2.
	Version int
	// Controllers is the mount option that means this hierarchy on v1:
	// "cpu,cpuacct" or "name=systemd". It is empty on v2.
	Controllers string
	// Name is the directory below /sys/fs/cgroup where the host has it,
	// "cpu,cpuacct" or "systemd"; empty when v2 is mounted there itself. A
	// name that joins controllers by commas has a link for each of them.
	Name string
	// Mountpoint is where the host has it.
	Mountpoint string
	// Path is the container's directory on the host.
	Path string
	// Missing: it could not be made, and the container does without.
	Missing bool
}

// found is a hierarchy of this host, with the caller's place in it.
type found struct {
	Hierarchy
	keys []string // the library's names of what is in it
	own  string   // the caller's cgroup, as in /proc/self/cgroup
	root string   // the part of the hierarchy that is mounted, likewise
}

// joined reports whether a container gets a directory in the v1 hierarchy of
// that controller or name: the library's list, without its v2 entry. Named
// hierarchies of other programs stay untouched.
func joined(key string) bool {
	switch key {
	case "cpuset", "devices", "memory", "cpu", "cpuacct", "pids", "blkio", "hugetlb",
		"net_cls", "net_prio", "perf_event", "freezer", "rdma", "misc", "name=systemd":
		return true
	}
	return false
}

// optional reports whether a container can do without the hierarchy: nothing
// is limited through it, it only lets others find the container's processes.
func optional(key string) bool {
	return key == "" || key == "name=systemd" || key == "misc"
}

// parseOwn reads the text of /proc/self/cgroup.
func parseOwn(text string) ([]found, error) {
	var list []found
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("read %s: line %q: not of the form ID:CONTROLLERS:PATH", ownFile, line)
		}
		h := found{own: parts[2]}
		h.Controllers = parts[1]
		h.keys = strings.Split(parts[1], ",")
		h.Version = linux.CgroupV1
		if parts[1] == "" {
			h.Version = linux.CgroupV2
		}
		list = append(list, h)
	}
	return list, nil
}

// discover lists the v1 hierarchies of this host in which a container gets a
// directory, and the v2 one of a mixed host.
func discover(layout Layout) ([]found, error) {
	text, err := linux.ReadKernelFile(ownFile)
	if err != nil {
		return nil, err
	}
	all, err := parseOwn(string(text))
	if err != nil {
		return nil, err
	}
	var list []found
	for _, h := range all {
		if h.Version == linux.CgroupV1 && slices.ContainsFunc(h.keys, joined) {
			list = append(list, h)
		}
	}
	if !standardMounts(list) {
		if list, err = searchMounts(list); err != nil {
			return nil, err
		}
	}
	if layout == Hybrid {
		// Compat(runc): a relative path begins at the root of this one,
		// whatever the caller's own place in it is.
		h := found{keys: []string{""}, own: "/", root: "/"}
		h.Version, h.Name, h.Mountpoint = linux.CgroupV2, filepath.Base(hybridRoot), hybridRoot
		list = append(list, h)
	}
	return list, nil
}

// standardMounts fills in the mounts of list and reports true if all of them
// are whole hierarchies mounted at their usual places, which a few system
// calls tell. A long mount table costs far more to read.
func standardMounts(list []found) bool {
	if !linux.InitialCgroupNamespace() {
		return false
	}
	for i := range list {
		h := &list[i]
		h.Name = strings.TrimPrefix(h.Controllers, cgroups.CgroupNamePrefix)
		h.Mountpoint = filepath.Join(standardRoot, h.Name)
		h.root = "/"
		version, root := linux.CgroupFS(h.Mountpoint)
		if version != linux.CgroupV1 || !root {
			return false
		}
	}
	return true
}

// searchMounts fills in the mounts of list from the mount table. A hierarchy
// that is not mounted at all is left out.
func searchMounts(list []found) ([]found, error) {
	mounts, err := cgroups.GetCgroupMounts(true)
	if err != nil {
		return nil, fmt.Errorf("find cgroup mounts: %w", err)
	}
	var mounted []found
	for _, h := range list {
		first := strings.TrimPrefix(h.keys[0], cgroups.CgroupNamePrefix)
		i := slices.IndexFunc(mounts, func(m cgroups.Mount) bool { return slices.Contains(m.Subsystems, first) })
		if i < 0 {
			continue
		}
		h.Mountpoint, h.root = mounts[i].Mountpoint, mounts[i].Root
		h.Name = filepath.Base(h.Mountpoint)
		mounted = append(mounted, h)
	}
	return mounted, nil
}

// place returns the directory of the container in h: inner below the mount if
// it is absolute, else below the caller's own cgroup.
func (h *found) place(inner string) (string, error) {
	if filepath.IsAbs(inner) {
		return filepath.Join(h.Mountpoint, inner), nil
	}
	if strings.HasSuffix(h.own, " (deleted)") {
		return "", fmt.Errorf("place cgroup %s: the caller's own cgroup %s was removed", inner, h.own)
	}
	below, err := filepath.Rel(h.root, h.own)
	if err != nil || below == ".." || strings.HasPrefix(below, "../") {
		return "", fmt.Errorf("place cgroup %s: the caller's own cgroup %s is not below what is mounted on %s, which is %s",
			inner, h.own, h.Mountpoint, h.root)
	}
	return filepath.Join(h.Mountpoint, below, inner), nil
}

// unifiedDir returns the container's directory on a v2 host.
func unifiedDir(inner string) (string, error) {
	if filepath.IsAbs(inner) {
		return filepath.Join(standardRoot, inner), nil
	}
	text, err := linux.ReadKernelFile(ownFile)
	if err != nil {
		return "", err
	}
	own, err := unifiedPath(string(text))
	if err != nil {
		return "", err
	}
	// A cgroup that has processes cannot hand controllers on to groups below
	// it, so the container goes beside the caller, not below.
	return filepath.Join(standardRoot, filepath.Dir(own), inner), nil
}

var errNoUnified = errors.New("no line for cgroup v2")

// unifiedPath finds the v2 cgroup in the text of a /proc/PID/cgroup.
func unifiedPath(text string) (string, error) {
	for line := range strings.Lines(text) {
		path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::")
		if !ok {
			continue
		}
		if strings.HasSuffix(path, " (deleted)") {
			return "", fmt.Errorf("cgroup %s was removed: %w", path, os.ErrNotExist)
		}
		if path == "/.." || strings.HasPrefix(path, "/../") {
			return "", fmt.Errorf("cgroup %s lies outside this cgroup namespace", path)
		}
		return path, nil
	}
	return "", fmt.Errorf("read cgroup of process: %w", errNoUnified)
}
