// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

func namespaces(c Caller) []Finding {
	var missing []string
	for _, name := range []string{"mnt", "pid", "net", "ipc", "uts", "cgroup", "time"} {
		if !linux.Exists(linux.CWD, "/proc/self/ns/"+name) {
			missing = append(missing, name)
		}
	}
	f := Finding{Area: "namespaces", Name: "types", Way: "mount, pid, network, ipc, uts, cgroup, time"}
	if len(missing) > 0 {
		f.State, f.Way = Without, "not all"
		f.Why, f.Hint = "the kernel has not: "+strings.Join(missing, ", "), "leave them out of the config, or use a kernel that has them"
	}
	return []Finding{f, userNamespaces(c)}
}

// userNamespaces makes one. Without privilege nothing works without.
func userNamespaces(Caller) Finding {
	f := Finding{Area: "namespaces", Name: "user", Way: "can be made"}
	err := linux.TryUserNamespace()
	if err == nil {
		return f
	}
	f.State, f.Way, f.Why = Without, "none", err.Error()
	if !mayMount() {
		f.State = Bad
	}
	switch {
	case read("/proc/sys/user/max_user_namespaces") == "0":
		f.Hint = "raise user.max_user_namespaces, which is 0"
	case read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
		f.Hint = "set kernel.unprivileged_userns_clone to 1"
	case read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
		f.Hint = "load an AppArmor profile that lets rung make them, or set kernel.apparmor_restrict_unprivileged_userns to 0"
	case !linux.Exists(linux.CWD, "/proc/self/ns/user"):
		f.Hint = "use a kernel with CONFIG_USER_NS"
	default:
		f.Hint = "allow clone with CLONE_NEWUSER in the filter around rung"
	}
	return f
}
