package libcontainer

import (
	"errors"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/hooks"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/wire"
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
	state := hookState(c.state, pid, status)
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

// hooks are the container's hooks of a kind that comes after create. The
// config is read only if there are any.
func (c *Container) hooks(kind string) ([]specs.Hook, error) {
	if !slices.Contains(c.state.Hooks, kind) {
		return nil, nil
	}
	s, err := c.Spec()
	if err != nil {
		return nil, err
	}
	if kind == hookPoststart {
		return s.Hooks.Poststart, nil
	}
	return s.Hooks.Poststop, nil
}

// hookFailed reports whether a hook is why something did not work: then the
// runtime-spec wants the container destroyed, poststop hooks included.
func hookFailed(err error) bool {
	var outside *hooks.Error
	var inside *launch.Failure
	return errors.As(err, &outside) || errors.As(err, &inside) && inside.Kind == wire.Hook
}
