package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// A parent that may not mount cannot copy trees either. Then init does: in the
// container's mount namespace, where it may, and before it becomes root of the
// user namespace, because the paths are those of the caller.

// treesHere notes where init copies trees, and makes the mount namespace for it
// if init was not born in it. It returns the namespaces that are still to be made.
func (b *builder) treesHere(fresh uint64, early bool) uint64 {
	if !b.copiesInside() {
		return fresh
	}
	if fresh&cloneMount != 0 && early {
		b.step(wire.Unshare, "linux.namespaces(mount)", num(uint64(cloneMount)))
	}
	b.treesAt = len(b.plan.Steps)
	return fresh &^ cloneMount
}

// copiesInside tells that init copies trees: in the mount namespace that it is
// going to attach them in, which mount(2) demands too.
func (b *builder) copiesInside() bool { return b.facts.NoMount || b.facts.OldMounts }

// tree lets init copy the tree that a descriptor stands for.
func (b *builder) tree(d *Descriptor, slot wire.Slot) {
	if d.IDMap != nil {
		b.fail(&spec.FieldError{Path: strings.TrimSuffix(d.Field, ".source"), Err: errNoMapping})
	}
	d.Inside = true
	flags := 0
	if d.Recursive {
		flags |= wire.TreeRecursive
	}
	if b.facts.OldMounts {
		flags |= wire.TreeOld
		if len(d.Propagation) > 0 && d.Propagation[0]&msShared != 0 {
			// In init's namespace the source is no peer of the host's any more.
			b.fail(&spec.FieldError{Path: strings.TrimSuffix(d.Field, ".source") + ".options", Err: errNoPeer})
		}
	}
	if d.checked() {
		flags |= wire.TreeSame
	}
	b.trees = append(b.trees, wire.Step{Kind: wire.Tree, Field: d.Field, Args: []any{slot, d.Path, num(flags)}})
	b.trees = append(b.trees, d.attributes(wire.TreeAttr, slot)...)
}

// attributes are the steps of that kind that give a tree its attributes.
func (d *Descriptor) attributes(kind wire.Kind, slot wire.Slot) (out []wire.Step) {
	attr := func(field string, set, clear, propagation, flags uint64) {
		out = append(out, wire.Step{Kind: kind, Field: field, Args: []any{slot, d.Path, set, clear, propagation, flags}})
	}
	// A copy of a shared mount is its peer until this.
	for _, p := range d.Propagation {
		flags := uint64(0)
		if p&msRec != 0 {
			flags = atRecursive
		}
		attr(d.Field, 0, 0, p&^msRec, flags)
	}
	options := strings.TrimSuffix(d.Field, ".source") + ".options"
	for _, a := range [...]struct{ set, clear, flags uint64 }{{d.Set, d.Clear, 0}, {d.RecSet, d.RecClear, atRecursive}} {
		if a.set|a.clear == 0 {
			continue
		}
		if (a.set|a.clear)&spec.MountAttrAtimeMask != 0 {
			a.clear |= spec.MountAttrAtimeMask
		}
		attr(options, a.set, a.clear, 0, a.flags)
	}
	return out
}

// attributesLate sets the attributes of each tree right behind the step that
// attaches it, and not before. That is init's: the mounts are in its namespace.
func (b *builder) attributesLate() {
	b.plan.Steps = slices.DeleteFunc(b.plan.Steps, func(s wire.Step) bool { return s.Kind == wire.TreeAttr })
	for i := range b.plan.Slots {
		d := &b.plan.Slots[i]
		if d.Opens != OpenTree && d.Opens != OpenDevice {
			continue
		}
		slot := wire.Slot(i)
		late := d.attributes(wire.LateAttr, slot)
		d.Set, d.Clear, d.RecSet, d.RecClear, d.Propagation = 0, 0, 0, 0, nil
		at := slices.IndexFunc(b.plan.Steps, func(s wire.Step) bool {
			return (s.Kind == wire.Attach || s.Kind == wire.Rootfs) && s.Args[0] == any(slot)
		})
		if at < 0 {
			continue // the null device of masks, of which init takes care
		}
		step := &b.plan.Steps[at]
		if step.Kind == wire.Attach {
			step.Args[2] = step.Args[2].(uint64) | wire.KeepTree
		}
		b.plan.Steps = slices.Insert(b.plan.Steps, at+1, late...)
	}
}

var errNoMapping = errors.New("mapping the owners of a mount takes privilege over its filesystem, which the caller has not")

var errNoPeer = errors.New("a mount that is shared with the host takes open_tree and move_mount of Linux 5.2, which this kernel lacks or a seccomp filter around this runtime refuses: allow them there")

// checked tells that the parent looks at the source before init copies it.
func (d *Descriptor) checked() bool { return d.Opens == OpenDevice || d.Filesystem != 0 }

// insertTrees puts the steps that copy trees into their place. Where the mount
// namespace is another container's they need one of their own before that.
func (b *builder) insertTrees() {
	if len(b.trees) == 0 {
		return
	}
	if ns, ok := spec.FindNamespace(b.spec, specs.MountNamespace); ok && ns.Path != "" {
		b.trees = slices.Insert(b.trees, 0, wire.Step{Kind: wire.Unshare, Field: "linux.namespaces(mount)", Args: []any{num(uint64(cloneMount))}})
	}
	b.plan.Steps = slices.Insert(b.plan.Steps, b.treesAt, b.trees...)
}
