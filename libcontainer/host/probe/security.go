// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"slices"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

func security(Caller) []Finding {
	return []Finding{actions(), listeners(), apparmor(), selinux()}
}

const seccompDir = "/proc/sys/kernel/seccomp/"

// actions are what filters can do on this kernel.
func actions() Finding {
	f := Finding{Area: "security", Name: "seccomp"}
	list := strings.Fields(read(seccompDir + "actions_avail"))
	if len(list) == 0 {
		f.State, f.Way, f.Why = Without, "none", "no "+seccompDir+"actions_avail"
		f.Hint = "use a kernel with CONFIG_SECCOMP_FILTER, or containers without linux.seccomp"
		return f
	}
	f.Way = strings.Join(list, ", ")
	return f
}

func listeners() Finding {
	f := Finding{Area: "security", Name: "seccomp notify", Way: "listeners"}
	switch {
	case !slices.Contains(strings.Fields(read(seccompDir+"actions_avail")), "user_notif"):
		f.State, f.Way, f.Why, f.Hint = Without, "none", "Linux 5.0 has it", "use a newer kernel"
	case !linux.SeccompFlag(waitKillable):
		f.Way, f.Why = "listeners, without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "Linux 5.19 has it"
	}
	return f
}

// waitKillable is SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV.
const waitKillable = 1 << 5

func apparmor() Finding {
	f := Finding{Area: "security", Name: "AppArmor", Way: "on"}
	on, err := linux.AppArmorEnabled()
	switch {
	case err != nil:
		f.State, f.Way, f.Why = Without, "unknown", err.Error()
		f.Hint = "mount /sys, so that it can be seen"
	case !on:
		f.State, f.Way, f.Why = Without, "off", "a config with a profile is refused"
		f.Hint = "boot with apparmor=1 in lsm=, or leave process.apparmorProfile empty"
	default:
		if confined, err := linux.AppArmorConfined(); err == nil && confined {
			f.Why = "rung itself is confined: a profile can only be stacked on that"
		}
	}
	return f
}

func selinux() Finding {
	f := Finding{Area: "security", Name: "SELinux", Way: "on"}
	on, err := linux.SELinuxEnabled()
	switch {
	case err != nil:
		f.State, f.Way, f.Why = Without, "unknown", err.Error()
	case !on:
		f.State, f.Way, f.Why = Without, "off", "a config with a label is refused"
		f.Hint = "boot with selinux=1, or leave process.selinuxLabel and linux.mountLabel empty"
	}
	return f
}
