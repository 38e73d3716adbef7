package plan

import (
	"path"

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

// devices makes nodes and links, unless the config puts a /dev of its own
// there, which is then complete as it is.
func (b *builder) devices() {
	if b.ownDev() {
		return
	}
	for _, d := range defaultDevices {
		if !b.configured(d.Path) {
			b.device(d, "linux.devices(default)")
		}
	}
	for i, d := range b.spec.Linux.Devices {
		b.device(d, element("linux.devices", i))
	}
	for _, l := range defaultLinks {
		b.step(wire.Symlink, "linux.devices(default)", l[0], l[1], num(0))
	}
	b.step(wire.Symlink, "linux.devices(default)", "pts/ptmx", "/dev/ptmx", num(wire.Replace))
}

func (b *builder) ownDev() bool {
	for i, m := range b.spec.Mounts {
		o, err := spec.ParseMountOptions(m, element("mounts", i))
		if err == nil && o.Bind && path.Clean("/"+m.Destination) == "/dev" {
			return true
		}
	}
	return false
}

func (b *builder) configured(p string) bool {
	for _, d := range b.spec.Linux.Devices {
		if d.Path == p {
			return true
		}
	}
	return false
}

func (b *builder) device(d specs.LinuxDevice, field string) {
	kind := uint64(modeChar)
	switch d.Type {
	case "b":
		kind = modeBlock
	case "p":
		kind = modeFIFO
	}
	// mknod of a device is refused in every user namespace but the first.
	if _, user := spec.FindNamespace(b.spec, specs.UserNamespace); user && kind != modeFIFO {
		slot := b.open(Descriptor{
			Opens: OpenDevice, Field: field + ".path", Path: d.Path,
			Char: kind == modeChar, Device: device(d.Major, d.Minor), Propagation: []uint64{msPrivate},
		})
		b.step(wire.Attach, field, slot, d.Path, num(0))
		return
	}
	mode, uid, gid := uint64(0o666), uint64(0), uint64(0)
	if d.FileMode != nil {
		mode = num(uint32(*d.FileMode) & 0o7777)
	}
	if d.UID != nil {
		uid = num(*d.UID)
	}
	if d.GID != nil {
		gid = num(*d.GID)
	}
	number := device(d.Major, d.Minor)
	if kind == modeFIFO {
		number = 0
	}
	b.step(wire.Mknod, field, d.Path, kind|mode, number, uid, gid)
}
