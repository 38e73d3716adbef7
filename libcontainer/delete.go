package libcontainer

import (
	"errors"
	"os"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
)

// killPatience bounds the wait for a killed process: only one that is stuck
// in the kernel takes longer than a moment.
const killPatience = 10 * time.Second

// Delete removes a container that is stopped, or created and never started;
// with force one in any state.
func (c *Container) Delete(force bool) error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil && (!force || c.broken == nil) {
		return err
	}
	if c.broken != nil {
		c.guess()
	}
	if !force && status != string(specs.StateStopped) && status != string(specs.StateCreated) {
		return &NotStoppedError{c.ID(), status}
	}
	return errors.Join(c.destroy(), c.dir.Close())
}

// guess puts in the place of a state that cannot be read what the kept config
// says of it: where the container's cgroups are, and so its processes.
func (c *Container) guess() {
	s, err := c.Spec()
	if err != nil || s.Linux == nil {
		return
	}
	for _, systemd := range [...]bool{false, true} {
		config := cgroup.Config{ID: c.ID(), Path: s.Linux.CgroupsPath, Rootless: true}
		if systemd {
			config.Systemd, config.Reach, config.Rootless = true, c.reach, os.Geteuid() != 0
		}
		g, err := cgroup.New(config)
		if err != nil || systemd && !g.There() {
			continue
		}
		c.state.CgroupPaths, c.state.CgroupOurs = g.Paths(), true
		if systemd {
			c.state.SystemdCgroup, c.state.Rootless = true, config.Rootless
		}
	}
	if s.Hooks != nil {
		c.state.Hooks = hookKinds(s.Hooks)
	}
}

// destroy ends what runs and removes what was made (runtime-spec runtime.md,
// lifecycle, steps 12 and 13). The state goes last, so that a second Delete
// finds the rest; then come the poststop hooks, whose failures are for the
// log: there is nothing left to keep.
func (c *Container) destroy() error {
	if err := c.kill(); err != nil {
		return err
	}
	g, err := c.group()
	if err == nil {
		err = g.Destroy()
	}
	if err == nil {
		err = rdt.Remove(c.state.ClassOurs)
	}
	if err != nil {
		return err
	}
	if err := g.ReleaseUnit(); err != nil {
		// An empty unit goes by itself, as soon as systemd comes to it.
		c.warn(err.Error())
	}
	poststop, err := c.hooks(hookPoststop)
	if err != nil {
		c.warn(err.Error())
	}
	err = c.dir.Remove()
	c.poststop(poststop)
	return err
}

func (c *Container) poststop(list []specs.Hook) {
	err := c.runList(hookPoststop, list, 0, specs.StateStopped, func(err error) error {
		c.warn(err.Error())
		return nil
	})
	if err != nil {
		c.warn(err.Error())
	}
}
