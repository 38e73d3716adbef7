package plan

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// head are the lines of a plan before its descriptors and steps.
func head(p *Plan) string {
	out := ""
	for _, line := range strings.Split(text(p), "\n") {
		if strings.HasPrefix(line, "fd0 ") || strings.HasPrefix(line, "  0 ") {
			break
		}
		out += line + "\n"
	}
	return out
}

func TestPriorities(t *testing.T) {
	flags := []specs.LinuxSchedulerFlag{specs.SchedFlagResetOnFork, specs.SchedFlagUtilClampMax}
	keep := []specs.LinuxSchedulerFlag{specs.SchedFlagKeepParams}
	for _, test := range []struct {
		name      string
		scheduler *specs.Scheduler
		io        *specs.LinuxIOPriority
		cpus      string
		want      string
		field     string // of the step
	}{
		{"nothing", nil, nil, "", "", ""},
		{"nice", &specs.Scheduler{Policy: specs.SchedOther, Nice: -5}, nil, "",
			"scheduler F.scheduler 0 flags=0x0 nice=-5 priority=0 times=0,0,0 renice=false cpus=false\n", "F.scheduler"},
		{"real time", &specs.Scheduler{Policy: specs.SchedFIFO, Priority: 7}, nil, "0",
			"scheduler F.scheduler 1 flags=0x0 nice=0 priority=7 times=0,0,0 renice=true cpus=true\n", "F.scheduler"},
		{"flags", &specs.Scheduler{Policy: specs.SchedBatch, Flags: flags}, nil, "",
			"scheduler F.scheduler 3 flags=0x41 nice=0 priority=0 times=0,0,0 renice=false cpus=false\n" +
				"warning F.scheduler.flags[1]: the value for SCHED_FLAG_UTIL_CLAMP_MAX has no field in config.json: it is 0\n", "F.scheduler"},
		{"deadline", &specs.Scheduler{Policy: specs.SchedDeadline, Runtime: 2048, Deadline: 4096, Period: 8192}, nil, "",
			"scheduler F.scheduler 6 flags=0x0 nice=0 priority=0 times=2048,4096,8192 renice=true cpus=false\n", "F.scheduler"},
		{"kept parameters", &specs.Scheduler{Policy: specs.SchedIdle, Flags: keep}, nil, "",
			"scheduler F.scheduler 5 flags=0x10 nice=0 priority=0 times=0,0,0 renice=false cpus=false\n", "F.scheduler"},
		{"io", nil, &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_RT, Priority: 3}, "", "io priority 0x2003\n", "F.ioPriority"},
		{"both, one question", &specs.Scheduler{Policy: specs.SchedIdle}, &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_IDLE}, "",
			"scheduler F.scheduler 5 flags=0x0 nice=0 priority=0 times=0,0,0 renice=true cpus=false\nio priority 0x6000\n", "F.scheduler"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Process.Scheduler, s.Process.IOPriority = test.scheduler, test.io
			if test.cpus != "" {
				s.Linux.Resources = &specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: test.cpus}}
			}
			exec, err := BuildExec(s, s.Process, hostV2(), Options{ID: "c"})
			if err != nil {
				t.Fatal(err)
			}
			for name, p := range map[string]*Plan{"create": build(t, s, hostV2(), options()), "exec": exec} {
				if got, want := head(p), strings.ReplaceAll(test.want, "F.", "process."); got != want {
					t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
				}
				field := ""
				for _, step := range p.Steps {
					if step.Kind == wire.Ask && step.Args[0] == uint64(wire.Priorities) {
						field += step.Field
					}
				}
				if want := strings.ReplaceAll(test.field, "F.", "process."); field != want {
					t.Errorf("%s: asked for %q, want %q", name, field, want)
				}
			}
		})
	}
}
