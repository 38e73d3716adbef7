// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Update says how the resources of a container are to change.
type Update struct {
	// Kept are those the container has according to its config, nil for none.
	Kept *specs.LinuxResources
	// Asked are the ones to set. What it does not give stays as it is, also
	// where somebody else has changed it.
	Asked *specs.LinuxResources
	// Merged is Kept with Asked in it, as package spec has checked it.
	Merged *specs.LinuxResources
}

// Change is what an Update has done.
type Change struct {
	steps []step // in the order in which they were done
	// Notes is what the user should hear although it stops nothing.
	Notes []string
	// Changed has a line for each value that is another one now.
	Changed []string
}

// step is one value of the kernel's that an update sets.
type step interface {
	// apply sets it. With an error nothing has changed. What it returns says
	// what did, and is empty if the value was there already.
	apply() (string, error)
	// undo takes apply back.
	undo() error
}

// Update sets resources of a group that may have processes, all or none: the
// first value that the kernel refuses makes it take back those before.
//
// Each value is read before it is set, so what is taken back is what was there,
// whoever had set it. The order is one in which every state on the way is one
// that the kernel takes, and which can be walked back: less memory first, which
// fails most often and whose undoing cannot fail; more memory last, because
// taking that back could fail.
func (g *Group) Update(u Update) (*Change, error) {
	if len(g.paths) == 0 {
		return nil, fmt.Errorf("update: %w", ErrNone)
	}
	steps, notes, err := g.plan(u)
	if err != nil {
		return nil, err
	}
	c, err := take(steps)
	if err != nil {
		return nil, err
	}
	c.Notes = notes
	return c, nil
}

// take takes all steps or none.
func take(steps []step) (*Change, error) {
	c := new(Change)
	for _, s := range steps {
		changed, err := s.apply()
		if err != nil {
			return nil, joinUndo(err, c.Undo())
		}
		c.steps = append(c.steps, s)
		if changed != "" {
			c.Changed = append(c.Changed, changed)
		}
	}
	return c, nil
}

// Undo takes back what was done, last thing first.
func (c *Change) Undo() error {
	var errs []error
	for i := len(c.steps) - 1; i >= 0; i-- {
		errs = append(errs, c.steps[i].undo())
	}
	c.steps, c.Changed = nil, nil
	return errors.Join(errs...)
}

func joinUndo(err, undo error) error {
	if undo == nil {
		return err
	}
	return fmt.Errorf("%w; and undoing it: %w", err, undo)
}

// plan finds the steps of an update, and changes nothing.
func (g *Group) plan(u Update) ([]step, []string, error) {
	v2 := g.unified()
	merged, err := convertLater(u.Merged, v2, g.controllers())
	if err != nil {
		return nil, nil, err
	}
	asked, err := convertLater(withPartners(u), v2, g.controllers())
	if err != nil {
		return nil, nil, err
	}
	asked.MemoryCheckBeforeUpdate = merged.MemoryCheckBeforeUpdate
	var memory, rest []step
	var raise bool
	if v2 {
		memory, raise, err = g.unifiedMemory(u, asked)
		rest = g.unifiedSteps(u, asked)
	} else {
		memory, raise, err = g.legacyMemory(u, asked)
		rest = g.legacySteps(u, asked)
	}
	if err != nil {
		return nil, nil, err
	}
	rules, err := g.deviceStep(u, merged, v2)
	if err != nil {
		return nil, nil, err
	}
	if rules != nil {
		rest = append(rest, rules)
	}
	steps := append(memory, rest...)
	if raise {
		steps = append(rest, memory...)
	}
	if g.unit != nil {
		unit, err := g.unitStep(u, steps, rules != nil)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, unit)
	}
	return steps, asked.notes, nil
}

// withPartners returns what was asked for together with what that cannot be
// converted without: memory with swap, which v2 counts apart, and the weight of
// an idle group, which has none.
func withPartners(u Update) *specs.LinuxResources {
	r := *u.Asked
	r.Devices = nil // see deviceStep
	if m := u.Asked.Memory; m != nil && (value(m.Limit) != 0 || value(m.Swap) != 0) {
		memory := *m
		memory.Limit, memory.Swap = u.Merged.Memory.Limit, u.Merged.Memory.Swap
		r.Memory = &memory
	}
	if c := u.Asked.CPU; c != nil && value(c.Shares) != 0 {
		cpu := *c
		cpu.Idle = u.Merged.CPU.Idle
		r.CPU = &cpu
	}
	return &r
}

// deviceStep returns the step that sets the device rules, or nil if they are
// those the container has. Callers send the whole of their resources for every
// change, and what somebody has added for a device that came later (the tools
// for GPUs do) must not go each time.
func (g *Group) deviceStep(u Update, merged *settings, v2 bool) (step, error) {
	if u.Asked.Devices == nil {
		return nil, nil
	}
	kept, err := convertLater(u.Kept, v2, g.controllers())
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(kept.Devices, merged.Devices) {
		return nil, nil
	}
	if g.unified() {
		return &deviceRules{dir: g.paths[""], unified: true, old: kept.Devices, rules: merged.Devices}, nil
	}
	dir := g.paths["devices"]
	if dir == "" {
		return nil, field(resourcesPath+"devices", errors.New("the container has no cgroup for devices"))
	}
	return &deviceRules{dir: dir, old: kept.Devices, rules: merged.Devices}, nil
}
