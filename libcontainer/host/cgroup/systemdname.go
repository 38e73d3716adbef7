// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"fmt"
	"path/filepath"
	"strings"
)

const (
	sliceSuffix = ".slice"
	scopeSuffix = ".scope"
	// Compat(runc): what stands for an empty slice.
	systemSlice = "system.slice"
	userSlice   = "user.slice"
	// scopePrefix begins the name of a scope for which the config has none.
	scopePrefix = "rung"
	// longestUnit is UNIT_NAME_MAX of systemd, without the zero at the end.
	longestUnit = 255
)

// unitName is where systemd has a container: the name of its scope, and that
// of the slice which the scope is in.
type unitName struct {
	scope, slice string
}

// nameUnit reads linux.cgroupsPath in systemd's form, slice:prefix:name. Other
// programs make up the scope's name by themselves, so that it has to be
// prefix-name.scope to the letter, even with an empty prefix.
func nameUnit(path, id string, user bool) (unitName, error) {
	u := unitName{slice: systemSlice}
	if user {
		u.slice = userSlice
	}
	prefix, name := scopePrefix, escapeUnit(id)
	if path != "" {
		parts := strings.Split(path, ":")
		if len(parts) != 3 {
			return u, pathError(`want the form "slice:prefix:name" with systemd cgroups, got %q`, path)
		}
		if parts[0] != "" {
			u.slice = parts[0]
		}
		prefix, name = parts[1], parts[2]
	}
	if strings.HasSuffix(name, sliceSuffix) {
		return u, pathError("%q is the name of a slice, and a container gets a scope", name)
	}
	u.scope = prefix + "-" + name + scopeSuffix
	for _, n := range [...]string{u.scope, u.slice} {
		if problem := unitProblem(n); problem != "" {
			return u, pathError("%q %s", n, problem)
		}
	}
	_, err := u.path()
	return u, err
}

func pathError(format string, args ...any) error {
	return field("linux.cgroupsPath", fmt.Errorf(format, args...))
}

// unitProblem says what keeps a name from being that of a unit, or returns "".
func unitProblem(name string) string {
	if len(name) > longestUnit {
		return fmt.Sprintf("is longer than the %d bytes that a unit's name can have", longestUnit)
	}
	for _, r := range name {
		if !unitRune(r) {
			return fmt.Sprintf("is not the name of a systemd unit: it has a %q", r)
		}
	}
	return ""
}

// unitRune reports whether systemd takes r in the name of a unit.
func unitRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(`:-_.\@`, r)
}

// escapeUnit writes what an id may have and a unit's name may not, as
// systemd-escape does.
func escapeUnit(id string) string {
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; unitRune(rune(c)) && c != '\\' && c != '@' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// path returns where the unit is below the manager's own cgroup. The dashes
// in a slice's name are the tree: a-b.slice is in a.slice.
func (u unitName) path() (string, error) {
	name, ok := strings.CutSuffix(u.slice, sliceSuffix)
	if !ok {
		return "", pathError("%q is not the name of a slice: it must end in %s", u.slice, sliceSuffix)
	}
	if name == "-" { // the root of all slices
		return "/" + u.scope, nil
	}
	if name == "" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") || strings.Contains(name, "--") {
		return "", pathError("%q is not the name of a slice: a dash stands between two parts of it", u.slice)
	}
	path := "/"
	for i, r := range name {
		if r == '-' {
			path = filepath.Join(path, name[:i]+sliceSuffix)
		}
	}
	return filepath.Join(path, u.slice, u.scope), nil
}
