// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// read returns what a small file holds, empty if it cannot be read.
func read(path string) string {
	text, err := linux.ReadKernelFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// statusField is a line of /proc/self/status.
func statusField(name string) string {
	for line := range strings.Lines(read("/proc/self/status")) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func privilege(c Caller) []Finding {
	f := Finding{Area: "caller", Name: "privilege", Way: "root"}
	switch {
	case mayMount() && linux.InUserNamespace():
		f.Way = "root of a user namespace"
		f.Why = "nested: devices are bound, not made, and only what this namespace owns can be limited or mapped"
	case mayMount():
	case c.UID == 0:
		f.State, f.Way = Fallback, "uid 0 without CAP_SYS_ADMIN"
		f.Why, f.Hint = "containers need a user namespace in their config", "give rung CAP_SYS_ADMIN, as --privileged or --cap-add SYS_ADMIN of the engine around it do"
	default:
		f.State, f.Way = Fallback, "user "+strconv.Itoa(c.UID)
		f.Why = "containers need a user namespace in their config (rung spec --rootless)"
	}
	out := []Finding{f}
	if statusField("NoNewPrivs") == "1" {
		n := Finding{Area: "caller", Name: "no-new-privileges", Way: "set"}
		if c.UID != 0 {
			n.State, n.Why = Without, "newuidmap and newgidmap get no privilege: one id alone can be mapped"
			n.Hint = "do not set it for who starts rung"
		}
		out = append(out, n)
	}
	if c.UID != 0 {
		out = append(out, subordinate(c, "uid"), subordinate(c, "gid"))
	}
	return append(out, keyring(c))
}

// subordinate looks for the ids that the user may map.
func subordinate(c Caller, kind string) Finding {
	f := Finding{Area: "caller", Name: "subordinate " + kind + "s"}
	file, program := "/etc/sub"+kind, "new"+kind+"map"
	count := 0
	for line := range strings.Lines(read(file)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) == 3 && (parts[0] == c.User && c.User != "" || parts[0] == strconv.Itoa(c.UID)) {
			n, _ := strconv.Atoi(parts[2])
			count += n
		}
	}
	switch {
	case count == 0:
		f.State, f.Way, f.Why = Without, "the caller's own alone", "no line for the caller in "+file
		f.Hint = fmt.Sprintf("add a line such as %s:100000:65536", c.User)
	case find(c.Path, program) == "":
		f.State, f.Way, f.Why = Without, "the caller's own alone", "no "+program
		f.Hint = "install it: Debian's package is uidmap, Fedora's shadow-utils"
	default:
		f.Way = strconv.Itoa(count) + " by " + program
	}
	return f
}

// find looks for a program.
func find(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		if full := filepath.Join(dir, name); linux.Executable(full) {
			return full
		}
	}
	return ""
}

// keyring looks at the quota of keys: each container takes one.
func keyring(c Caller) Finding {
	f := Finding{Area: "caller", Name: "session keyrings", Way: "one for each container"}
	if e := linux.KeyringAnswer(); e != 0 {
		f.State, f.Way, f.Why = Without, "none", "keyctl: "+e.Error()
		f.Hint = "allow keyctl in the filter around rung, or use --no-new-keyring"
		return f
	}
	for line := range strings.Lines(read("/proc/key-users")) {
		// "    0:    12 11/11 9/1000000 180/25000000"
		uid, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(rest)
		if uid != strconv.Itoa(c.UID) || len(fields) < 3 {
			continue
		}
		used, most, _ := strings.Cut(fields[2], "/")
		u, _ := strconv.Atoi(used)
		m, _ := strconv.Atoi(most)
		f.Way += fmt.Sprintf(", %d of %d keys in use", u, m)
		if m > 0 && u >= m {
			f.State, f.Why, f.Hint = Bad, "the quota is used up", "raise kernel.keys.maxkeys, or use --no-new-keyring"
		} else if m > 0 && u > m*9/10 {
			f.State, f.Why, f.Hint = Without, "the quota is nearly used up", "raise kernel.keys.maxkeys"
		}
	}
	return f
}
