package spec

import (
	"errors"
	"fmt"
)

// ErrInvalidID is the cause of every error of CheckID. The words are runc's,
// which callers look for.
var ErrInvalidID = errors.New("invalid container ID format")

// maxID is the longest container id in bytes.
const maxID = 1024

// CheckID checks the name of a container, which becomes the name of a
// directory and of cgroups: letters, digits, and _ + - . but not . or ..
func CheckID(id string) error {
	if len(id) > maxID {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrInvalidID, len(id), maxID)
	}
	if id == "" || id == "." || id == ".." {
		return fmt.Errorf("%w: %q", ErrInvalidID, id)
	}
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case isAlnum(c), c == '_', c == '+', c == '-', c == '.':
		default:
			return fmt.Errorf("%w: %q", ErrInvalidID, id)
		}
	}
	return nil
}
