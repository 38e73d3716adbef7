// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// Names in a container's directory that other packages use.
const (
	StartSocket = "start.sock"
	NotifyDir   = "notify"
)

// dirMode lets the payload's user reach the sockets below it by name, and no
// more.
const dirMode = 0o711

// claimWait is how long a creator waits for the lock of its own new directory.
const claimWait = 5 * time.Second

// Dir is the directory of one container. Close it.
type Dir struct {
	root, id string
	fd       linux.FD // of the directory, open for reading
	// locked is the descriptor that holds the lock: fd, or one opened to wait
	// for it, or none.
	locked linux.FD
}

// Create claims id: it makes the directory, and the root if that is missing,
// and takes the lock. Of several at once, one gets it, the others ErrExist.
func Create(root, id string) (*Dir, error) {
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q", ErrInvalidID, id)
	}
	path := root + "/" + id
	err := linux.Mkdir(path, dirMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeRoot(root); err == nil {
			err = linux.Mkdir(path, dirMode)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: %w", id, ErrExist)
	}
	if err != nil {
		return nil, err
	}
	d, err := Open(root, id)
	if err != nil {
		_ = linux.Rmdir(linux.CWD, path)
		return nil, err
	}
	// Nobody but us should want the lock yet. But a list that sees the new
	// directory may look, for a moment, whether the lock is taken, and a
	// delete --force may take this for the remains of a dead creator: then
	// the directory is gone, and that is the error.
	if err := d.Lock(linux.LockExclusive, claimWait); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// Open opens the directory of an existing container and does not lock it.
func Open(root, id string) (*Dir, error) {
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q", ErrInvalidID, id)
	}
	fd, err := linux.OpenDir(linux.CWD, root+"/"+id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("container %s: %w", id, ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	return &Dir{root: root, id: id, fd: fd, locked: linux.NoFD}, nil
}

// makeRoot makes the state directory itself. Nobody else's container ids are
// anybody's business, but a path below may have to be reached by the payload's
// user. Compat(runc): a user who is not root gets one with the sticky bit, for
// cleaners of XDG_RUNTIME_DIR pass over such files.
func makeRoot(root string) error {
	mode := uint32(dirMode)
	if !linux.EffectiveRoot() {
		mode = 0o1700
	}
	// Parents first; those that are there say so.
	for i := 1; i <= len(root); i++ {
		if i < len(root) && root[i] != '/' {
			continue
		}
		if err := linux.Mkdir(root[:i], mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// validID reports whether id has runc's form: letters, digits and _ + - . but
// neither "." nor "..". It becomes a file name, so there is a longest one.
func validID(id string) bool {
	const longest = 255
	if id == "" || id == "." || id == ".." || len(id) > longest {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '+', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// List returns the ids below root, sorted. Whether there is a container behind
// each is for Open and Load to say.
func List(root string) ([]string, error) {
	fd, err := linux.OpenDir(linux.CWD, root+"/.")
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	entries, err := linux.ReadDir(fd)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.MaybeDir() && validID(e.Name) {
			ids = append(ids, e.Name)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// ID returns the container's id.
func (d *Dir) ID() string { return d.id }

// FD returns the directory's descriptor, borrowed.
func (d *Dir) FD() linux.FD { return d.fd }

// Path returns the path of a name in the directory, for those who need one.
func (d *Dir) Path(name string) string { return d.root + "/" + d.id + "/" + name }

// Owner returns the user id that owns the container.
func (d *Dir) Owner() (uint32, error) {
	st, err := linux.Fstat(d.fd)
	if err != nil {
		return 0, err
	}
	return st.Uid, nil
}

// Close closes the directory, which gives the lock back.
func (d *Dir) Close() error {
	err := d.Unlock()
	return errors.Join(err, d.fd.Close())
}

// names that are removed without looking first. state.json goes before the
// others: a delete that is killed midway leaves something incomplete, not a
// container without its parts.
var ownNames = [...]string{stateFile, configFile}

// Remove removes the directory and what this runtime keeps in it. The caller
// holds the lock. What does not belong there stops it, and is named.
func (d *Dir) Remove() error {
	for _, name := range ownNames {
		if err := linux.Unlinkat(d.fd, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	path := d.root + "/" + d.id
	err := linux.Rmdir(linux.CWD, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := removeFiles(linux.CWD, path, NotifyDir); err != nil {
		return err
	}
	return linux.Rmdir(linux.CWD, path)
}

// removeFiles removes everything but directories from a directory, and the one
// named subdir with the files in it.
func removeFiles(at linux.FD, dir, subdir string) error {
	fd, err := linux.OpenDir(at, dir)
	if err != nil {
		return err
	}
	defer fd.Close()
	entries, err := linux.ReadDir(fd)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name == subdir && subdir != "" {
			if err := removeFiles(fd, subdir, ""); err != nil {
				return err
			}
			if err := linux.Rmdir(fd, subdir); err != nil {
				return err
			}
			continue
		}
		if err := linux.Unlinkat(fd, e.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", dir+"/"+e.Name, err)
		}
	}
	return nil
}
