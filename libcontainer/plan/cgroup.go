package plan

import (
	"errors"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// cgroupView shows the container its own cgroups. With a cgroup namespace
// that is a mount made inside; without one it is a bind of the container's
// directory, so that the host's others are out of sight.
func (b *builder) cgroupView(m specs.Mount, o spec.MountOptions, field string) {
	if _, mapped := spec.FindMountIDMap(b.spec, &m, &o); mapped || len(o.Data)+len(o.SuperSet) > 0 {
		b.fail(&spec.FieldError{Path: field + ".options", Err: errors.New("a view of the container's cgroups has neither options of a filesystem nor mapped owners")})
	}
	b.cgroups()
	_, private := spec.FindNamespace(b.spec, specs.CgroupNamespace)
	if b.facts.Unified {
		for _, h := range b.facts.Hierarchies {
			b.hierarchy(h, m.Destination, fresh(o), private, field)
		}
	} else {
		b.legacyView(m, o, private, field)
	}
	for _, p := range o.Propagation {
		b.setattr(field+".options", m.Destination, 0, p)
	}
}

// legacyView is a tmpfs with a directory a hierarchy, as hosts with cgroup v1
// have it, and a link for each controller of a shared one.
func (b *builder) legacyView(m specs.Mount, o spec.MountOptions, private bool, field string) {
	const hard = spec.MountAttrNosuid | spec.MountAttrNodev | spec.MountAttrNoexec
	set := fresh(o)
	b.step(wire.Mount, field, "tmpfs", m.Destination, "tmpfs", set&^spec.MountAttrReadonly|hard,
		b.context("tmpfs", wire.Pairs{"mode", "755"}), num(0))
	for _, h := range b.facts.Hierarchies {
		b.hierarchy(h, path.Join(m.Destination, h.Name), set|hard, private, field)
		controllers := strings.Split(h.Name, ",")
		if len(controllers) == 1 {
			continue
		}
		for _, c := range controllers {
			b.step(wire.Symlink, field, h.Name, path.Join(m.Destination, c), num(0))
		}
	}
	if set&spec.MountAttrReadonly != 0 {
		b.setattr(field, m.Destination, spec.MountAttrReadonly, 0)
	}
}

// hierarchy shows one hierarchy. A cgroup that is not the container's own it may
// look at, if that is the root of its view.
func (b *builder) hierarchy(h Hierarchy, target string, attr uint64, private bool, field string) {
	if h.Shared {
		if !private {
			return
		}
		attr |= spec.MountAttrReadonly
	}
	if !private || b.external {
		slot := b.open(Descriptor{
			Opens: OpenTree, Field: field, Path: h.Path, Set: attr,
			Propagation: []uint64{msPrivate},
		})
		b.step(wire.Attach, field, slot, target, num(0))
		return
	}
	fstype := "cgroup"
	if h.Unified {
		fstype = "cgroup2"
	}
	var pairs wire.Pairs
	for _, p := range h.Parameters {
		if p == "" {
			continue
		}
		if k, v, ok := strings.Cut(p, "="); ok {
			pairs = append(pairs, k, v)
		} else {
			pairs = append(pairs, p, wire.Flag)
		}
	}
	b.step(wire.Mount, field, fstype, target, "cgroup", attr, pairs, num(0))
}
