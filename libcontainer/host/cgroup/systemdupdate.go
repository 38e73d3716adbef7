// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

// unitStep is the last step of an update: it tells systemd of the new values,
// which it would else overwrite with those it knows. The kernel has them by
// then, set in an order that is safe.
type unitStep struct {
	g        *Group
	now, old *settings
	steps    []step // those before it
}

// unitStep returns the step for u. rules tells whether there are other device
// rules.
func (g *Group) unitStep(u Update, steps []step, rules bool) (*unitStep, error) {
	now, err := g.told(u, u.Merged, rules)
	if err != nil {
		return nil, err
	}
	// What had no limit has none again.
	none, weight := int64(unlimited), uint64(defaultShares)
	old, err := g.told(u, spec.MergeResources(&specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: &none, Swap: &none},
		CPU:    &specs.LinuxCPU{Quota: &none, Shares: &weight},
		Pids:   &specs.LinuxPids{Limit: &none},
	}, u.Kept), rules)
	return &unitStep{g: g, now: now, old: old, steps: steps}, err
}

// defaultShares is the weight that the kernel begins with, in the unit of v1.
const defaultShares = 1024

// told returns those sections of r that u changes, as systemd is told of them:
// it knows no half of a section, such as a period without a quota.
func (g *Group) told(u Update, r *specs.LinuxResources, rules bool) (*settings, error) {
	part := specs.LinuxResources{Devices: r.Devices}
	if u.Asked.Memory != nil {
		part.Memory = r.Memory
	}
	if u.Asked.CPU != nil {
		part.CPU = r.CPU
	}
	if u.Asked.Pids != nil {
		part.Pids = r.Pids
	}
	if u.Asked.BlockIO != nil {
		part.BlockIO = r.BlockIO
	}
	for name := range u.Asked.Unified {
		if value, ok := r.Unified[name]; ok {
			if part.Unified == nil {
				part.Unified = make(map[string]string)
			}
			part.Unified[name] = value
		}
	}
	s, err := convertLater(&part, g.unified(), g.controllers())
	if s != nil {
		s.SkipDevices = !rules
	}
	return s, err
}

func (s *unitStep) apply() (string, error) {
	if err := s.g.tellUnit(s.now); err != nil {
		return "", err
	}
	// It sets some of them again, and not all as exactly.
	var errs []error
	for _, before := range s.steps {
		if b, ok := before.(interface{ again() error }); ok {
			errs = append(errs, b.again())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", joinUndo(err, s.undo())
	}
	return "", nil
}

func (s *unitStep) undo() error { return s.g.tellUnit(s.old) }
