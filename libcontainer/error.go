package libcontainer

import (
	"errors"

	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
)

// Conditions that callers tell apart. The words are matched by containerd,
// dockerd, Podman and CRI-O.
var (
	ErrExist       = statedir.ErrExist
	ErrNotExist    = statedir.ErrNotExist
	ErrInvalidID   = statedir.ErrInvalidID
	ErrRunning     = errors.New("cannot start an already running container")
	ErrStopped     = errors.New("cannot start a container that has stopped")
	ErrNotRunning  = errors.New("container not running")
	ErrPaused      = errors.New("cannot exec in a paused container (use --ignore-paused to override)")
	ErrNotPaused   = errors.New("container not paused")
	ErrStartPaused = errors.New("cannot start a paused container: resume it first")
	ErrExecStopped = errors.New("cannot exec in a stopped container")
)

// InitError is a step of init that did not work.
type InitError = launch.Failure

// NotStoppedError refuses to delete a container that has processes.
type NotStoppedError struct {
	ID     string
	Status string
}

func (e *NotStoppedError) Error() string {
	return "cannot delete container " + e.ID + " that is not stopped: " + e.Status
}
