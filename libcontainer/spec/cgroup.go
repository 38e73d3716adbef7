package spec

import "strings"

// checkCgroupsPath checks linux.cgroupsPath, which becomes a path below the
// cgroup mount, or the names of two systemd units.
func checkCgroupsPath(p *problems, cgroupsPath string, o Options) {
	const at = "linux.cgroupsPath"
	switch {
	case cgroupsPath == "":
	case hasControl(cgroupsPath):
		p.add(at, "contains a control character")
	case o.SystemdCgroup:
		checkUnits(p, cgroupsPath, at)
	default:
		for component := range strings.SplitSeq(cgroupsPath, "/") {
			if component == ".." {
				p.addf(at, "%q must not contain ..", cgroupsPath)
				break
			}
		}
	}
}

// checkUnits checks the form that systemd's driver takes. The slice and the
// prefix may be empty, the name may not.
func checkUnits(p *problems, cgroupsPath, at string) {
	parts := strings.Split(cgroupsPath, ":")
	if len(parts) != 3 {
		p.addf(at, `want the form "slice:prefix:name" with systemd cgroups, got %q`, cgroupsPath)
		return
	}
	slice, prefix, name := parts[0], parts[1], parts[2]
	if strings.Contains(cgroupsPath, "/") {
		p.addf(at, "%q: names of units have no slashes", cgroupsPath)
	}
	if slice != "" && !strings.HasSuffix(slice, ".slice") {
		p.addf(at, "%q is not the name of a slice: it must end in .slice", slice)
	}
	if name == "" || name == "." || name == ".." {
		p.addf(at, "%q is not a name", name)
	}
	if prefix == "." || prefix == ".." {
		p.addf(at, "%q is not a prefix", prefix)
	}
}

// fileNameProblem says what keeps a name from being that of one file in a
// directory of cgroups or resctrl, or returns "".
func fileNameProblem(name string) string {
	switch {
	case name == "":
		return "the name is empty"
	case name == "." || name == "..":
		return "not the name of a file"
	case strings.Contains(name, "/"):
		return "must be a file name (no slashes)"
	case hasControl(name):
		return "contains a control character"
	}
	return ""
}
