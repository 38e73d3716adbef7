// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// unshareAdvice says which setting of this host forbids a namespace.
func unshareAdvice(err error, flags uint64) string {
	switch {
	case errors.Is(err, linux.ENOSPC):
		return noRoom(flags)
	case !errors.Is(err, linux.EPERM) && !errors.Is(err, linux.EACCES):
		return ""
	case restricted():
		return restrictedAdvice
	case flags&cloneUser == 0:
		return ""
	case sysctl("kernel/unprivileged_userns_clone") == "0":
		return "sysctl kernel.unprivileged_userns_clone is 0, so only root may make user namespaces: it has to be 1"
	}
	return "in a chroot, or under a seccomp filter or a security module that forbids user namespaces"
}

// noRoom names the limits that are reached.
func noRoom(flags uint64) string {
	var limits []string
	for _, ns := range spec.Namespaces() {
		if flags&ns.Flag == 0 {
			continue
		}
		name := "max_" + ns.File + "_namespaces"
		if value := sysctl("user/" + name); value != "" {
			limits = append(limits, fmt.Sprintf("user.%s is %s", name, value))
		}
	}
	return "sysctl " + strings.Join(limits, ", ") + ": there may be no more namespaces of this user here, or around here"
}

const restrictedAdvice = "sysctl kernel.apparmor_restrict_unprivileged_userns is 1, so AppArmor takes all rights from user namespaces of programs without a profile that allows them: give rung one with the rule userns, or set it to 0"

// restricted tells of AppArmor's restriction of user namespaces.
func restricted() bool { return sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" }

// sysctl is a kernel parameter, empty where there is none.
func sysctl(name string) string {
	text, err := linux.ReadKernelFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
