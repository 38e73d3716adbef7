package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// schedulerPolicies holds the names of scheduling policies; the index is the
// number that sched_setattr(2) takes. SCHED_ISO has a number and no mainline
// kernel that knows it.
var schedulerPolicies = [...]specs.LinuxSchedulerPolicy{
	specs.SchedOther, specs.SchedFIFO, specs.SchedRR, specs.SchedBatch, specs.SchedISO, specs.SchedIdle, specs.SchedDeadline,
}

// schedulerFlags holds the names of scheduling flags; the index is the bit.
var schedulerFlags = [...]specs.LinuxSchedulerFlag{
	specs.SchedFlagResetOnFork, specs.SchedFlagReclaim, specs.SchedFlagDLOverrun, specs.SchedFlagKeepPolicy,
	specs.SchedFlagKeepParams, specs.SchedFlagUtilClampMin, specs.SchedFlagUtilClampMax,
}

// Limits of sched_setattr(2).
const (
	minNice, maxNice         = -20, 19
	minRealtime, maxRealtime = 1, 99
	minRuntime               = 1024 // nanoseconds: smaller ones are lost in the kernel's arithmetic
	maxDeadline              = 1<<63 - 1
)

// SchedulerPolicy returns the number of a scheduling policy.
func SchedulerPolicy(name specs.LinuxSchedulerPolicy) (number uint32, ok bool) {
	for i, known := range schedulerPolicies {
		if known == name {
			return uint32(i), true
		}
	}
	return 0, false
}

// SchedulerFlag returns the bit of a scheduling flag.
func SchedulerFlag(name specs.LinuxSchedulerFlag) (bit uint64, ok bool) {
	for i, known := range schedulerFlags {
		if known == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// HasSchedulerFlag reports whether flags holds the flag.
func HasSchedulerFlag(flags []specs.LinuxSchedulerFlag, flag specs.LinuxSchedulerFlag) bool {
	for _, f := range flags {
		if f == flag {
			return true
		}
	}
	return false
}

// checkScheduler refuses what every kernel refuses, with a reason that the
// kernel does not give.
func checkScheduler(p *problems, s *specs.Scheduler, at string) {
	if s == nil {
		return
	}
	switch _, ok := SchedulerPolicy(s.Policy); {
	case s.Policy == "":
		p.add(at+".policy", causeRequired)
		return
	case !ok:
		p.addf(at+".policy", "unknown scheduling policy %q", s.Policy)
		return
	}
	if s.Nice < minNice || s.Nice > maxNice {
		p.addf(at+".nice", "%d is outside %d to %d", s.Nice, minNice, maxNice)
	}
	realtime := s.Policy == specs.SchedFIFO || s.Policy == specs.SchedRR
	switch keep := HasSchedulerFlag(s.Flags, specs.SchedFlagKeepParams); {
	case realtime && !keep && (s.Priority < minRealtime || s.Priority > maxRealtime):
		p.addf(at+".priority", "%d is outside %d to %d, the priorities of %s", s.Priority, minRealtime, maxRealtime, s.Policy)
	case !realtime && s.Priority != 0:
		p.addf(at+".priority", "%d: only SCHED_FIFO and SCHED_RR have a priority; for %s it is nice", s.Priority, s.Policy)
	}
	for i, f := range s.Flags {
		if _, ok := SchedulerFlag(f); !ok {
			p.addf(element(at+".flags", i), "unknown scheduling flag %q", f)
		}
	}
	checkDeadline(p, s, at)
}

// checkDeadline checks the three times of SCHED_DEADLINE, which no other
// policy has.
func checkDeadline(p *problems, s *specs.Scheduler, at string) {
	times := [...]struct {
		name  string
		value uint64
	}{{"runtime", s.Runtime}, {"deadline", s.Deadline}, {"period", s.Period}}
	if s.Policy != specs.SchedDeadline {
		for _, t := range times {
			if t.value != 0 {
				p.addf(at+"."+t.name, "only SCHED_DEADLINE has a %s, not %s", t.name, s.Policy)
			}
		}
		return
	}
	for _, t := range times {
		if t.value > maxDeadline {
			p.addf(at+"."+t.name, "%d is more than the kernel can count, %d ns", t.value, uint64(maxDeadline))
		}
	}
	if HasSchedulerFlag(s.Flags, specs.SchedFlagKeepParams) {
		return
	}
	if s.Runtime < minRuntime {
		p.addf(at+".runtime", "%d ns is below the kernel's least, %d ns", s.Runtime, minRuntime)
	}
	if s.Deadline < s.Runtime {
		p.addf(at+".deadline", "%d ns is before the end of the runtime, %d ns", s.Deadline, s.Runtime)
	}
	if s.Period != 0 && s.Period < s.Deadline {
		p.addf(at+".period", "%d ns is shorter than the deadline, %d ns", s.Period, s.Deadline)
	}
}

// checkForkless refuses hooks that could not be run: they are children of the
// container's process, which has its policy by then, and one of SCHED_DEADLINE
// may have none.
func checkForkless(p *problems, s *specs.Spec) {
	if s.Process == nil || s.Process.Scheduler == nil || s.Hooks == nil || len(s.Hooks.StartContainer) == 0 {
		return
	}
	if c := s.Process.Scheduler; c.Policy == specs.SchedDeadline && !HasSchedulerFlag(c.Flags, specs.SchedFlagResetOnFork) {
		p.add("process.scheduler.flags", "without SCHED_FLAG_RESET_ON_FORK a SCHED_DEADLINE process cannot fork, so hooks.startContainer cannot be run")
	}
}
