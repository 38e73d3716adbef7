// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/exeseal"
)

// oldest is the kernel that has what there is no other way for: pidfds of new
// processes that can be waited for, and mounts that nobody can see yet.
const oldest = "5.3"

func kernel(Caller) []Finding {
	release := linux.KernelRelease()
	f := Finding{Area: "kernel", Name: "version", Way: "Linux " + release}
	if linux.Older(release, oldest) {
		f.State, f.Why, f.Hint = Bad, "older than "+oldest, "use a newer kernel"
	}
	return append([]Finding{f}, filters()...)
}

// filters tells of seccomp filters around this process: what they refuse is
// among the calls.
func filters() []Finding {
	if statusField("Seccomp") != "2" {
		return nil
	}
	return []Finding{{Area: "kernel", Name: "filter", Way: "rung is under a seccomp filter", Why: "what it refuses shows below"}}
}

// ladder says what comes after a call that is missing; a call without a line
// here is one that nothing can replace.
func ladder(name string) (way string, state State) {
	switch name {
	case "clone3", "clone3 CLONE_INTO_CGROUP":
		return "clone, then a write to cgroup.procs", Fallback
	case "close_range", "close_range CLOSE_RANGE_CLOEXEC":
		return "fcntl, descriptor by descriptor", Fallback
	case "faccessat2":
		return "faccessat", Fallback
	case "fchmodat2":
		return "fchmodat by the name of the descriptor", Fallback
	case "fsconfig", "fsmount", "fsopen", "move_mount", "open_tree":
		if mayMount() {
			return "mount at its place, both ends named by descriptors; remounts and mapped owners are refused", Fallback
		}
	case "fspick":
		return "none: remounts with options of the filesystem are refused", Without
	case "mount_setattr":
		return "mount on the attached tree; recursive options and mapped owners are refused", Fallback
	case "openat2":
		return "a walk, component by component", Fallback
	case "pidfd_open":
		return "the process' directory in /proc", Fallback
	case "pidfd_send_signal":
		return "kill after a look at the process", Fallback
	case "setns pidfd":
		return "namespace by namespace", Fallback
	case "statx":
		return "newfstatat", Fallback
	case "waitid P_PIDFD":
		return "waitid by number", Fallback
	}
	return "none", Bad
}

func calls(Caller) []Finding {
	var out []Finding
	release := linux.KernelRelease()
	for _, c := range append(linux.Calls(), linux.Uses()...) {
		out = append(out, call(c, release))
	}
	return append(out, sealing())
}

func call(c linux.Call, release string) Finding {
	f := Finding{Area: "call", Name: c.Name, Way: "used"}
	answer := c.Answer()
	switch {
	case answer != linux.ENOSYS && answer != linux.EPERM:
		return f
	case answer == linux.EPERM && asksFirst(c.Name) && !mayMount():
		f.Way = "not known without the right to mount"
		return f
	case linux.Older(release, c.Since):
		f.Why, f.Hint = "Linux "+c.Since+" has it, this is "+release, "use a newer kernel"
	default:
		f.Why = "refused by a seccomp filter around rung (" + answer.Error() + "); the kernel has it since Linux " + c.Since
		f.Hint = "allow " + c.Name + " in the filter"
	}
	f.Way, f.State = ladder(c.Name)
	return f
}

// asksFirst lists the calls that ask for the right to mount before they look at
// anything else.
func asksFirst(name string) bool {
	switch name {
	case "fsmount", "fsopen", "fspick", "move_mount":
		return true
	}
	return false
}

func mayMount() bool {
	caps, err := linux.Capabilities()
	return err == nil && linux.MayMount(caps)
}

// sealing opens our own binary as every start does.
func sealing() Finding {
	f := Finding{Area: "call", Name: "unwritable binary"}
	o := exeseal.Begin()
	fd, err := o.Take()
	if err != nil {
		f.State, f.Way, f.Why, f.Hint = Bad, "none", err.Error(), "allow memfd_create in the filter around rung"
		return f
	}
	_ = fd.Close()
	f.Way = o.Way().String()
	if o.Way() == exeseal.Copy {
		f.State, f.Why = Fallback, "mounts cannot be made, or not be set read-only"
	} else if o.Way() == exeseal.Overlay {
		f.State, f.Why = Fallback, "no mount_setattr"
	}
	return f
}
