package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Propagation flags of mount(2); mount_setattr(2) takes them without MS_REC.
const (
	msRec        = 1 << 14
	msUnbindable = 1 << 17
	msPrivate    = 1 << 18
	msSlave      = 1 << 19
	msShared     = 1 << 20
)

// Propagation returns the flags of mount(2) for a propagation type: private,
// slave, shared or unbindable, with an r in front for a whole tree. It serves
// linux.rootfsPropagation and mount options alike.
func Propagation(name string) (flags uint64, ok bool) {
	row, ok := lookupMountOption(name)
	if !ok || row.kind != optPropagation {
		return 0, false
	}
	return row.value, true
}

// checkPropagation checks linux.rootfsPropagation. The forms with an r are not
// in the runtime-spec, but Docker and containerd write them.
func checkPropagation(p *problems, s *specs.Spec) {
	const at = "linux.rootfsPropagation"
	name := s.Linux.RootfsPropagation
	if name == "" {
		return
	}
	if _, ok := Propagation(name); !ok {
		p.addf(at, "unknown propagation %q: private, slave, shared and unbindable are known", name)
	}
	needMountNamespace(p, s, at)
}
