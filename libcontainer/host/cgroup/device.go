// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"math"
	"strconv"
	"strings"

	devices "github.com/opencontainers/cgroups/devices/config"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// defaultRules are the devices that every container can use: those the
// runtime-spec makes in it, without the console, which is a pty of the
// container's own devpts and not the host's c 5:1. tun is not in the
// runtime-spec.
// Compat(runc): it was taken out once and came back, VPN containers need it.
func defaultRules() [9]devices.Rule {
	char := func(major, minor int64) devices.Rule {
		return devices.Rule{Type: devices.CharDevice, Major: major, Minor: minor, Permissions: "rwm", Allow: true}
	}
	return [...]devices.Rule{
		char(1, 3),                  // null
		char(1, 5),                  // zero
		char(1, 7),                  // full
		char(1, 8),                  // random
		char(1, 9),                  // urandom
		char(5, 0),                  // tty
		char(5, 2),                  // ptmx
		char(136, devices.Wildcard), // pts
		char(10, 200),               // net/tun
	}
}

// devices puts the container's rules together:
//
//   - Nothing is allowed to begin with.
//   - The config's rules come in its order. The default rules stand behind the
//     last of them that speaks of all character devices, because callers
//     (Docker, containerd, Podman, the spec command) write "deny all" first
//     and count on the defaults in spite of it.
//   - So a later rule of the config about one default device holds. runc puts
//     the defaults last, where no config can take one away, and crun first,
//     where the usual "deny all" takes them all away.
//   - Making nodes is allowed last of all and cannot be denied: init makes the
//     container's nodes while the rules hold already, and a node that may not
//     be opened opens nothing.
func (c *conversion) devices(list []specs.LinuxDeviceCgroup) {
	var rules ruleList
	place := 0
	for i := range list {
		parsed, ok := c.parseRule(&list[i], i)
		if !ok {
			continue
		}
		for _, r := range parsed {
			rules.add(r)
			if allChars(&r) {
				place = len(rules)
			}
		}
	}
	all := make(ruleList, 0, len(rules)+11)
	all = append(all, rules[:place]...)
	for _, r := range defaultRules() {
		all.add(r)
	}
	for _, r := range rules[place:] {
		all.add(r)
	}
	for _, kind := range [...]devices.Type{devices.CharDevice, devices.BlockDevice} {
		all.add(devices.Rule{Type: kind, Major: devices.Wildcard, Minor: devices.Wildcard, Permissions: "m", Allow: true})
	}
	c.Devices = make([]*devices.Rule, len(all))
	for i := range all {
		c.Devices[i] = &all[i]
	}
}

// parseRule returns what one rule of the config comes to.
func (c *conversion) parseRule(d *specs.LinuxDeviceCgroup, i int) ([]devices.Rule, bool) {
	field := "devices[" + strconv.Itoa(i) + "]"
	r := devices.Rule{Major: devices.Wildcard, Minor: devices.Wildcard, Allow: d.Allow}
	for _, n := range [...]struct {
		name string
		from *int64
		to   *int64
	}{{"major", d.Major, &r.Major}, {"minor", d.Minor, &r.Minor}} {
		if n.from == nil {
			continue
		}
		if *n.from < devices.Wildcard || *n.from > math.MaxUint32 {
			c.refuse(field+"."+n.name, "%d is not a device number", *n.from)
			return nil, false
		}
		*n.to = *n.from
	}
	r.Permissions = permissions(d.Access)
	if r.Permissions == "" {
		c.refuse(field+".access", "empty, must be of r, w and m")
		return nil, false
	}
	switch d.Type {
	case "b":
		r.Type = devices.BlockDevice
	case "c":
		r.Type = devices.CharDevice
	case "", "a":
		if r.Permissions == "rwm" && r.Major == devices.Wildcard && r.Minor == devices.Wildcard {
			r.Type = devices.WildcardDevice
			return []devices.Rule{r}, true
		}
		// The kernel takes "a" for every device and every access, whatever
		// else the rule says: "allow a 10:200 r" would open the host.
		char, block := r, r
		char.Type, block.Type = devices.CharDevice, devices.BlockDevice
		return c.withoutMknod(field, char, block), true
	default:
		c.refuse(field+".type", "unknown device type %q", d.Type)
		return nil, false
	}
	return c.withoutMknod(field, r), true
}

// withoutMknod takes m out of rules that deny.
func (c *conversion) withoutMknod(field string, rules ...devices.Rule) []devices.Rule {
	if rules[0].Allow {
		return rules
	}
	var kept []devices.Rule
	for _, r := range rules {
		if r.Permissions = r.Permissions.Difference("m"); !r.Permissions.IsEmpty() {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		c.note(field+".access", "ignored, making device nodes is always allowed: a node gives no access")
	}
	return kept
}

// permissions puts the letters of access into the library's order, each once.
func permissions(access string) devices.Permissions {
	var p strings.Builder
	for _, letter := range "rwm" {
		if strings.ContainsRune(access, letter) {
			p.WriteRune(letter)
		}
	}
	return devices.Permissions(p.String())
}

// allChars reports whether r is about every character device.
func allChars(r *devices.Rule) bool {
	return r.Type == devices.WildcardDevice ||
		r.Type == devices.CharDevice && r.Major == devices.Wildcard && r.Minor == devices.Wildcard
}

// ruleList is an ordered list of rules in which the last that matches decides.
type ruleList []devices.Rule

// add appends r and takes from the rules before it what it overrules. The
// library, like the v1 kernel, does so only for a rule about the very same
// numbers: without this, "allow c 1:11" followed by "deny c 1:*" would leave
// 1:11 open and say nothing.
func (l *ruleList) add(r devices.Rule) {
	if r.Type == devices.WildcardDevice {
		*l = append((*l)[:0], r)
		return
	}
	kept := (*l)[:0]
	for _, old := range *l {
		// Rules of the same direction may overlap. They also must: a v1
		// kernel wants one single rule of the parent to cover a rule below.
		if old.Allow != r.Allow && covers(&r, &old) {
			if old.Permissions = old.Permissions.Difference(r.Permissions); old.Permissions.IsEmpty() {
				continue
			}
		}
		kept = append(kept, old)
	}
	*l = append(kept, r)
}

// covers reports whether every device of rule b is one of rule a.
func covers(a, b *devices.Rule) bool {
	return a.Type == b.Type &&
		(a.Major == devices.Wildcard || a.Major == b.Major) &&
		(a.Minor == devices.Wildcard || a.Minor == b.Minor)
}
