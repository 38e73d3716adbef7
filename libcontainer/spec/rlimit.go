package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// rlimitNames holds the names of resource limits; the index is the number that
// setrlimit(2) takes. The order is the generic one of x86, arm, riscv, ppc,
// s390 and loongarch; mips and sparc number some of them differently.
var rlimitNames = [...]string{
	"RLIMIT_CPU",
	"RLIMIT_FSIZE",
	"RLIMIT_DATA",
	"RLIMIT_STACK",
	"RLIMIT_CORE",
	"RLIMIT_RSS",
	"RLIMIT_NPROC",
	"RLIMIT_NOFILE",
	"RLIMIT_MEMLOCK",
	"RLIMIT_AS",
	"RLIMIT_LOCKS",
	"RLIMIT_SIGPENDING",
	"RLIMIT_MSGQUEUE",
	"RLIMIT_NICE",
	"RLIMIT_RTPRIO",
	"RLIMIT_RTTIME",
}

// Rlimit returns the number that setrlimit(2) has for a limit's name.
func Rlimit(name string) (resource int, ok bool) {
	for i, known := range rlimitNames {
		if known == name {
			return i, true
		}
	}
	return 0, false
}

func checkRlimits(p *problems, limits []specs.POSIXRlimit, at string) {
	var seen [len(rlimitNames)]bool
	for i, limit := range limits {
		resource, ok := Rlimit(limit.Type)
		switch {
		case !ok:
			p.addf(element(at, i)+".type", "unknown resource limit %q", limit.Type)
		case seen[resource]:
			p.addf(element(at, i)+".type", "%s is given twice", limit.Type)
		default:
			seen[resource] = true
		}
		if limit.Soft > limit.Hard {
			p.addf(element(at, i)+".soft", "%d is above the hard limit %d", limit.Soft, limit.Hard)
		}
	}
}
