package plan

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// BuildExec makes the plan of one more process in a running container, whose
// config is s: it joins all namespaces of init in one call, and becomes what
// p says under the container's filter. It is born in the pid namespace, unless
// the caller gets the right to be there only by joining the user namespace.
func BuildExec(s *specs.Spec, p *specs.Process, f Facts, o Options) (*Plan, error) {
	b := &builder{spec: s, facts: f, opts: o}
	var flags uint64
	for _, ns := range s.Linux.Namespaces {
		known, _ := spec.LookupNamespace(ns.Type)
		flags |= known.Flag
	}
	b.step(wire.Signals, "process")
	b.oomScore(p)
	b.classes()
	if b.wantsProfile(p) || wantsLabel(p) {
		b.needProc("process") // of the host: not what the container may have at /proc
	}
	b.joinTasks()
	b.affinity(p.ExecCPUAffinity)
	init := b.open(Descriptor{Opens: OpenInit, Field: "process"})
	forks := flags&clonePID != 0 && joinsLate(s, f.NoMount)
	if !forks {
		flags &^= clonePID
	}
	if flags != 0 {
		b.step(wire.Setns, "linux.namespaces", init, flags)
	}
	if flags&cloneUser != 0 {
		b.step(wire.Root, "linux.namespaces(user)")
	}
	if forks {
		b.step(wire.Fork, "linux.namespaces")
	}
	b.step(wire.Enter, "root.path")
	b.keyLabel(p)
	b.keyring()
	b.step(wire.Session, "process")
	if p.Terminal {
		b.step(wire.Console, "process.terminal", num(0))
	}
	b.process(p, "process", startedNow)
	return b.done()
}
