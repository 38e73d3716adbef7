package plan

import (
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// memoryPolicy is set late: what init itself needs is gone at execve, and
// should not fail for want of memory on the payload's nodes.
func (b *builder) memoryPolicy() {
	m := b.spec.Linux.MemoryPolicy
	if m == nil {
		return
	}
	mode, _ := spec.MemoryMode(m.Mode)
	for _, name := range m.Flags {
		bit, _ := spec.MemoryFlag(name)
		mode |= bit
	}
	nodes, err := spec.Mask(m.Nodes)
	if err != nil {
		b.fail(&spec.FieldError{Path: "linux.memoryPolicy.nodes", Err: err})
		return
	}
	// The kernel reads one bit less than it is told.
	b.step(wire.Mempolicy, "linux.memoryPolicy", mode, maskBytes(nodes), num(64*len(nodes)+1))
}
