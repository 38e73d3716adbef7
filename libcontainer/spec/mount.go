package spec

import (
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// checkMounts checks the mounts section. Destinations may be relative (to /,
// as the runtime-spec says of old configs) and may hold "..": they are resolved
// below the container's root, where nothing leads out.
func checkMounts(p *problems, s *specs.Spec) {
	if len(s.Mounts) > 0 {
		needMountNamespace(p, s, "mounts")
	}
	for i := range s.Mounts {
		m := &s.Mounts[i]
		at := element("mounts", i)
		switch {
		case m.Destination == "":
			p.add(at+".destination", causeRequired)
		case hasNUL(m.Destination):
			p.add(at+".destination", causeNUL)
		}
		if hasNUL(m.Source) {
			p.add(at+".source", causeNUL)
		}
		o := parseMountOptions(p, m, at)
		checkMountType(p, m, &o, at)
		checkMountIDMap(p, s, m, &o, at)
		if o.Remount && o.TmpCopyUp {
			p.add(at+".options", "tmpcopyup: nothing is copied by a remount")
		}
	}
}

// checkMountType checks that there is something to mount.
func checkMountType(p *problems, m *specs.Mount, o *MountOptions, at string) {
	if o.Remount {
		return // what is there has both
	}
	if o.Bind {
		if m.Source == "" {
			p.add(at+".source", "required for a bind mount")
		}
		return
	}
	switch {
	case m.Type == "":
		p.add(at+".type", `required, unless options contain "bind" or "rbind"`)
	case dummyType(m.Type):
		p.addf(at+".type", `%q is not a filesystem; for a bind mount, add "bind" or "rbind" to options`, m.Type)
	case hasNUL(m.Type):
		p.add(at+".type", causeNUL)
	}
}

// dummyType reports whether a type is none the kernel could know.
func dummyType(t string) bool { return t == "" || t == "bind" || t == "rbind" || t == "none" }

// mountIDs lists the ids that mounts give to their files, for prefix "uid=" or
// "gid=". Only filesystems whose meaning of these options is known, and that
// are mounted inside the user namespace, are looked at.
func mountIDs(s *specs.Spec, prefix string) []usedID {
	var used []usedID
	for i := range s.Mounts {
		m := &s.Mounts[i]
		if (m.Type != "tmpfs" && m.Type != "devpts") || isBind(m) {
			continue
		}
		for j, option := range m.Options {
			for word := range splitOption(option) {
				value, found := strings.CutPrefix(word, prefix)
				if !found {
					continue
				}
				if id, err := strconv.ParseUint(value, 10, 32); err == nil {
					used = append(used, usedID{uint32(id), element(element("mounts", i)+".options", j)})
				}
			}
		}
	}
	return used
}
