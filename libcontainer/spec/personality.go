package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Execution domains, as personality(2) takes them.
const (
	perLinux   = 0x0000
	perLinux32 = 0x0008
)

// Personality returns the number of an execution domain.
func Personality(domain specs.LinuxPersonalityDomain) (number uint64, ok bool) {
	switch domain {
	case specs.PerLinux:
		return perLinux, true
	case specs.PerLinux32:
		return perLinux32, true
	}
	return 0, false
}

// checkPersonality checks linux.personality. The runtime-spec has flags for it
// and defines none, so each of them is unknown.
func checkPersonality(p *problems, l *specs.LinuxPersonality) {
	if l == nil {
		return
	}
	switch _, ok := Personality(l.Domain); {
	case l.Domain == "":
		p.add("linux.personality.domain", causeRequired)
	case !ok:
		p.addf("linux.personality.domain", "unknown domain %q: it is LINUX or LINUX32", l.Domain)
	}
	for i, f := range l.Flags {
		p.addf(element("linux.personality.flags", i), "unknown flag %q: the runtime-spec defines none", f)
	}
}
