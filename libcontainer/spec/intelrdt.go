package spec

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// checkIntelRdt checks linux.intelRdt as far as that goes without the host: what
// a schema means is known to the kernel alone.
func checkIntelRdt(p *problems, r *specs.LinuxIntelRdt) {
	const at = "linux.intelRdt"
	if r == nil {
		return
	}
	if r.ClosID != "" && r.ClosID != "/" {
		if cause := fileNameProblem(r.ClosID); cause != "" {
			p.add(at+".closID", cause)
		}
		switch r.ClosID {
		case "info", "mon_data", "mon_groups":
			p.addf(at+".closID", "%q is a directory of the resctrl filesystem's own", r.ClosID)
		}
	}
	if hasNUL(r.L3CacheSchema) {
		p.add(at+".l3CacheSchema", causeNUL)
	}
	if r.MemBwSchema != "" && !strings.HasPrefix(r.MemBwSchema, "MB:") {
		p.addf(at+".memBwSchema", "%q: must begin with MB:", r.MemBwSchema)
	}
	if hasControl(r.MemBwSchema) {
		p.add(at+".memBwSchema", "must be one line")
	}
	for i, line := range r.Schemata {
		if hasControl(line) {
			p.add(element(at+".schemata", i), "must be one line")
		}
	}
}
