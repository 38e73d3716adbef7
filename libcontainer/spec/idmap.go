package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// maxMappings is the kernel's UID_GID_MAP_MAX_EXTENTS. Kernel(4.15): before
// that it was 5, and the write itself fails.
const maxMappings = 340

// HostID returns the id outside the user namespace that id stands for inside,
// and whether the mappings hold it at all.
func HostID(mappings []specs.LinuxIDMapping, id uint32) (host uint32, ok bool) {
	for _, m := range mappings {
		if id >= m.ContainerID && id-m.ContainerID < m.Size {
			return m.HostID + (id - m.ContainerID), true
		}
	}
	return 0, false
}

// checkIDMappings checks linux.uidMappings and linux.gidMappings, and that the
// ids the config uses are in them.
func checkIDMappings(p *problems, s *specs.Spec) {
	l := s.Linux
	checkMappings(p, l.UIDMappings, "linux.uidMappings")
	checkMappings(p, l.GIDMappings, "linux.gidMappings")

	user, ok := FindNamespace(s, specs.UserNamespace)
	if !ok {
		for _, m := range [...]struct {
			count int
			path  string
		}{{len(l.UIDMappings), "linux.uidMappings"}, {len(l.GIDMappings), "linux.gidMappings"}} {
			if m.count > 0 {
				p.add(m.path, "needs a user namespace in linux.namespaces")
			}
		}
		return
	}
	// Compat(containerd, CRI-O): both send the mappings along with the path
	// of the namespace to join, as a description of it. Only a new one needs
	// them.
	created := user.Path == ""
	if len(l.UIDMappings) > 0 || created {
		checkMapped(p, l.UIDMappings, "linux.uidMappings", usedUIDs(s))
	}
	if len(l.GIDMappings) > 0 || created {
		checkMapped(p, l.GIDMappings, "linux.gidMappings", usedGIDs(s))
	}
}

// checkMappings applies the kernel's own rules for a map file.
func checkMappings(p *problems, mappings []specs.LinuxIDMapping, at string) {
	if len(mappings) > maxMappings {
		p.addf(at, "%d entries, more than the kernel's %d", len(mappings), maxMappings)
		return
	}
	for i, m := range mappings {
		if m.Size == 0 {
			p.add(element(at, i)+".size", "must be greater than 0")
			continue
		}
		// 4294967295 is no id, so the last one that can be mapped is below.
		if uint64(m.ContainerID)+uint64(m.Size) > noID {
			p.addf(element(at, i), "ids %d and the %d after it go beyond %d in the container", m.ContainerID, m.Size-1, noID-1)
		}
		if uint64(m.HostID)+uint64(m.Size) > noID {
			p.addf(element(at, i), "ids %d and the %d after it go beyond %d on the host", m.HostID, m.Size-1, noID-1)
		}
		for j, other := range mappings[:i] {
			if overlap(m.ContainerID, m.Size, other.ContainerID, other.Size) {
				p.addf(element(at, i), "overlaps entry %d in the container", j)
			}
			if overlap(m.HostID, m.Size, other.HostID, other.Size) {
				p.addf(element(at, i), "overlaps entry %d on the host", j)
			}
		}
	}
}

// overlap reports whether two ranges of ids share one.
func overlap(first, size, otherFirst, otherSize uint32) bool {
	return uint64(first) < uint64(otherFirst)+uint64(otherSize) &&
		uint64(otherFirst) < uint64(first)+uint64(size)
}

// usedID is an id in the container that some field of the config names.
type usedID struct {
	id   uint32
	path string
}

// CheckMapped reports ids of one more process that do not exist in the user
// namespace that s describes.
func CheckMapped(s *specs.Spec, process *specs.Process) error {
	p := new(problems)
	if l := s.Linux; l != nil {
		only := &specs.Spec{Process: process, Linux: &specs.Linux{}}
		if len(l.UIDMappings) > 0 {
			checkMapped(p, l.UIDMappings, "linux.uidMappings", usedUIDs(only))
		}
		if len(l.GIDMappings) > 0 {
			checkMapped(p, l.GIDMappings, "linux.gidMappings", usedGIDs(only))
		}
	}
	return p.join()
}

// usedUIDs lists the user ids that must exist in a new user namespace. Root is
// among them: init makes the file tree as root of that namespace.
func usedUIDs(s *specs.Spec) []usedID {
	used := []usedID{{0, ""}}
	if s.Process != nil {
		used = append(used, usedID{s.Process.User.UID, "process.user.uid"})
	}
	for i, d := range s.Linux.Devices {
		if d.UID != nil {
			used = append(used, usedID{*d.UID, element("linux.devices", i) + ".uid"})
		}
	}
	return append(used, mountIDs(s, "uid=")...)
}

// usedGIDs lists the group ids that must exist in a new user namespace.
func usedGIDs(s *specs.Spec) []usedID {
	used := []usedID{{0, ""}}
	if s.Process != nil {
		used = append(used, usedID{s.Process.User.GID, "process.user.gid"})
		for i, gid := range s.Process.User.AdditionalGids {
			used = append(used, usedID{gid, element("process.user.additionalGids", i)})
		}
	}
	for i, d := range s.Linux.Devices {
		if d.GID != nil {
			used = append(used, usedID{*d.GID, element("linux.devices", i) + ".gid"})
		}
	}
	return append(used, mountIDs(s, "gid=")...)
}

func checkMapped(p *problems, mappings []specs.LinuxIDMapping, at string, used []usedID) {
	for _, u := range used {
		if _, ok := HostID(mappings, u.id); ok {
			continue
		}
		if u.path == "" {
			p.addf(at, "id %d of the container must be mapped", u.id)
			continue
		}
		p.addf(u.path, "%d is not mapped by %s", u.id, at)
	}
}
