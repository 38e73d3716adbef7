package plan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

const procMagic = 0x9fa0

func element(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

// entry is one of the config's mounts, its options read and its destination
// made absolute and clean.
type entry struct {
	specs.Mount
	options spec.MountOptions
	field   string
}

// readMounts reads the options of all mounts, which several subjects ask for.
func (b *builder) readMounts() {
	b.entries = make([]entry, 0, len(b.spec.Mounts))
	for i, m := range b.spec.Mounts {
		field := element("mounts", i)
		o, err := spec.ParseMountOptions(m, field)
		if err != nil {
			b.fail(err)
			return
		}
		m.Destination = path.Clean("/" + m.Destination)
		b.entries = append(b.entries, entry{m, o, field})
	}
}

func (b *builder) mounts() {
	if len(b.entries) > 0 && !b.ownRoot {
		b.fail(&spec.FieldError{Path: "mounts", Err: errors.New("mounts need a mount namespace in linux.namespaces, they would be the host's own")})
		return
	}
	for i := range b.entries {
		m, o, field := b.entries[i].Mount, b.entries[i].options, b.entries[i].field
		switch {
		case o.Remount:
			b.remount(m, o, field)
		case o.Bind:
			b.bind(m, o, field)
		case m.Type == "cgroup" || m.Type == "cgroup2" && b.facts.Unified:
			b.cgroupView(m, o, field)
		default:
			b.filesystem(m, o, field)
		}
	}
}

// bind hands over a tree of the host. All its attributes are set by the
// parent before init gets it: attached in a user namespace they are locked.
func (b *builder) bind(m specs.Mount, o spec.MountOptions, field string) {
	d := Descriptor{
		Opens: OpenTree, Field: field + ".source", Path: b.fromBundle(m.Source),
		Recursive: o.Recursive, Set: o.Set, Clear: o.Clear, RecSet: o.RecSet, RecClear: o.RecClear,
		Propagation: b.propagation(o),
	}
	if m.Destination == "/proc" {
		d.Filesystem = procMagic
	}
	if idmap, ok := spec.FindMountIDMap(b.spec, &m, &o); ok {
		d.IDMap = &idmap
	}
	slot := b.open(d)
	b.step(wire.Attach, field, slot, m.Destination, targetFlags(m.Destination))
}

// propagation is how a bind is tied to its source. One that is to be shared
// stays a peer of it: made a slave first, it would be shared with nobody.
func (b *builder) propagation(o spec.MountOptions) []uint64 {
	_, user := spec.FindNamespace(b.spec, specs.UserNamespace)
	shared := slices.ContainsFunc(o.Propagation, func(p uint64) bool { return p&^msRec == msShared })
	if shared && !user {
		return o.Propagation
	}
	return append([]uint64{b.inherited() | msRec}, o.Propagation...)
}

// remount changes a mount that is there: what options name of it, nothing
// else. Read-only is a matter of the mount, except for a filesystem whose
// type, given here, says that it has storage of its own.
func (b *builder) remount(m specs.Mount, o spec.MountOptions, field string) {
	at := field + ".options"
	if pairs := b.parameters(m, o, field); len(pairs) > 0 {
		b.step(wire.Remount, at, m.Destination, pairs)
	}
	if m.Destination == "/dev" {
		o.Set &^= spec.MountAttrReadonly // until the devices are made
		o.RecSet &^= spec.MountAttrReadonly
	}
	b.attributes(at, m.Destination, o.Set, o.Clear, 0)
	b.attributes(at, m.Destination, o.RecSet, o.RecClear, atRecursive)
	for _, p := range o.Propagation {
		b.setattr(at, m.Destination, 0, p)
	}
}

// attributes changes those of a mount that is attached.
func (b *builder) attributes(field, target string, set, clear, flags uint64) {
	if set|clear == 0 {
		return
	}
	// The access time is a mode: all its bits are cleared to set another one.
	if (set|clear)&spec.MountAttrAtimeMask != 0 {
		clear |= spec.MountAttrAtimeMask
	}
	b.step(wire.Setattr, field, target, set, clear, num(0), flags)
}

// filesystem makes a new filesystem inside.
func (b *builder) filesystem(m specs.Mount, o spec.MountOptions, field string) {
	flags := targetFlags(m.Destination)
	if m.Destination == "/proc" && m.Type != "proc" {
		b.fail(&spec.FieldError{Path: field + ".type", Err: fmt.Errorf("filesystem %q over /proc: only proc may be there", m.Type)})
		return
	}
	attr := fresh(o)
	if m.Destination == "/dev" {
		attr &^= spec.MountAttrReadonly // until the devices are made
	}
	pairs := b.context(m.Type, b.parameters(m, o, field))
	if m.Type == "tmpfs" && !hasKey(pairs, "mode") {
		flags |= wire.CopyMode
	}
	// One with options of its own may have no sys, or not be writable.
	plain := len(pairs) == 0 && attr&spec.MountAttrReadonly == 0
	if m.Type == "proc" && m.Destination == "/proc" && plain && !b.procs && b.writesProc() {
		flags |= wire.KeepProc
		b.procs = true
	}
	late := uint64(0)
	if o.TmpCopyUp {
		b.cgroups() // the memory of the copy is theirs
		flags |= copyUp(pairs)
		late = attr & spec.MountAttrReadonly // until it is filled
	}
	if idmap, ok := spec.FindMountIDMap(b.spec, &m, &o); ok {
		// Only who may mount the filesystem on this host may map its owners.
		if !o.TmpCopyUp {
			flags &^= wire.CopyMode // the parent does not see the directory
		}
		if b.facts.NoMount {
			b.fail(&spec.FieldError{Path: field, Err: errNoMapping})
		}
		slot := b.open(Descriptor{
			Opens: OpenFilesystem, Field: field, Type: m.Type, Path: m.Source,
			Parameters: pairs, Set: attr &^ late, IDMap: &idmap,
		})
		b.step(wire.Attach, field, slot, m.Destination, flags)
	} else {
		b.step(wire.Mount, field, m.Type, m.Destination, m.Source, attr&^late, pairs, flags)
	}
	b.relabel(m.Type, m.Destination, field)
	if late != 0 {
		b.setattr(field+".options", m.Destination, late, 0)
	}
	for _, p := range o.Propagation {
		b.setattr(field+".options", m.Destination, 0, p)
	}
}

// fresh are the attributes of a new filesystem: nothing is below it yet.
func fresh(o spec.MountOptions) uint64 { return o.Set&^o.RecClear | o.RecSet }

// maxParameter is the longest value that fsconfig(2) takes.
const maxParameter = 255

// parameters are the fsconfig(2) calls that options stand for.
func (b *builder) parameters(m specs.Mount, o spec.MountOptions, field string) wire.Pairs {
	var out wire.Pairs
	for _, f := range o.SuperSet {
		out = append(out, f, wire.Flag)
	}
	for _, d := range o.Data {
		if k, v, ok := strings.Cut(d, "="); !ok {
			out = append(out, d, wire.Flag)
		} else if len(v) > maxParameter && m.Type == "overlay" && k == "lowerdir" {
			out = append(out, layers(v)...)
		} else {
			out = append(out, k, v)
		}
	}
	for i := 0; i < len(out); i += 2 {
		if n := len(out[i+1]); n > maxParameter {
			b.fail(&spec.FieldError{Path: field + ".options", Err: fmt.Errorf("%s: a value of %d bytes, the kernel takes %d", out[i], n, maxParameter)})
		}
	}
	if n := len(m.Source); n > maxParameter {
		b.fail(&spec.FieldError{Path: field + ".source", Err: fmt.Errorf("%d bytes, the kernel takes %d of a filesystem's source", n, maxParameter)})
	}
	return out
}

// layers are the layers of an overlay one by one: all of them together were
// made for mount(2), which took a page. Kernel(6.8): lowerdir+.
func layers(list string) wire.Pairs {
	var out wire.Pairs
	key, start := "lowerdir+", 0
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '\\':
			i++ // an escaped colon does not separate
		case list[i] != ':':
		case i == start:
			key, start = "datadir+", i+1 // behind a double colon
		default:
			out = append(out, key, list[start:i])
			start = i + 1
		}
	}
	return append(out, key, list[start:])
}

// copyUp are the flags that fill a tmpfs; the owner of its root is as the
// options say or copied too.
func copyUp(pairs wire.Pairs) uint64 {
	if hasKey(pairs, "uid") || hasKey(pairs, "gid") {
		return wire.CopyUp
	}
	return wire.CopyUp | wire.CopyOwner
}

func hasKey(p wire.Pairs, key string) bool {
	for i := 0; i < len(p); i += 2 {
		if p[i] == key {
			return true
		}
	}
	return false
}

// overProc are the files below /proc that emulations such as lxcfs put a view
// of their own over. Everything else there stays the kernel's.
var overProc = [...]string{
	"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev",
	"/proc/slabinfo", "/proc/stat", "/proc/swaps", "/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid", "/proc/uptime",
}

func targetFlags(destination string) uint64 {
	flags := 0
	switch destination {
	case "/":
		flags |= wire.OnRoot
	case "/proc", "/sys":
		// An image's /proc that is a link made labels and masks go elsewhere.
		flags |= wire.RealDir | wire.OverProc
	}
	for _, p := range overProc {
		if p == destination {
			flags |= wire.OverProc
		}
	}
	return num(flags)
}

// readonlyDev returns the field of the mount that makes /dev read-only: it has
// to wait until the devices are made.
func (b *builder) readonlyDev() (string, bool) {
	field, readonly := "", false
	for i := range b.entries {
		o, at := &b.entries[i].options, b.entries[i].field
		if b.entries[i].Destination != "/dev" {
			continue
		}
		set, clear := (o.Set|o.RecSet)&spec.MountAttrReadonly != 0, (o.Clear|o.RecClear)&spec.MountAttrReadonly != 0
		switch {
		case o.Remount && set:
			field, readonly = at, true
		case o.Remount && clear:
			readonly = false
		case !o.Remount:
			field, readonly = at, !o.Bind && fresh(*o)&spec.MountAttrReadonly != 0
		}
	}
	return field, readonly
}
