package plan

import (
	"errors"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// File types of mknod(2).
const (
	modeChar  = 0o020000
	modeBlock = 0o060000
	modeFIFO  = 0o010000
)

// device is the kernel's 32-bit encoding of a device number.
func device(major, minor int64) uint64 {
	return uint64(minor&0xff | major<<8 | (minor&^0xff)<<12)
}

// defaultDevices are the ones every container has (runtime-spec
// config-linux.md, default devices); ptmx and console are made elsewhere.
var defaultDevices = [...]specs.LinuxDevice{
	{Path: "/dev/null", Type: "c", Major: 1, Minor: 3},
	{Path: "/dev/zero", Type: "c", Major: 1, Minor: 5},
	{Path: "/dev/full", Type: "c", Major: 1, Minor: 7},
	{Path: "/dev/random", Type: "c", Major: 1, Minor: 8},
	{Path: "/dev/urandom", Type: "c", Major: 1, Minor: 9},
	{Path: "/dev/tty", Type: "c", Major: 5, Minor: 0},
}

// defaultLinks are made where nothing is yet.
var defaultLinks = [...][2]string{
	{"/proc/self/fd", "/dev/fd"},
	{"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"},
	{"/proc/kcore", "/dev/core"},
}

// devices makes nodes and links. A /dev that is bound from elsewhere is
// complete as it is: what the config lists has to be there.
func (b *builder) devices() {
	own := b.bound("/dev/x")
	for _, d := range defaultDevices {
		if !own && !b.configured(d.Path) {
			b.device(d, "linux.devices(default)")
		}
	}
	for i, d := range b.spec.Linux.Devices {
		if d.Path != "/dev/ptmx" { // the link below
			b.device(d, element("linux.devices", i))
		}
	}
	if own {
		return
	}
	for _, l := range defaultLinks {
		b.step(wire.Symlink, "linux.devices(default)", l[0], l[1], num(0))
	}
	b.step(wire.Symlink, "linux.devices(default)", "pts/ptmx", "/dev/ptmx", num(wire.Replace))
}

// bound reports whether p lies in a tree that the config binds from elsewhere:
// what is there belongs to others too.
func (b *builder) bound(p string) bool {
	bound := false
	for i := range b.entries {
		m := &b.entries[i]
		if !m.options.Remount && below(p, m.Destination) {
			bound = m.options.Bind
		}
	}
	return bound
}

// below reports whether p is dir or lies in it.
func below(p, dir string) bool {
	return dir == "/" || strings.HasPrefix(p, dir) && (len(p) == len(dir) || p[len(dir)] == '/')
}

func (b *builder) configured(p string) bool {
	for _, d := range b.spec.Linux.Devices {
		if d.Path == p {
			return true
		}
	}
	return false
}

// device makes one device available:
//
//   - by mknod of init, where that works;
//   - in a user namespace, where it does not, by a node that the parent makes
//     with the owner that the container's ids stand for;
//   - by the node of this host, where the parent cannot make any either.
func (b *builder) device(d specs.LinuxDevice, field string) {
	kind := uint64(modeChar)
	switch d.Type {
	case "b":
		kind = modeBlock
	case "p":
		kind = modeFIFO
	}
	mode, uid, gid := uint64(0o666), uint64(0), uint64(0)
	given := 0
	if d.FileMode != nil {
		mode = num(uint32(*d.FileMode) & 0o7777)
		given |= wire.NodeMode
	}
	if d.UID != nil {
		uid = num(*d.UID)
		given |= wire.NodeUID
	}
	if d.GID != nil {
		gid = num(*d.GID)
		given |= wire.NodeGID
	}
	number := device(d.Major, d.Minor)
	flags := 0
	if b.bound(d.Path) {
		flags |= wire.NodeKeep
		if strings.HasPrefix(d.Path, "/dev/") {
			flags |= wire.NodeFind
		}
	}
	user, hasUser := spec.FindNamespace(b.spec, specs.UserNamespace)
	switch {
	case kind == modeFIFO:
		b.step(wire.Mknod, field, d.Path, kind|mode, num(0), uid, gid, num(flags|given))
		return
	case !hasUser && b.facts.Mknod:
		b.step(wire.Mknod, field, d.Path, kind|mode, number, uid, gid, num(flags|given))
		return
	}
	if !b.ownRoot {
		b.fail(&spec.FieldError{Path: "linux.namespaces", Err: errors.New("without the right to make device nodes the container needs a mount namespace: they are mounts in it")})
	}
	n := Descriptor{
		Opens: OpenDevice, Field: field, Path: d.Path, Char: kind == modeChar, Device: number,
		Mode: uint32(mode), UID: uint32(uid), GID: uint32(gid), Given: given,
	}
	if hasUser {
		n.Owners = &spec.MountIDMap{UID: b.spec.Linux.UIDMappings, GID: b.spec.Linux.GIDMappings}
		if len(n.Owners.UID) == 0 {
			n.Owners.Path = user.Path
		}
	}
	if b.facts.Mknod && !b.copiesInside() {
		n.Opens = OpenNode // on a filesystem that the parent makes
	} else {
		n.Propagation = []uint64{msPrivate}
	}
	attach := wire.OnDevice
	if flags&wire.NodeFind != 0 {
		attach |= wire.MustExist
	}
	b.step(wire.Attach, field, b.open(n), d.Path, num(attach))
}
