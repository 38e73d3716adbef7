package spec

import (
	"path"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Annotations that ask for a cgroup of the payload below the container's own,
// both with the name of that group as value.
const (
	delegateOurs = "io.github.oci-rung.delegate-cgroup"
	delegateCrun = "run.oci.delegate-cgroup" // Compat(crun)
)

// DelegateAnnotations returns both.
func DelegateAnnotations() []string { return []string{delegateOurs, delegateCrun} }

// CgroupLeaf returns the name of the group below the container's own that the
// payload is to be in, or "" if that is its own.
func CgroupLeaf(annotations map[string]string) string {
	if name, ok := annotations[delegateOurs]; ok {
		return name
	}
	return annotations[delegateCrun]
}

// checkDelegation wants a name that makes one group below the container's.
func checkDelegation(p *problems, annotations map[string]string) {
	for _, key := range [...]string{delegateOurs, delegateCrun} {
		name, ok := annotations[key]
		if !ok {
			continue
		}
		if problem := fileNameProblem(name); problem != "" {
			p.add(member("annotations", key), problem)
		}
	}
	ours, crun := annotations[delegateOurs], annotations[delegateCrun]
	if ours != "" && crun != "" && ours != crun {
		p.addf("annotations", "%s is %q and %s is %q", delegateOurs, ours, delegateCrun, crun)
	}
}

// HandsCgroupOver reports whether the runtime-spec (config-linux.md, "cgroup
// ownership") wants the container's cgroup to be owned by the user of its
// process: it has a new cgroup namespace, and can write to what it sees there.
func HandsCgroupOver(s *specs.Spec) bool {
	ns, ok := FindNamespace(s, specs.CgroupNamespace)
	if !ok || ns.Path != "" {
		return false
	}
	for _, m := range s.Mounts {
		if m.Source == "cgroup" && path.Clean(m.Destination) == "/sys/fs/cgroup" {
			return !slices.Contains(m.Options, "ro") && !slices.Contains(m.Options, "rro")
		}
	}
	return false
}
