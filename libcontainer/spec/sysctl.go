package spec

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// ipcSysctls holds the names below kernel/ that belong to the ipc namespace.
var ipcSysctls = [...]string{
	"auto_msgmni",
	"msg_next_id",
	"msgmax",
	"msgmnb",
	"msgmni",
	"sem",
	"sem_next_id",
	"shm_next_id",
	"shm_rmid_forced",
	"shmall",
	"shmmax",
	"shmmni",
}

// SysctlPath returns the path below /proc/sys of a kernel parameter, by
// sysctl(8)'s rule: the first separator in the name, dot or slash, is the one
// that separates, and the other one stands for a dot in a component. So
// net.ipv4.conf.eth0/100.forwarding and net/ipv4/conf/eth0.100/forwarding are
// the same file.
func SysctlPath(name string) string {
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '/' {
		return name
	}
	b := []byte(name)
	for i, c := range b {
		switch c {
		case '.':
			b[i] = '/'
		case '/':
			b[i] = '.'
		}
	}
	return string(b)
}

// SysctlNamespace returns the namespace a kernel parameter belongs to, or
// false for one that is the whole machine's. A caller that joins namespaces by
// path has still to see that the one joined is not the host's own.
func SysctlNamespace(name string) (specs.LinuxNamespaceType, bool) {
	dir, rest, _ := strings.Cut(SysctlPath(name), "/")
	switch dir {
	case "net":
		return specs.NetworkNamespace, true
	case "user":
		return specs.UserNamespace, true
	case "fs":
		return specs.IPCNamespace, strings.HasPrefix(rest, "mqueue/")
	case "kernel":
		if rest == "domainname" {
			return specs.UTSNamespace, true
		}
		for _, known := range ipcSysctls {
			if rest == known {
				return specs.IPCNamespace, true
			}
		}
	}
	return "", false
}

func checkSysctls(p *problems, s *specs.Spec) {
	const at = "linux.sysctl"
	var seen map[string]string
	for _, name := range sortedKeys(s.Linux.Sysctl) {
		file := SysctlPath(name)
		if !cleanComponents(file) {
			p.add(member(at, name), "not the name of a kernel parameter")
			continue
		}
		if hasNUL(s.Linux.Sysctl[name]) {
			p.add(member(at, name), causeNUL)
		}
		if other, ok := seen[file]; ok {
			// Which of the two would win depends on the order of a map.
			p.addf(member(at, name), "is the same parameter as %q", other)
		}
		if seen == nil {
			seen = make(map[string]string, len(s.Linux.Sysctl))
		}
		seen[file] = name
		if file == "kernel/hostname" {
			p.add(member(at, name), "use the field hostname instead")
			continue
		}
		namespace, ok := SysctlNamespace(name)
		if !ok {
			p.add(member(at, name), "belongs to no namespace: it would change the whole machine")
			continue
		}
		if _, ok := FindNamespace(s, namespace); !ok {
			p.addf(member(at, name), "belongs to the %s namespace, which is not in linux.namespaces", namespace)
		}
	}
}

// cleanComponents reports whether a relative path names something below its
// start and nothing else: "net.//.kernel.x" would be net/../kernel/x.
func cleanComponents(file string) bool {
	for component := range strings.SplitSeq(file, "/") {
		if component == "" || component == "." || component == ".." || hasControl(component) {
			return false
		}
	}
	return true
}
