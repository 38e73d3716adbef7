// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// CLONE_NEW* of the user namespace, and of those whose owner may mount a
// filesystem that shows them.
const (
	cloneUser   = 0x10000000
	cloneCgroup = 0x02000000
	cloneIPC    = 0x08000000
	clonePID    = 0x20000000
	cloneNet    = 0x40000000
)

// mountAdvice says what it takes to mount a filesystem that a user namespace
// was refused.
func (s *server) mountAdvice(f *Failure, fstype string) string {
	if errors.Is(f, linux.EINVAL) && f.Op == wire.OpFsconfig && (f.Object == "uid" || f.Object == "gid") {
		return "it has to be an id of the user namespace"
	}
	if errors.Is(f, linux.EINVAL) && f.Op == wire.OpMount && fstype == "devpts" && (s.plan.UIDMap != nil || linux.InUserNamespace()) {
		// Kernels such as 6.12 only tell that something is wrong.
		return "its uid and gid have to be ids of the user namespace"
	}
	if !errors.Is(f, linux.EPERM) || s.plan.UIDMap == nil && !linux.InUserNamespace() {
		return ""
	}
	need, name := uint64(0), ""
	switch fstype {
	case "proc":
		need, name = clonePID, "pid"
	case "sysfs":
		need, name = cloneNet, "network"
	case "mqueue":
		need, name = cloneIPC, "ipc"
	case "cgroup", "cgroup2":
		need, name = cloneCgroup, "cgroup"
	default:
		return "a user namespace may not mount this type of filesystem"
	}
	if s.fresh()&need == 0 {
		return fmt.Sprintf("without privilege over this host %s takes a new %s namespace in linux.namespaces; or bind the host's with rbind", fstype, name)
	}
	dir := ""
	switch fstype {
	case "proc":
		dir = "/proc"
	case "sysfs":
		dir = "/sys"
	default:
		return ""
	}
	if over := mountedBelow(dir); over != "" {
		return fmt.Sprintf("the caller's own %s is partly hidden (%s), and the kernel allows no new one that shows it: the container around this one needs a %s without masks (Docker: --security-opt systempaths=unconfined, Podman: --security-opt unmask=ALL)", dir, over, dir)
	}
	return ""
}

// fresh are the namespaces that init was born in or has made.
func (s *server) fresh() uint64 {
	flags := s.birth.CloneFlags
	for _, step := range s.plan.Steps {
		if step.Kind == wire.Unshare {
			flags |= step.Args[0].(uint64)
		}
	}
	return flags
}

// mountedBelow names a few of the mounts below dir that hide a part of it.
func mountedBelow(dir string) string {
	table, err := linux.ReadKernelFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	const most = 3
	var names []string
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[4], dir+"/") {
			continue
		}
		if len(names) == most {
			return strings.Join(names, ", ") + ", …"
		}
		names = append(names, fields[4])
	}
	return strings.Join(names, ", ")
}
