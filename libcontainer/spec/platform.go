package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// checkPlatform wants the linux section and no other. A config written for
// another platform must not run here as if its section were absent: someone
// who asked for a virtual machine would get a plain container.
func checkPlatform(p *problems, s *specs.Spec) {
	if s.Linux == nil {
		// Without it there are no namespaces, and the payload would run in
		// the host's own.
		p.add("linux", "required: this runtime runs Linux containers only")
	}
	for _, section := range [...]struct {
		name    string
		present bool
	}{
		{"freebsd", s.FreeBSD != nil},
		{"solaris", s.Solaris != nil},
		{"vm", s.VM != nil},
		{"windows", s.Windows != nil},
		{"zos", s.ZOS != nil},
	} {
		if section.present {
			p.add(section.name, "this host runs Linux containers; a config with this section belongs to another platform")
		}
	}
}
