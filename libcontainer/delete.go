package libcontainer

import (
	"errors"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// killPatience bounds the wait for a killed process: only one that is stuck
// in the kernel takes longer than a moment.
const killPatience = 10 * time.Second

// Delete removes a container that is stopped, or created and never started;
// with force one in any state. What poststop hooks say is for the log: they
// cannot keep a container. Everything is done that can be done, whatever of
// it fails; the state goes last, so that a second Delete finds the rest.
func (c *Container) Delete(force bool) error {
	if err := c.lock(); err != nil {
		return err
	}
	status, err := c.status()
	if err != nil && (!force || c.broken == nil) {
		return err
	}
	if !force && status != string(specs.StateStopped) && status != string(specs.StateCreated) {
		return &NotStoppedError{c.ID(), status}
	}
	if err := c.kill(); err != nil {
		return err
	}
	g, err := c.group()
	if err == nil {
		err = g.Destroy()
	}
	if err != nil {
		return err
	}
	c.poststop()
	return errors.Join(c.dir.Remove(), c.dir.Close())
}

func (c *Container) poststop() {
	if !c.wants(hookPoststop) {
		return
	}
	s, err := c.Spec()
	if err != nil {
		c.warn(err.Error())
		return
	}
	err = c.runList(hookPoststop, s.Hooks.Poststop, 0, specs.StateStopped, func(err error) error {
		c.warn(err.Error())
		return nil
	})
	if err != nil {
		c.warn(err.Error())
	}
}
