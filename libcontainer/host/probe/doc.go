// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package probe finds out which way each thing takes on this host that rung
// does in more than one, and what containers have to do without, and why. It
// is for `doctor`, in the parent: a start does not ask it, because the ways are
// chosen where they part.
//
// It looks by doing: calls are made in a way that does nothing, filesystems and
// namespaces are made where nobody sees them and are gone with their
// descriptors. Nothing is left behind.
package probe

// State is how a thing stands.
type State int

// The states, best first.
const (
	// OK: by the newest way, or simply there.
	OK State = iota
	// Fallback: by an older way; containers do not notice.
	Fallback
	// Without: a container that asks for it is refused, others run.
	Without
	// Bad: no container runs.
	Bad
)

// String is the state in the table and in JSON.
func (s State) String() string {
	switch s {
	case OK:
		return "ok"
	case Fallback:
		return "fallback"
	case Without:
		return "without"
	}
	return "bad"
}

// Finding is one line of the answer.
type Finding struct {
	Area, Name string
	State      State
	// Way is which way it takes, or what there is.
	Way string
	// Why is the reason for any state but OK.
	Why string
	// Hint is what to change.
	Hint string
}

// Caller is what only the caller knows.
type Caller struct {
	UID        int
	User       string // name, or empty
	Path       string // directories with programs
	RuntimeDir string // of the user, or empty
}

// Host looks at everything.
func Host(c Caller) []Finding {
	var out []Finding
	for _, look := range []func(Caller) []Finding{
		kernel, calls, privilege, namespaces, mounts, cgroups, security, managers,
	} {
		out = append(out, look(c)...)
	}
	return out
}
