package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Notifies reports whether a filter leaves calls to an agent.
func Notifies(s *specs.LinuxSeccomp) bool {
	if s == nil {
		return false
	}
	for i := range s.Syscalls {
		if s.Syscalls[i].Action == specs.ActNotify && len(s.Syscalls[i].Names) > 0 {
			return true
		}
	}
	return false
}

// checkListener checks how the agent is reached; the filter is compiled later.
// A path that nothing needs is ignored, as the runtime-spec says.
func checkListener(p *problems, s *specs.LinuxSeccomp) {
	const path, metadata = "linux.seccomp.listenerPath", "linux.seccomp.listenerMetadata"
	switch {
	case s == nil:
	case hasNUL(s.ListenerPath):
		p.add(path, causeNUL)
	case s.ListenerPath != "":
	case s.ListenerMetadata != "":
		p.add(metadata, "must not be set without listenerPath")
	case Notifies(s):
		p.add(path, "required with SCMP_ACT_NOTIFY: somebody has to answer")
	}
}
