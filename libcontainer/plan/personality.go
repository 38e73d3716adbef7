package plan

import (
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

func (b *builder) personality() {
	if p := b.spec.Linux.Personality; p != nil {
		domain, _ := spec.Personality(p.Domain)
		b.step(wire.Personality, "linux.personality", domain)
	}
}
