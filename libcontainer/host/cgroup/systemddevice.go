// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"strconv"

	devices "github.com/opencontainers/cgroups/devices/config"
)

// deviceAllow is one entry of DeviceAllow, a(ss) on the bus.
type deviceAllow struct {
	Node, Access string
}

// devices tells systemd of the device rules. Only on v1: there it writes rules
// of its own into the container's devices cgroup whenever it makes up its mind
// about controllers anew, and without a policy that is "allow all". On v2 it
// leaves a unit without a policy alone, so that the program that Limit attaches
// is the only one: what changes it, an update or a hook that adds a GPU, need
// not tell systemd, and a daemon-reload takes nothing away.
func (l *limits) devices(s *settings) {
	if s.SkipDevices {
		return
	}
	list, all := allowList(s.Devices)
	if all {
		l.add("DevicePolicy", "auto")
		l.add("DeviceAllow", []deviceAllow{})
		return
	}
	l.add("DevicePolicy", "strict")
	l.add("DeviceAllow", list)
}

// allowList turns rules, of which the last that matches decides, into a list
// of what is allowed, or reports that everything is. systemd knows no rule that
// denies: what such a rule takes a part of is left out as a whole. That is less
// than the config allows, and can only come about later than the kernel had
// the rules from us.
func allowList(rules []*devices.Rule) (list []deviceAllow, all bool) {
	var kept ruleList
	for _, r := range rules {
		switch {
		case r.Type == devices.WildcardDevice:
			kept, all = kept[:0], r.Allow
		case r.Allow:
			kept = append(kept, *r)
		case all:
			kept, all = kept[:0], false
		default:
			kept = without(kept, r)
		}
	}
	if all {
		return nil, true
	}
	list = []deviceAllow{} // empty, and still a list on the bus
	for i := range kept {
		if node := nodeName(&kept[i]); node != "" {
			list = append(list, deviceAllow{node, string(kept[i].Permissions)})
		}
	}
	return list, false
}

// without takes the access that r denies from every rule that has a device in
// common with it.
func without(list ruleList, r *devices.Rule) ruleList {
	var kept ruleList
	for _, old := range list {
		if covers(r, &old) || covers(&old, r) {
			if old.Permissions = old.Permissions.Difference(r.Permissions); old.Permissions.IsEmpty() {
				continue
			}
		}
		kept = append(kept, old)
	}
	return kept
}

// nodeName writes the devices of a rule in systemd's way, or returns "" if it
// has none: one minor number of every major one.
func nodeName(r *devices.Rule) string {
	kind := "char"
	if r.Type == devices.BlockDevice {
		kind = "block"
	}
	switch {
	case r.Major == devices.Wildcard && r.Minor == devices.Wildcard:
		return kind + "-*"
	case r.Major == devices.Wildcard:
		return ""
	case r.Minor == devices.Wildcard:
		return kind + "-" + strconv.FormatInt(r.Major, 10)
	}
	return "/dev/" + kind + "/" + strconv.FormatInt(r.Major, 10) + ":" + strconv.FormatInt(r.Minor, 10)
}
