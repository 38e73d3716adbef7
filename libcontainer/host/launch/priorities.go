// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
)

// setPriorities gives init the scheduler and the I/O priority of the payload.
func (s *server) setPriorities() error {
	if c := s.plan.Scheduler; c != nil {
		err := setScheduler(s.pid, c)
		if err == nil && c.Renice {
			err = linux.SetNice(s.pid, int(c.Nice))
		}
		if err != nil {
			return fmt.Errorf("%s: %w%s", c.Field, err, schedulerHint(c, err))
		}
	}
	if io := s.plan.IOPriority; io != nil {
		if err := linux.SetIOPriority(s.pid, *io); err != nil {
			return fmt.Errorf("process.ioPriority: %w", err)
		}
	}
	return nil
}

func setScheduler(pid int, c *plan.Scheduler) error {
	return linux.SetScheduler(pid, &linux.SchedAttr{
		Policy: c.Policy, Flags: c.Flags, Nice: c.Nice, Priority: c.Priority,
		Runtime: c.Runtime, Deadline: c.Deadline, Period: c.Period,
	})
}

// schedulerHint says which of its many rules the kernel may have meant: it has
// one number for most of them.
func schedulerHint(c *plan.Scheduler, err error) string {
	const deadline, iso = "SCHED_DEADLINE", "SCHED_ISO"
	switch {
	case c.Name == deadline && errors.Is(err, linux.EPERM) && c.CPUs:
		return "; process scheduler can't be used together with AllowedCPUs: SCHED_DEADLINE wants all CPUs, linux.resources.cpu.cpus gives some"
	case c.Name == deadline && errors.Is(err, linux.EPERM):
		return "; SCHED_DEADLINE takes CAP_SYS_NICE on the host, and all CPUs of a cpuset that shares none with others"
	case c.Name == deadline && errors.Is(err, linux.EBUSY):
		return "; the CPUs have not so much time left for SCHED_DEADLINE"
	case c.Name == deadline && errors.Is(err, linux.EINVAL):
		return "; see kernel.sched_deadline_period_min_us and kernel.sched_deadline_period_max_us"
	case c.Priority > 0 && errors.Is(err, linux.EPERM):
		return "; it takes CAP_SYS_NICE on the host, or RLIMIT_RTPRIO, and on cgroup v1 linux.resources.cpu.realtimeRuntime"
	case c.Name == iso && errors.Is(err, linux.EINVAL):
		return "; this kernel has no SCHED_ISO"
	}
	return ""
}
