package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// maxUTSName is the kernel's __NEW_UTS_LEN.
const maxUTSName = 64

// checkHostname checks hostname and domainname: without a uts namespace they
// would rename the host.
func checkHostname(p *problems, s *specs.Spec) {
	checkUTSName(p, s, s.Hostname, "hostname")
	checkUTSName(p, s, s.Domainname, "domainname")
}

func checkUTSName(p *problems, s *specs.Spec, name, path string) {
	if name == "" {
		return
	}
	if s.Linux != nil {
		if _, ok := FindNamespace(s, specs.UTSNamespace); !ok {
			p.add(path, "needs a uts namespace in linux.namespaces")
		}
	}
	if len(name) > maxUTSName {
		p.addf(path, "%d bytes, more than the kernel's %d", len(name), maxUTSName)
	}
	if hasNUL(name) {
		p.add(path, causeNUL)
	}
}
