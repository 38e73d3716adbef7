package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// MountIDMap is how an id-mapped mount shows the owners of its files: an id of
// the filesystem that a mapping has as ContainerID appears as its HostID.
type MountIDMap struct {
	UID, GID []specs.LinuxIDMapping
	// Path is the user namespace whose mappings are meant, where the config
	// gives none but a namespace to join.
	Path string
	// Recursive: the mounts below it too.
	Recursive bool
}

// FindMountIDMap returns the mapping that m asks for: its own, else the one of
// the container's user namespace. Mappings without the option count as idmap.
func FindMountIDMap(s *specs.Spec, m *specs.Mount, o *MountOptions) (MountIDMap, bool) {
	found := MountIDMap{UID: m.UIDMappings, GID: m.GIDMappings, Recursive: o.RIDMap}
	if len(m.UIDMappings)+len(m.GIDMappings) > 0 {
		return found, true
	}
	if !o.IDMap && !o.RIDMap {
		return MountIDMap{}, false
	}
	user, ok := FindNamespace(s, specs.UserNamespace)
	if ok && user.Path != "" {
		found.Path = user.Path
	} else if ok {
		found.UID, found.GID = s.Linux.UIDMappings, s.Linux.GIDMappings
	}
	return found, ok
}

// checkMountIDMap checks the mapping of a mount.
func checkMountIDMap(p *problems, s *specs.Spec, m *specs.Mount, o *MountOptions, at string) {
	checkMappings(p, m.UIDMappings, at+".uidMappings")
	checkMappings(p, m.GIDMappings, at+".gidMappings")
	uid, gid := len(m.UIDMappings) > 0, len(m.GIDMappings) > 0
	switch {
	case uid && !gid:
		p.add(at+".gidMappings", "required along with uidMappings")
	case gid && !uid:
		p.add(at+".uidMappings", "required along with gidMappings")
	}
	if !uid && !gid && !o.IDMap && !o.RIDMap {
		return
	}
	if o.Remount {
		p.add(at, "a remount cannot change how owners are mapped")
	}
	if _, ok := FindMountIDMap(s, m, o); !ok {
		word := "idmap"
		if o.RIDMap {
			word = "ridmap"
		}
		p.addf(at+".options", "%s: needs uidMappings and gidMappings beside it, or a user namespace in linux.namespaces to take them from", word)
	}
}
