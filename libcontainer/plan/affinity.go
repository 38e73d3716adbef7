package plan

import (
	"encoding/binary"
	"math"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// everyWords are the words of a mask that holds every CPU that Linux can be
// built for.
const everyWords = 8192 / 64

// Fields of execCPUAffinity.
const (
	initialCPUs = "process.execCPUAffinity.initial"
	finalCPUs   = "process.execCPUAffinity.final"
)

// everyCPU lets init run on all CPUs of its cgroup. Kernel(6.2): from then on
// a process takes the CPUs that it was confined to before, as by a service
// manager, into any cgroup, and the payload would have no others.
func (b *builder) everyCPU() {
	every := make([]uint64, everyWords)
	for i := range every {
		every[i] = math.MaxUint64
	}
	b.setAffinity("linux.resources.cpu.cpus", every, wire.AffinityTry)
}

// InitialCPUs is the mask of the CPUs on which a process that joins a
// container is born, nil for the caller's. It is not for the container's own.
func InitialCPUs(p *specs.Process) ([]byte, error) {
	if p.ExecCPUAffinity == nil {
		return nil, nil
	}
	mask, err := spec.Mask(p.ExecCPUAffinity.Initial)
	if err != nil {
		return nil, &spec.FieldError{Path: initialCPUs, Err: err}
	}
	return maskBytes(mask), nil
}

// affinity is for exec. Where only the first CPUs are configured, the kernel
// decides what the cgroup makes of them.
func (b *builder) affinity(a *specs.CPUAffinity) {
	if a == nil || a.Initial == "" && a.Final == "" {
		b.everyCPU()
		return
	}
	if a.Final != "" {
		mask, err := spec.Mask(a.Final)
		if err != nil {
			b.fail(&spec.FieldError{Path: finalCPUs, Err: err})
			return
		}
		b.setAffinity(finalCPUs, mask, 0)
	}
}

func (b *builder) setAffinity(field string, mask []uint64, flags int) {
	m := maskBytes(mask)
	b.step(wire.Affinity, field, num(len(m)), m, num(flags))
}

// maskBytes is a mask as the kernel reads it.
func maskBytes(mask []uint64) []byte {
	out := make([]byte, 0, 8*len(mask))
	for _, w := range mask {
		out = binary.NativeEndian.AppendUint64(out, w)
	}
	return out
}
