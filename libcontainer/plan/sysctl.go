package plan

import (
	"slices"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// sysctls are written in the order of their names: a map has none.
func (b *builder) sysctls() {
	names := make([]string, 0, len(b.spec.Linux.Sysctl))
	for name := range b.spec.Linux.Sysctl {
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	b.needProc("linux.sysctl")
	for _, name := range names {
		b.step(wire.Sysctl, "linux.sysctl["+name+"]", "sys/"+spec.SysctlPath(name), b.spec.Linux.Sysctl[name])
	}
}

// writesProc reports whether init has something to write to a procfs.
func (b *builder) writesProc() bool {
	return len(b.spec.Linux.Sysctl) > 0 || b.wantsProfile(b.spec.Process) || wantsLabel(b.spec.Process)
}
