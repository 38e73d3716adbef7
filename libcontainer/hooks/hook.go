// Package hooks runs one OCI hook: a program that gets the container's state
// on its standard input.
//
// It runs in the parent, for the hooks that the runtime-spec wants in the
// runtime's namespaces: prestart, createRuntime, poststart and poststop. Which
// hooks there are, in which order, and what a failing one means, is for the
// caller to know. The hook runs with the caller's privilege and in the
// caller's namespaces; it is trusted as the runtime itself is, but not to be
// quick, quiet or tidy: it may read nothing, print without end, run into its
// timeout, or leave processes behind that hold its output open.
package hooks

import (
	"fmt"
	"time"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Where says which hook it is that runs, and where.
type Where struct {
	Kind  string // as in config.json: "prestart", "poststop" …
	Index int    // its place in that list
	Dir   string // working directory, the bundle; "" is the caller's own
	// Env is the environment of a hook whose configuration has no env at all.
	// Compat(runc): such a hook inherits the runtime's environment, and hooks
	// in the field count on PATH being there. One with an empty env gets none.
	Env []string
}

// Error says how a hook failed.
type Error struct {
	Kind   string
	Index  int
	Reason error
	// Stdout and Stderr are what the hook printed, the last 64 KiB of each.
	Stdout, Stderr string
	// Ran is whether the hook was started at all.
	Ran bool
}

// Error has the words that callers of runc look for.
func (e *Error) Error() string {
	s := fmt.Sprintf("error running %s hook #%d: %v", e.Kind, e.Index, e.Reason)
	if e.Ran {
		s += ", stdout: " + e.Stdout + ", stderr: " + e.Stderr
	}
	return s
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// Run runs hook h with state on its standard input and waits until it has
// ended. Processes that it leaves behind are not waited for.
func Run(h specs.Hook, state []byte, w Where) error {
	r := run{state: state}
	err := r.run(h, w)
	if err == nil {
		return nil
	}
	return &Error{
		Kind: w.Kind, Index: w.Index, Reason: err,
		Stdout: r.stdout.String(), Stderr: r.stderr.String(), Ran: r.child != nil,
	}
}

// program is what h says to start.
func program(h specs.Hook, w Where) (linux.Program, error) {
	p := linux.Program{Path: h.Path, Args: h.Args, Env: h.Env, Dir: w.Dir}
	if len(h.Path) == 0 || h.Path[0] != '/' {
		// The specification wants it, and a relative path would mean
		// whatever lies in the directory the runtime was called in.
		return p, fmt.Errorf("path %q: not absolute", h.Path)
	}
	if len(p.Args) == 0 {
		p.Args = []string{h.Path}
	}
	if p.Env == nil {
		p.Env = w.Env
	}
	return p, nil
}

// timeout is how long the hook may run.
func timeout(h specs.Hook) time.Duration {
	if h.Timeout == nil || *h.Timeout <= 0 {
		return linux.NoTimeout
	}
	return time.Duration(*h.Timeout) * time.Second
}
