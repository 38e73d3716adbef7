// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/oci-rung/rung/internal/linux"
)

const (
	stateFile    = "state.json"
	creatingFile = "creating.json"
	configFile   = "config.json"
	updatedFile  = "updated.json"
	// newFile is where a new state is written before it takes the old one's
	// place. The lock sees to it that there is only one.
	newFile = "state.new"
)

// mostState and mostConfig bound what is read: a configuration is rarely more
// than a hundred kilobytes, and neither file is worth all of the memory.
const (
	mostState  = 4 << 20
	mostConfig = 16 << 20
)

const bootIDFile = "/proc/sys/kernel/random/boot_id"

// Note writes down what is known of a container that is being created, before
// anything is made that somebody would have to clean up. It may be called
// again. It is no state yet: that takes a Commit or a Save.
func (d *Dir) Note(s *State) error { return d.replace(creatingFile, s) }

// Commit makes what was last noted the container's state: it is created.
func (d *Dir) Commit() error { return linux.Renameat(d.fd, creatingFile, stateFile) }

// Save makes s the container's state. Whoever reads meanwhile gets the old one
// or the new one. The caller holds the lock.
func (d *Dir) Save(s *State) error { return d.replace(stateFile, s) }

func (d *Dir) replace(name string, s *State) error {
	if s.ID != d.id {
		return fmt.Errorf("state of container %s: id %q", d.id, s.ID)
	}
	if s.BootID == "" {
		s.BootID = bootID()
	}
	s.Version = Version
	return d.replaceFile(name, appendState(make([]byte, 0, 1024), s))
}

// replaceFile puts a file with these bytes in the place of what has that name.
func (d *Dir) replaceFile(name string, b []byte) error {
	err := linux.WriteNewFile(d.fd, newFile, b, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// Whoever had the lock before us was killed while writing.
		if err = linux.Unlinkat(d.fd, newFile); err == nil {
			err = linux.WriteNewFile(d.fd, newFile, b, 0o600)
		}
	}
	if err != nil {
		return err
	}
	return linux.Renameat(d.fd, newFile, name)
}

// Load reads the container's state. Without a whole one the error is
// ErrIncomplete; a state written by another version is ErrVersion.
func (d *Dir) Load() (*State, error) {
	s, err := d.read(stateFile)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, ErrVersion):
		return nil, fmt.Errorf("state of container %s: %w", d.id, err)
	case errors.Is(err, fs.ErrNotExist):
		return d.loadIncomplete()
	case errors.As(err, new(*linux.Error)):
		return nil, err
	}
	return nil, &IncompleteError{ID: d.id, Cause: err}
}

// loadIncomplete tells a container that is being created from one whose
// creator died, and both from one that was finished or deleted just now.
func (d *Dir) loadIncomplete() (*State, error) {
	creating := d.beingCreated()
	noted, err := d.read(creatingFile)
	if errors.Is(err, fs.ErrNotExist) {
		if s, err := d.read(stateFile); err == nil {
			return s, nil // committed between the two looks
		}
		err = d.gone()
	}
	if errors.Is(err, ErrNotExist) {
		return nil, err
	}
	return nil, &IncompleteError{ID: d.id, State: noted, Creating: creating, Cause: err}
}

func (d *Dir) read(name string) (*State, error) {
	b, err := linux.ReadFileAt(d.fd, name, mostState)
	if err != nil {
		return nil, err
	}
	s, err := decodeState(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.ID != d.id {
		return nil, fmt.Errorf("%s: id %q", name, s.ID)
	}
	s.Stale = otherBoot(s.BootID)
	return s, nil
}

// otherBoot reports whether id is of another boot than this one. Where the
// kernel's cannot be read, nobody knows, and pid and start time have to do.
func otherBoot(id string) bool {
	now := bootID()
	return id != "" && now != "" && id != now
}

func bootID() string {
	b, err := linux.ReadKernelFile(bootIDFile)
	if err != nil || len(b) == 0 {
		return ""
	}
	return string(b[:len(b)-1]) // without the line's end
}

// SaveConfig keeps a copy of config.json: the container lives by it, whatever
// becomes of the bundle. It belongs before Commit, so it needs no rename.
func (d *Dir) SaveConfig(raw []byte) error {
	return linux.WriteNewFile(d.fd, configFile, raw, 0o600)
}

// LoadConfig reads the copy.
func (d *Dir) LoadConfig() ([]byte, error) {
	return linux.ReadFileAt(d.fd, configFile, mostConfig)
}

// SaveUpdate keeps what `update` made of the configuration: a config.json with
// nothing in it but what has changed. The caller holds the lock.
func (d *Dir) SaveUpdate(raw []byte) error { return d.replaceFile(updatedFile, raw) }

// LoadUpdate reads what SaveUpdate kept; nil if the container is as it was made.
func (d *Dir) LoadUpdate() ([]byte, error) {
	raw, err := linux.ReadFileAt(d.fd, updatedFile, mostConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}
