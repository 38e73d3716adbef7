package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestSchedulerNumbers(t *testing.T) {
	for name, want := range map[specs.LinuxSchedulerPolicy]uint32{
		"SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4, "SCHED_IDLE": 5, "SCHED_DEADLINE": 6,
	} {
		if got, ok := SchedulerPolicy(name); got != want || !ok {
			t.Errorf("%s: got %d, %t, want %d", name, got, ok, want)
		}
	}
	for name, want := range map[specs.LinuxSchedulerFlag]uint64{
		"SCHED_FLAG_RESET_ON_FORK": 1, "SCHED_FLAG_RECLAIM": 2, "SCHED_FLAG_DL_OVERRUN": 4, "SCHED_FLAG_KEEP_POLICY": 8,
		"SCHED_FLAG_KEEP_PARAMS": 0x10, "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20, "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
	} {
		if got, ok := SchedulerFlag(name); got != want || !ok {
			t.Errorf("%s: got %#x, %t, want %#x", name, got, ok, want)
		}
	}
	if _, ok := SchedulerPolicy("SCHED_EXT"); ok {
		t.Error("SCHED_EXT: known, but not to the runtime-spec")
	}
	if _, ok := SchedulerFlag(""); ok {
		t.Error("no flag: known")
	}
}

func TestCheckScheduler(t *testing.T) {
	scheduler := func(s specs.Scheduler) edit { return process(func(p *specs.Process) { p.Scheduler = &s }) }
	hook := func(s *specs.Spec) { s.Hooks = &specs.Hooks{StartContainer: []specs.Hook{{Path: "/bin/h"}}} }
	deadline := specs.Scheduler{Policy: specs.SchedDeadline, Runtime: 1024, Deadline: 1024}
	forks := deadline
	forks.Flags = []specs.LinuxSchedulerFlag{specs.SchedFlagResetOnFork}
	runCheckCases(t, []checkCase{
		{"empty", scheduler(specs.Scheduler{}), []string{"process.scheduler.policy: required"}},
		{"unknown policy", scheduler(specs.Scheduler{Policy: "SCHED_FAST"}), []string{`process.scheduler.policy: unknown scheduling policy "SCHED_FAST"`}},
		{"other", scheduler(specs.Scheduler{Policy: specs.SchedOther, Nice: 19}), nil},
		{"iso", scheduler(specs.Scheduler{Policy: specs.SchedISO}), nil},
		{"nice", scheduler(specs.Scheduler{Policy: specs.SchedBatch, Nice: 20}), []string{"process.scheduler.nice: 20 is outside -20 to 19"}},
		{"nicer", scheduler(specs.Scheduler{Policy: specs.SchedIdle, Nice: -21}), []string{"process.scheduler.nice: -21 is outside -20 to 19"}},
		{"real time", scheduler(specs.Scheduler{Policy: specs.SchedFIFO, Priority: 99, Nice: 3}), nil},
		{"real time without priority", scheduler(specs.Scheduler{Policy: specs.SchedRR}),
			[]string{"process.scheduler.priority: 0 is outside 1 to 99, the priorities of SCHED_RR"}},
		{"too real", scheduler(specs.Scheduler{Policy: specs.SchedFIFO, Priority: 100}),
			[]string{"process.scheduler.priority: 100 is outside 1 to 99, the priorities of SCHED_FIFO"}},
		{"kept priority", scheduler(specs.Scheduler{Policy: specs.SchedFIFO, Flags: []specs.LinuxSchedulerFlag{specs.SchedFlagKeepParams}}), nil},
		{"priority of none", scheduler(specs.Scheduler{Policy: specs.SchedOther, Priority: 1}),
			[]string{"process.scheduler.priority: 1: only SCHED_FIFO and SCHED_RR have a priority; for SCHED_OTHER it is nice"}},
		{"flags", scheduler(specs.Scheduler{Policy: specs.SchedOther, Flags: []specs.LinuxSchedulerFlag{specs.SchedFlagResetOnFork, "SCHED_FLAG_X"}}),
			[]string{`process.scheduler.flags[1]: unknown scheduling flag "SCHED_FLAG_X"`}},
		{"times of none", scheduler(specs.Scheduler{Policy: specs.SchedIdle, Runtime: 1, Deadline: 2, Period: 3}), []string{
			"process.scheduler.deadline: only SCHED_DEADLINE has a deadline, not SCHED_IDLE",
			"process.scheduler.period: only SCHED_DEADLINE has a period, not SCHED_IDLE",
			"process.scheduler.runtime: only SCHED_DEADLINE has a runtime, not SCHED_IDLE",
		}},
		{"deadline", scheduler(deadline), nil},
		{"deadline with a period", scheduler(specs.Scheduler{Policy: specs.SchedDeadline, Runtime: 1024, Deadline: 2048, Period: 2048}), nil},
		{"deadline without times", scheduler(specs.Scheduler{Policy: specs.SchedDeadline}),
			[]string{"process.scheduler.runtime: 0 ns is below the kernel's least, 1024 ns"}},
		{"times out of order", scheduler(specs.Scheduler{Policy: specs.SchedDeadline, Runtime: 3000, Deadline: 2000, Period: 1000}), []string{
			"process.scheduler.deadline: 2000 ns is before the end of the runtime, 3000 ns",
			"process.scheduler.period: 1000 ns is shorter than the deadline, 2000 ns",
		}},
		{"times beyond", scheduler(specs.Scheduler{Policy: specs.SchedDeadline, Runtime: 1024, Deadline: 1 << 63, Period: 1 << 63}), []string{
			"process.scheduler.deadline: 9223372036854775808 is more than the kernel can count, 9223372036854775807 ns",
			"process.scheduler.period: 9223372036854775808 is more than the kernel can count, 9223372036854775807 ns",
		}},
		{"deadline and hooks", all(scheduler(deadline), hook), []string{
			"process.scheduler.flags: without SCHED_FLAG_RESET_ON_FORK a SCHED_DEADLINE process cannot fork, so hooks.startContainer cannot be run",
		}},
		{"deadline that forks, and hooks", all(scheduler(forks), hook), nil},
	})
}

func TestCheckIOPriority(t *testing.T) {
	io := func(class specs.IOPriorityClass, n int) edit {
		return process(func(p *specs.Process) { p.IOPriority = &specs.LinuxIOPriority{Class: class, Priority: n} })
	}
	runCheckCases(t, []checkCase{
		{"highest", io(specs.IOPRIO_CLASS_RT, 0), nil},
		{"lowest", io(specs.IOPRIO_CLASS_BE, 7), nil},
		{"idle", io(specs.IOPRIO_CLASS_IDLE, 4), nil},
		{"empty", io("", 0), []string{"process.ioPriority.class: required"}},
		{"unknown", io("IOPRIO_CLASS_NONE", 0), []string{`process.ioPriority.class: unknown I/O scheduling class "IOPRIO_CLASS_NONE"`}},
		{"above", io(specs.IOPRIO_CLASS_BE, 8), []string{"process.ioPriority.priority: 8 is outside 0 to 7"}},
		{"below", io(specs.IOPRIO_CLASS_BE, -1), []string{"process.ioPriority.priority: -1 is outside 0 to 7"}},
	})
	for _, test := range []struct {
		class specs.IOPriorityClass
		n     int
		want  int
	}{{specs.IOPRIO_CLASS_RT, 0, 1 << 13}, {specs.IOPRIO_CLASS_BE, 7, 2<<13 | 7}, {specs.IOPRIO_CLASS_IDLE, 1, 3<<13 | 1}} {
		if got, ok := IOPriority(&specs.LinuxIOPriority{Class: test.class, Priority: test.n}); got != test.want || !ok {
			t.Errorf("%s %d: got %#x, %t, want %#x", test.class, test.n, got, ok, test.want)
		}
	}
}
