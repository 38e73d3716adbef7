// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

// Error is an expected condition; compare with errors.Is.
type Error string

func (e Error) Error() string { return string(e) }

// What callers tell apart. The words of the first three are matched by callers
// of the runtime.
const (
	ErrExist     = Error("container with given ID already exists")
	ErrNotExist  = Error("container does not exist")
	ErrInvalidID = Error("invalid container ID format")
	// ErrIncomplete: no whole state is there, because the container is still
	// being created or because whoever created it died. The error is an
	// *IncompleteError.
	ErrIncomplete = Error("container is not completely created")
	ErrLocked     = Error("another command is working on the container")
	ErrVersion    = Error("state of another version of this runtime")
)

// IncompleteError is what Load finds of a container without a whole state.
type IncompleteError struct {
	ID string
	// State is what the creator noted before it began, nil if it noted
	// nothing that can be read. Its pid and cgroups may have to be cleaned up.
	State *State
	// Creating is whether somebody holds the container's lock: its creator
	// still works on it.
	Creating bool
	// Cause says what is wrong with a state file that is there, nil if none is.
	Cause error
}

func (e *IncompleteError) Error() string {
	switch {
	case e.Cause != nil:
		return "state of container " + e.ID + ": " + e.Cause.Error()
	case e.Creating:
		return "container " + e.ID + " is still being created"
	}
	return "container " + e.ID + " was not completely created: its creator died"
}

// Is makes every IncompleteError an ErrIncomplete.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

// Unwrap returns the cause.
func (e *IncompleteError) Unwrap() error { return e.Cause }
