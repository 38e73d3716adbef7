package plan

import (
	"math"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// inherited is the propagation that mounts have towards the host unless their
// options say otherwise: they get what the host mounts and give nothing back.
func (b *builder) inherited() uint64 {
	flags, _ := spec.Propagation(b.spec.Linux.RootfsPropagation)
	if flags&msPrivate != 0 {
		return msPrivate
	}
	return msSlave
}

// rootfs hands over the root tree and attaches it.
func (b *builder) rootfs() {
	root := b.fromBundle(b.spec.Root.Path)
	if !b.ownRoot {
		slot := b.open(Descriptor{Opens: OpenDirectory, Field: "root.path", Path: root})
		b.step(wire.Rootfs, "root.path", slot, "")
		return
	}
	b.step(wire.Propagate, "linux.rootfsPropagation", b.inherited()|msRec)
	slot := b.open(Descriptor{
		Opens: OpenTree, Field: "root.path", Path: root,
		Recursive: true, Propagation: []uint64{b.inherited() | msRec},
	})
	b.step(wire.Rootfs, "root.path", slot, root)
}

// enterRoot makes the root tree the root, and gives it its final properties.
func (b *builder) enterRoot() {
	if p := b.spec.Process; p != nil && p.Cwd != "" && path.Clean(p.Cwd) != "/" {
		b.step(wire.Mkdir, "process.cwd", p.Cwd, num(0o755))
	}
	mode := wire.PivotRoot
	switch {
	case !b.ownRoot:
		mode = wire.PivotChroot
	case b.opts.NoPivot:
		mode = wire.PivotMove
	}
	b.step(wire.Pivot, "root.path", num(mode))
	b.step(wire.Session, "process")
	if p := b.spec.Process; p != nil && p.Terminal {
		device := wire.ConsoleDevice
		if !b.ownRoot {
			device = 0 // a mount at /dev/console would be the host's
		}
		b.step(wire.Console, "process.terminal", num(device))
	}
	if !b.ownRoot {
		return
	}
	if field, ok := b.readonlyDev(); ok {
		b.setattr(field, "/dev", spec.MountAttrReadonly, 0)
	}
	if b.spec.Root.Readonly {
		b.setattr("root.readonly", "/", spec.MountAttrReadonly, 0)
	}
}

// rootPropagation gives the root its final propagation, behind everything that
// copies a mount: an unbindable one cannot be copied.
func (b *builder) rootPropagation() {
	if flags, ok := spec.Propagation(b.spec.Linux.RootfsPropagation); ok && b.ownRoot {
		b.step(wire.Propagate, "linux.rootfsPropagation", flags)
	}
}

func (b *builder) setattr(field, target string, set, propagation uint64) {
	flags := uint64(0)
	if propagation&msRec != 0 {
		flags = atRecursive
	}
	b.step(wire.Setattr, field, target, set, num(0), propagation&^msRec, flags)
}

// atRecursive is AT_RECURSIVE of mount_setattr(2).
const atRecursive = 0x8000

// hidden adds masked and read-only paths.
func (b *builder) hidden() {
	l := b.spec.Linux
	for i, p := range l.ReadonlyPaths {
		b.step(wire.Readonly, element("linux.readonlyPaths", i), p)
	}
	if len(l.MaskedPaths) == 0 {
		return
	}
	null := b.open(Descriptor{
		Opens: OpenDevice, Field: "linux.maskedPaths", Path: "/dev/null",
		Char: true, Device: device(1, 3), Propagation: []uint64{msPrivate},
	})
	for i, p := range l.MaskedPaths {
		args := []any{p, null}
		if l.MountLabel != "" {
			args = append(args, l.MountLabel)
		}
		b.step(wire.Mask, element("linux.maskedPaths", i), args...)
	}
}

// createHooks lets the parent run prestart and createRuntime hooks, then runs
// createContainer hooks inside. All three come before pivot; the last find
// their programs in the runtime's tree.
func (b *builder) createHooks() {
	h := b.spec.Hooks
	if h == nil {
		return
	}
	if len(h.Prestart)+len(h.CreateRuntime)+len(h.CreateContainer) > 0 { //nolint:staticcheck // prestart is deprecated, not gone
		b.step(wire.Ask, "hooks", num(wire.Hooks))
	}
	b.insideHooks(h.CreateContainer, "hooks.createContainer", specs.StateCreating, nil)
}

func (b *builder) insideHooks(list []specs.Hook, field string, status specs.ContainerState, env []string) {
	if len(list) == 0 {
		return
	}
	state := b.open(Descriptor{Opens: OpenState, Field: field, Status: status})
	for i, h := range list {
		args, environ, ms := h.Args, h.Env, 0
		if len(args) == 0 {
			args = []string{h.Path}
		}
		if len(environ) == 0 {
			environ = env
		}
		if h.Timeout != nil {
			ms = min(*h.Timeout, math.MaxInt32/1000) * 1000
		}
		b.step(wire.Hook, element(field, i), h.Path, args, environ, num(ms), state)
	}
}

// fromBundle resolves a path that may be relative to the bundle.
func (b *builder) fromBundle(p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(b.opts.Bundle, p)
}
