package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckIntelRdt(t *testing.T) {
	rdt := func(r specs.LinuxIntelRdt) edit { return linux(func(l *specs.Linux) { l.IntelRdt = &r }) }
	runCheckCases(t, []checkCase{
		{"empty", rdt(specs.LinuxIntelRdt{}), nil},
		{"all of it", rdt(specs.LinuxIntelRdt{
			ClosID: "gold", L3CacheSchema: "L3:0=f\nL3:1=f", MemBwSchema: "MB:0=10", Schemata: []string{"L2:0=f"}, EnableMonitoring: true,
		}), nil},
		{"the default group", rdt(specs.LinuxIntelRdt{ClosID: "/"}), nil},
		{"a path", rdt(specs.LinuxIntelRdt{ClosID: "../x"}), []string{"linux.intelRdt.closID: must be a file name (no slashes)"}},
		{"dots", rdt(specs.LinuxIntelRdt{ClosID: ".."}), []string{"linux.intelRdt.closID: not the name of a file"}},
		{"the filesystem's own", rdt(specs.LinuxIntelRdt{ClosID: "info"}), []string{`linux.intelRdt.closID: "info" is a directory of the resctrl filesystem's own`}},
		{"no bandwidth", rdt(specs.LinuxIntelRdt{MemBwSchema: "L3:0=f"}), []string{`linux.intelRdt.memBwSchema: "L3:0=f": must begin with MB:`}},
		{"lines", rdt(specs.LinuxIntelRdt{MemBwSchema: "MB:0=1\n", L3CacheSchema: "a\x00", Schemata: []string{"L3:0=f", "x\ny"}}), []string{
			"linux.intelRdt.l3CacheSchema: contains a NUL byte",
			"linux.intelRdt.memBwSchema: must be one line",
			"linux.intelRdt.schemata[1]: must be one line",
		}},
	})
}
