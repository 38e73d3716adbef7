package plan

import (
	"errors"
	"path"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// External is what of a container's mounts comes from outside. An image of its
// processes has none of it: who restores them brings it along, from the bundle
// that it has then.
type External struct {
	// Slots are what the parent opens: the root, then trees.
	Slots []Descriptor
	Root  wire.Slot
	// Mounts are in the order in which they are made.
	Mounts []ExternalMount
	// Points are the paths in the root's own tree where something is mounted, in
	// that order.
	Points []Point

	// mounts are where the config mounts something, spots what it changes
	// afterwards.
	mounts, spots []string
}

// nullDevice is what hides a file.
const nullDevice = "/dev/null"

// ExternalMount is one mount from outside.
type ExternalMount struct {
	Field string
	// Target is where the config wants it, absolute and clean, Name what it is
	// called in images. Compat(runc): the same names.
	Target, Name string
	Slot         wire.Slot
	// Recursive: what is mounted below the source is there too.
	Recursive bool
	// FileOnly: only files are hidden so; a directory is hidden by a filesystem
	// that the image has.
	FileOnly bool
}

// Point is a place for a mount; File tells that it may have to be one.
type Point struct {
	Path string
	Slot wire.Slot // of what is mounted there, or wire.NoSlot for a directory
}

// BuildExternal finds the external mounts of a container.
func BuildExternal(s *specs.Spec, f Facts, o Options) (*External, error) {
	b := &builder{spec: s, facts: f, opts: o, external: true}
	var ns specs.LinuxNamespace
	if ns, b.ownRoot = spec.FindNamespace(s, specs.MountNamespace); !b.ownRoot || ns.Path != "" {
		return nil, &spec.FieldError{Path: "linux.namespaces", Err: errors.New("criu cannot checkpoint a container without a mount namespace of its own")}
	}
	b.readMounts()
	b.rootfs()
	b.mounts()
	b.devices()
	b.hidden()
	if b.err != nil {
		return nil, b.err
	}
	e := &External{Slots: b.plan.Slots}
	for _, step := range b.plan.Steps {
		if err := e.add(&step); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// add takes from one step of a start what is external of it.
func (e *External) add(s *wire.Step) error {
	switch s.Kind {
	case wire.Rootfs:
		e.Root = s.Args[0].(wire.Slot)
	case wire.Attach:
		m := ExternalMount{Field: s.Field, Slot: s.Args[0].(wire.Slot), Target: path.Clean("/" + s.Args[1].(string))}
		m.Name = m.Target
		d := &e.Slots[m.Slot]
		if d.Opens == OpenFilesystem {
			return &spec.FieldError{Path: s.Field, Err: errors.New("criu cannot checkpoint a filesystem with mapped owners")}
		}
		m.Recursive = d.Recursive
		e.mounts = append(e.mounts, m.Target)
		e.point(m.Target, m.Slot)
		e.Mounts = append(e.Mounts, m)
	case wire.Readonly:
		e.spots = append(e.spots, path.Clean("/"+s.Args[0].(string)))
	case wire.Mask:
		e.spots = append(e.spots, path.Clean("/"+s.Args[0].(string)))
		e.Mounts = append(e.Mounts, ExternalMount{
			Field: s.Field, Slot: s.Args[1].(wire.Slot), Target: path.Clean("/" + s.Args[0].(string)),
			Name: nullDevice, FileOnly: true,
		})
	case wire.Mount:
		target := path.Clean("/" + s.Args[1].(string))
		e.mounts = append(e.mounts, target)
		e.point(target, wire.NoSlot)
	}
	return nil
}

// point notes a place for a mount, unless it is inside of another mount.
func (e *External) point(target string, slot wire.Slot) {
	for _, p := range e.Points {
		if p.Path != "/" && below(target, p.Path) {
			return
		}
	}
	e.Points = append(e.Points, Point{target, slot})
}

// CameAlong reports whether a mount at p has come with m, and was mounted below
// its source: nothing else of the config is why it is there.
func (e *External) CameAlong(m *ExternalMount, p string) bool {
	if !m.Recursive || p == m.Target || !below(p, m.Target) || slices.Contains(e.spots, p) {
		return false
	}
	return !slices.ContainsFunc(e.mounts, func(other string) bool {
		return other != m.Target && below(other, m.Target) && below(p, other)
	})
}
