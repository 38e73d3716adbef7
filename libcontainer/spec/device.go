package spec

import (
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The kernel's device numbers have 12 bits for the major, 20 for the minor.
const (
	maxMajor = 1<<12 - 1
	maxMinor = 1<<20 - 1
)

// deviceModeBits are the bits a fileMode may have: permissions, the S_IFMT
// bits that some callers leave in, and the type bits of Go's os.FileMode
// (device, named pipe, character device), which others do. Only the
// permissions mean something; the type is in its own field.
const deviceModeBits = 0o177777 | 1<<26 | 1<<25 | 1<<21

// checkDevices checks linux.devices. The same device listed twice is common
// (privileged containers with injected devices) and harmless; two different
// ones at one path are not.
func checkDevices(p *problems, devices []specs.LinuxDevice) {
	const at = "linux.devices"
	seen := make(map[string]int, len(devices))
	for i := range devices {
		d := &devices[i]
		checkDevice(p, d, element(at, i))
		first, again := seen[d.Path]
		if !again {
			seen[d.Path] = i
			continue
		}
		if f := &devices[first]; f.Type != d.Type || f.Major != d.Major || f.Minor != d.Minor {
			p.addf(element(at, i)+".path", "is already another device, entry %d", first)
		}
	}
}

func checkDevice(p *problems, d *specs.LinuxDevice, at string) {
	switch {
	case d.Path == "":
		p.add(at+".path", causeRequired)
	case hasNUL(d.Path):
		p.add(at+".path", causeNUL)
	case !path.IsAbs(d.Path):
		p.add(at+".path", causeAbsolute)
	case path.Clean(d.Path) != d.Path || d.Path == "/":
		p.addf(at+".path", "must be a clean path: %s", path.Clean(d.Path))
	}
	switch d.Type {
	case "c", "b", "u":
		if d.Major < 0 || d.Major > maxMajor {
			p.addf(at+".major", "%d is outside 0 to %d", d.Major, maxMajor)
		}
		if d.Minor < 0 || d.Minor > maxMinor {
			p.addf(at+".minor", "%d is outside 0 to %d", d.Minor, maxMinor)
		}
	case "p":
		// A fifo has no numbers.
	default:
		p.addf(at+".type", "unknown device type %q: c, b, u and p are known", d.Type)
	}
	if d.FileMode != nil && uint32(*d.FileMode)&^deviceModeBits != 0 {
		p.addf(at+".fileMode", "%d is not a file mode (it is a decimal number)", uint32(*d.FileMode))
	}
	if d.UID != nil && *d.UID == noID {
		p.addf(at+".uid", "%d is not a user id: the kernel reads it as -1", *d.UID)
	}
	if d.GID != nil && *d.GID == noID {
		p.addf(at+".gid", "%d is not a group id: the kernel reads it as -1", *d.GID)
	}
}
