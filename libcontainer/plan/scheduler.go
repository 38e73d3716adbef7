package plan

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Scheduler is a process.scheduler in the kernel's numbers.
type Scheduler struct {
	Policy, Priority          uint32
	Flags                     uint64
	Nice                      int32
	Runtime, Deadline, Period uint64
	// Renice: the policy leaves the nice value alone, so it is set besides.
	Renice bool
	Name   string // of the policy, for errors
	Field  string
	// CPUs: the cgroup has not all CPUs, which SCHED_DEADLINE wants.
	CPUs bool
}

// priorities lets the parent set the scheduler and the I/O priority. Init
// itself may not: in a user namespace its capabilities count for nothing here.
// It is in its cgroup by now, whose limits decide what is allowed, makes no
// more copies of itself, which one of SCHED_DEADLINE cannot, and still is of
// the same owner as a parent without privilege.
func (b *builder) priorities(p *specs.Process, field string) {
	if p.Scheduler != nil {
		b.plan.Scheduler = b.scheduler(p.Scheduler, field+".scheduler")
	}
	if p.IOPriority != nil {
		value, _ := spec.IOPriority(p.IOPriority)
		b.plan.IOPriority = &value
	}
	switch {
	case p.Scheduler != nil:
		b.step(wire.Ask, field+".scheduler", num(wire.Priorities))
	case p.IOPriority != nil:
		b.step(wire.Ask, field+".ioPriority", num(wire.Priorities))
	}
}

func (b *builder) scheduler(c *specs.Scheduler, field string) *Scheduler {
	policy, _ := spec.SchedulerPolicy(c.Policy)
	s := &Scheduler{
		Policy: policy, Priority: uint32(c.Priority), Nice: c.Nice,
		Runtime: c.Runtime, Deadline: c.Deadline, Period: c.Period, Name: string(c.Policy), Field: field,
	}
	for i, name := range c.Flags {
		bit, _ := spec.SchedulerFlag(name)
		s.Flags |= bit
		if name == specs.SchedFlagUtilClampMin || name == specs.SchedFlagUtilClampMax {
			b.plan.Warnings = append(b.plan.Warnings,
				fmt.Sprintf("%s: the value for %s has no field in config.json: it is 0", element(field+".flags", i), name))
		}
	}
	fair := c.Policy == specs.SchedOther || c.Policy == specs.SchedBatch
	s.Renice = !fair && !spec.HasSchedulerFlag(c.Flags, specs.SchedFlagKeepParams)
	if r := b.spec.Linux.Resources; r != nil && r.CPU != nil {
		s.CPUs = r.CPU.Cpus != ""
	}
	return s
}
