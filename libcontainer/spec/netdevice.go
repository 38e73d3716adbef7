package spec

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// maxDeviceName is the kernel's IFNAMSIZ without the NUL.
const maxDeviceName = 15

// checkNetDevices checks linux.netDevices. Two devices cannot have one name in
// the container, unless it is a template, in which the kernel puts a number.
func checkNetDevices(p *problems, s *specs.Spec, o Options) {
	const at = "linux.netDevices"
	if len(s.Linux.NetDevices) == 0 {
		return
	}
	if _, ok := FindNamespace(s, specs.NetworkNamespace); !ok {
		p.add(at, "needs a network namespace in linux.namespaces to move them to")
	}
	if o.Rootless {
		p.add(at, "the caller has no privilege over the network devices of this host")
	}
	given := make(map[string]string, len(s.Linux.NetDevices))
	for _, name := range sortedKeys(s.Linux.NetDevices) {
		if cause := deviceNameProblem(name); cause != "" {
			p.add(member(at, name), cause)
		}
		as := s.Linux.NetDevices[name].Name
		if as == "" {
			as = name
		}
		if cause := deviceNameProblem(as); cause != "" && as != name {
			p.add(member(at, name)+".name", cause)
		}
		if strings.Contains(strings.TrimSuffix(as, "%d"), "%") {
			p.addf(member(at, name)+".name", "%q: a template ends in %%d and has no other %%", as)
		}
		if strings.HasSuffix(as, "%d") {
			continue
		}
		if other, taken := given[as]; taken {
			p.addf(member(at, name)+".name", "%q is given to %s already", as, other)
		}
		given[as] = name
	}
}

// deviceNameProblem applies the kernel's rules for the name of a device.
func deviceNameProblem(name string) string {
	switch {
	case name == "":
		return causeRequired
	case len(name) > maxDeviceName:
		return "is longer than the kernel takes: 15 bytes"
	case name == "." || name == "..":
		return "is no name"
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '/' || c == ':' || c <= ' ' || c == 0x7f:
			return "holds a byte that no network device can have in its name"
		}
	}
	return ""
}
