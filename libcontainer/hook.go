package libcontainer

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/hooks"
)

// Names of the kinds of hooks, as in config.json.
const (
	hookPrestart      = "prestart"
	hookCreateRuntime = "createRuntime"
	hookPoststart     = "poststart"
	hookPoststop      = "poststop"
)

// hookKinds are the kinds of hooks that a later command has to run.
func hookKinds(h *specs.Hooks) []string {
	var kinds []string
	if len(h.Poststart) > 0 {
		kinds = append(kinds, hookPoststart)
	}
	if len(h.Poststop) > 0 {
		kinds = append(kinds, hookPoststop)
	}
	return kinds
}

// runHooks runs prestart and createRuntime hooks: after the namespaces exist,
// before the container's root is entered.
func (c *creation) runHooks(h *specs.Hooks, pid int) error {
	if err := c.runList(hookPrestart, h.Prestart, pid, specs.StateCreating, stop); err != nil { //nolint:staticcheck // deprecated, not gone
		return err
	}
	return c.runList(hookCreateRuntime, h.CreateRuntime, pid, specs.StateCreating, stop)
}

// stop makes the first hook that fails the last.
func stop(err error) error { return err }

// runList runs the hooks of one kind in the runtime's namespaces. What a
// failing one means, failed says.
func (c *Container) runList(kind string, list []specs.Hook, pid int, status specs.ContainerState, failed func(error) error) error {
	if len(list) == 0 {
		return nil
	}
	state, err := hookState(c.state, pid, status)
	if err != nil {
		return err
	}
	for i, h := range list {
		err := hooks.Run(h, state, hooks.Where{Kind: kind, Index: i, Dir: c.state.Bundle, Env: c.hookEnv})
		if err != nil {
			err = failed(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether the container has hooks of a kind that comes later.
func (c *Container) wants(kind string) bool {
	for _, k := range c.state.Hooks {
		if k == kind {
			return true
		}
	}
	return false
}
