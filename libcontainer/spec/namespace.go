package spec

import (
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Namespace is what the kernel calls one of the spec's namespace types.
type Namespace struct {
	// Type is the word in config.json.
	Type specs.LinuxNamespaceType
	// Flag is CLONE_NEW*, for clone3(2), unshare(2) and setns(2). CLONE_NEWTIME
	// lies in the bits clone(2) uses for the exit signal: that call cannot
	// take it.
	Flag uint64
	// File is the name in /proc/PID/ns of the namespace a process is in.
	File string
}

// namespaces holds the eight types in the order of the runtime-spec.
var namespaces = [...]Namespace{
	{specs.PIDNamespace, 0x20000000, "pid"},
	{specs.NetworkNamespace, 0x40000000, "net"},
	{specs.MountNamespace, 0x00020000, "mnt"},
	{specs.IPCNamespace, 0x08000000, "ipc"},
	{specs.UTSNamespace, 0x04000000, "uts"},
	{specs.UserNamespace, 0x10000000, "user"},
	{specs.CgroupNamespace, 0x02000000, "cgroup"},
	{specs.TimeNamespace, 0x00000080, "time"},
}

// Namespaces returns all namespace types the runtime knows.
func Namespaces() []Namespace {
	return append([]Namespace(nil), namespaces[:]...)
}

// LookupNamespace returns the kernel's words for a namespace type.
func LookupNamespace(t specs.LinuxNamespaceType) (Namespace, bool) {
	for _, ns := range namespaces {
		if ns.Type == t {
			return ns, true
		}
	}
	return Namespace{}, false
}

// FindNamespace returns the entry of linux.namespaces with the given type. It
// is there when the container does not share that namespace with the runtime;
// an empty path asks for a new one.
func FindNamespace(s *specs.Spec, t specs.LinuxNamespaceType) (specs.LinuxNamespace, bool) {
	if s.Linux != nil {
		for _, ns := range s.Linux.Namespaces {
			if ns.Type == t {
				return ns, true
			}
		}
	}
	return specs.LinuxNamespace{}, false
}

func checkNamespaces(p *problems, s *specs.Spec, o Options) {
	var seen uint64
	for i, ns := range s.Linux.Namespaces {
		at := "linux.namespaces"
		known, ok := LookupNamespace(ns.Type)
		switch {
		case !ok:
			p.addf(element(at, i)+".type", "unknown namespace type %q", ns.Type)
		case seen&known.Flag != 0:
			p.addf(element(at, i)+".type", "%s is given twice", ns.Type)
		}
		seen |= known.Flag
		switch {
		case ns.Path == "":
		case hasNUL(ns.Path):
			p.add(element(at, i)+".path", causeNUL)
		case !path.IsAbs(ns.Path):
			p.add(element(at, i)+".path", causeAbsolute)
		}
	}
	if _, ok := FindNamespace(s, specs.UserNamespace); !ok && o.Rootless {
		p.add("linux.namespaces", "a user namespace is needed: the caller is not root (rung spec --rootless writes a config that has one)")
	}
}

// needMountNamespace reports a field that would change the host's own mount
// table.
func needMountNamespace(p *problems, s *specs.Spec, at string) {
	if s.Linux == nil {
		return
	}
	if _, ok := FindNamespace(s, specs.MountNamespace); !ok {
		p.add(at, "needs a mount namespace in linux.namespaces")
	}
}
