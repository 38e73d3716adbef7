package linux

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ProcessGone reports whether a call about a process answered that there is
// no such process (any more).
func ProcessGone(err error) bool { return errors.Is(err, unix.ESRCH) }
