package libcontainer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// UpdateOptions are what a container is to have from now on; what is not given
// stays.
type UpdateOptions struct {
	Resources *specs.LinuxResources
	// L3CacheSchema and MemBwSchema are lines of linux.intelRdt.
	L3CacheSchema, MemBwSchema string
}

// Update changes the resources of a container that is created, runs or is
// paused: all of it, or on an error nothing. Later commands go on from there.
func (c *Container) Update(o UpdateOptions) error {
	if err := c.lock(); err != nil {
		return err
	}
	defer c.dir.Unlock() //nolint:errcheck // the lock goes with the process
	status, err := c.status()
	if err != nil {
		return err
	}
	if status == string(specs.StateStopped) || status == string(specs.StateCreating) {
		return ErrNotRunning
	}
	s, err := c.Spec()
	if err != nil {
		return err
	}
	u, err := newUpdate(s, o)
	if err != nil {
		return err
	}
	return c.update(u)
}

// update is an Update on its way: the new sections of the config, and what has
// to be taken back if it does not work out.
type update struct {
	resources cgroup.Update
	class     *specs.LinuxIntelRdt // nil: not to change
	merged    *specs.LinuxIntelRdt
	undo      []func() error
}

// newUpdate puts the new config together and checks it as create would.
func newUpdate(s *specs.Spec, o UpdateOptions) (*update, error) {
	u := &update{resources: cgroup.Update{Kept: s.Linux.Resources, Asked: o.Resources}, merged: s.Linux.IntelRdt}
	if u.resources.Asked == nil {
		u.resources.Asked = new(specs.LinuxResources)
	}
	u.resources.Merged = spec.MergeResources(s.Linux.Resources, o.Resources)
	err := spec.CheckResources(u.resources.Merged)
	if o.L3CacheSchema != "" || o.MemBwSchema != "" {
		u.class = &specs.LinuxIntelRdt{L3CacheSchema: o.L3CacheSchema, MemBwSchema: o.MemBwSchema}
		u.merged = mergeClass(s.Linux.IntelRdt, u.class)
		err = errors.Join(err, spec.CheckIntelRdt(u.merged))
	}
	return u, err
}

func mergeClass(kept, asked *specs.LinuxIntelRdt) *specs.LinuxIntelRdt {
	out := new(specs.LinuxIntelRdt)
	if kept != nil {
		*out = *kept
	}
	if asked.L3CacheSchema != "" {
		out.L3CacheSchema = asked.L3CacheSchema
	}
	if asked.MemBwSchema != "" {
		out.MemBwSchema = asked.MemBwSchema
	}
	return out
}

// update does it: the cgroup, the class of service, and then what later commands
// read. Whatever fails, what was done before it is taken back.
func (c *Container) update(u *update) error {
	g, err := c.group()
	if err != nil {
		return err
	}
	change, err := g.Update(u.resources)
	if err != nil {
		return err
	}
	u.undo = append(u.undo, change.Undo)
	changed, err := c.updateClass(g, u)
	if err == nil {
		err = c.keep(u)
	}
	if err != nil {
		for i := len(u.undo) - 1; i >= 0; i-- {
			err = joinUndo(err, u.undo[i]())
		}
		return err
	}
	for _, n := range change.Notes {
		c.warn(n)
	}
	for _, line := range append(change.Changed, changed...) {
		c.note("changed " + line)
	}
	return nil
}

// updateClass changes the class of service.
func (c *Container) updateClass(g *cgroup.Group, u *update) ([]string, error) {
	if u.class == nil {
		return nil, nil
	}
	if len(c.state.ClassDirs) > 0 {
		change, err := rdt.Update(c.state.ClassDirs[0], c.state.ClassOurs, u.class)
		if err != nil {
			return nil, err
		}
		u.undo = append(u.undo, change.Undo)
		return change.Changed, nil
	}
	// The container was made without one. It is noted before it is made, so
	// that delete removes it whatever happens.
	class, err := rdt.New(c.ID(), u.merged)
	if err != nil {
		return nil, err
	}
	was := *c.state
	c.state.ClassDirs, c.state.ClassOurs = class.Dirs(), class.Ours()
	u.undo = append(u.undo, func() error { *c.state = was; return c.dir.Save(c.state) })
	if err := c.dir.Save(c.state); err != nil {
		return nil, err
	}
	if err := class.Make(); err != nil {
		return nil, err
	}
	u.undo = append(u.undo, class.Undo) // its tasks fall back to the class of all
	if err := rdt.Join(c.state.ClassDirs, g.Pids); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("linux.intelRdt: %s: made", c.state.ClassDirs[0])}, nil
}

// keep writes down what the config is from now on.
func (c *Container) keep(u *update) error {
	raw, err := json.Marshal(specs.Spec{
		Version: c.config.Version,
		Linux:   &specs.Linux{Resources: u.resources.Merged, IntelRdt: u.merged},
	})
	if err != nil {
		return fmt.Errorf("keep resources of container %s: %w", c.ID(), err)
	}
	if err := c.dir.SaveUpdate(raw); err != nil {
		return err
	}
	c.config = nil
	return nil
}

// overlay puts what was updated into a config as it was kept at first.
func (c *Container) overlay(s *specs.Spec) error {
	raw, err := c.dir.LoadUpdate()
	if err != nil || raw == nil || s.Linux == nil {
		return err
	}
	updated, err := spec.Decode(raw)
	if err != nil {
		return fmt.Errorf("updated resources of container %s: %w", c.ID(), err)
	}
	if updated.Linux != nil {
		s.Linux.Resources, s.Linux.IntelRdt = updated.Linux.Resources, updated.Linux.IntelRdt
	}
	return nil
}

func (c *Container) note(text string) {
	if c.Note != nil {
		c.Note(text)
	}
}
