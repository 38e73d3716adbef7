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
	if err := spec.CheckMapped(s, p); err != nil {
		return nil, err
	}
	b.step(wire.Signals, "process")
	b.oomScore(p)
	b.classes()
	if b.wantsProfile(p) || wantsLabel(p) {
		b.needProc("process") // of the host: not what the container may have at /proc
	}
	b.joinTasks()
	b.affinity(p.ExecCPUAffinity)
	forks := flags&clonePID != 0 && joinsLate(s, f.NoMount)
	if !forks {
		flags &^= clonePID
	}
	switch {
	case f.InitNamespaces != "":
		b.joinEach(flags)
	case flags != 0:
		init := b.open(Descriptor{Opens: OpenInit, Field: "process"})
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

// joinEach joins the namespaces of init one by one. With a user namespace among
// them, some may be joined with the rights of the caller only, others only with
// those that it gives.
func (b *builder) joinEach(flags uint64) {
	how := wire.JoinNow
	if flags&cloneUser != 0 {
		how = wire.JoinTry
	}
	var late []wire.Step
	for _, ns := range spec.Namespaces() {
		if flags&ns.Flag == 0 || ns.Flag == cloneUser {
			continue
		}
		field := "linux.namespaces(" + string(ns.Type) + ")"
		slot := b.open(Descriptor{Opens: OpenNamespace, Field: field, Path: b.facts.InitNamespaces + "/" + ns.File, Flag: ns.Flag})
		b.step(wire.Setns, field, slot, ns.Flag, num(how))
		late = append(late, wire.Step{Kind: wire.Setns, Field: field, Args: []any{slot, ns.Flag, num(wire.JoinAgain)}})
	}
	if how == wire.JoinTry {
		slot := b.open(Descriptor{Opens: OpenNamespace, Field: "linux.namespaces(user)", Path: b.facts.InitNamespaces + "/user", Flag: cloneUser})
		b.step(wire.Setns, "linux.namespaces(user)", slot, num(uint64(cloneUser)), num(wire.JoinNow))
		b.plan.Steps = append(b.plan.Steps, late...)
	}
}
