package spec

import (
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Rootless turns s into a config that a user without privilege can run: a user
// namespace that maps this one user and group to root, the host's network, the
// host's /sys (a new sysfs needs a network namespace of its own), no owner of
// files that is not mapped, and no limits, for lack of a cgroup to put them on.
func Rootless(s *specs.Spec, uid, gid uint32) {
	if s.Linux == nil {
		s.Linux = new(specs.Linux)
	}
	l := s.Linux
	kept := make([]specs.LinuxNamespace, 0, len(l.Namespaces)+1)
	for _, ns := range l.Namespaces {
		if ns.Type != specs.NetworkNamespace && ns.Type != specs.UserNamespace {
			kept = append(kept, ns)
		}
	}
	l.Namespaces = append(kept, specs.LinuxNamespace{Type: specs.UserNamespace})
	l.UIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: uid, Size: 1}}
	l.GIDMappings = []specs.LinuxIDMapping{{ContainerID: 0, HostID: gid, Size: 1}}
	l.Resources = nil
	for i := range s.Mounts {
		rootlessMount(&s.Mounts[i])
	}
}

func rootlessMount(m *specs.Mount) {
	if path.Clean(m.Destination) == "/sys" {
		*m = specs.Mount{
			Destination: "/sys", Type: "none", Source: "/sys",
			Options: []string{"rbind", "nosuid", "noexec", "nodev", "ro"},
		}
		return
	}
	var kept []string
	for _, option := range m.Options {
		if !strings.HasPrefix(option, "uid=") && !strings.HasPrefix(option, "gid=") {
			kept = append(kept, option)
		}
	}
	m.Options = kept
}
