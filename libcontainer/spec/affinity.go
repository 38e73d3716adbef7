package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// checkAffinity checks execCPUAffinity. Whether this host has the CPUs, and
// the cgroup allows them, the kernel will say.
func checkAffinity(p *problems, a *specs.CPUAffinity, at string) {
	if a == nil {
		return
	}
	for _, f := range [...]struct{ list, at string }{{a.Initial, at + ".initial"}, {a.Final, at + ".final"}} {
		switch mask, err := Mask(f.list); {
		case err != nil:
			p.add(f.at, err.Error())
		case len(mask) == 0 && f.list != "":
			p.addf(f.at, "%q names no CPU", f.list)
		}
	}
}
