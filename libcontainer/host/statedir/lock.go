// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"fmt"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// Lock modes.
const (
	Shared    = linux.LockShared
	Exclusive = linux.LockExclusive
)

// Lock takes the container's lock and waits at most so long for it; then the
// error is ErrLocked. If the container was deleted meanwhile, it is
// ErrNotExist, even if a new one has its id by now.
func (d *Dir) Lock(mode linux.LockMode, wait time.Duration) error {
	holder := d.fd
	if d.locked != linux.NoFD {
		holder = d.locked
	}
	got, err := linux.TryLock(holder, mode)
	if err != nil {
		return err
	}
	if !got {
		if holder, err = d.waitLock(mode, wait); err != nil {
			return err
		}
	}
	d.locked = holder
	if err := d.gone(); err != nil {
		_ = d.Unlock()
		return err
	}
	return nil
}

// gone returns ErrNotExist once the directory was removed.
func (d *Dir) gone() error {
	st, err := linux.Fstat(d.fd)
	if err == nil && st.Nlink == 0 {
		return fmt.Errorf("container %s: %w", d.id, ErrNotExist)
	}
	return err
}

// waitLock waits for the lock on an open directory of its own: flock(2) has no
// time limit, and when ours is over, the thread that waits in it must not come
// by a lock that d then has without knowing.
func (d *Dir) waitLock(mode linux.LockMode, wait time.Duration) (linux.FD, error) {
	locked := fmt.Errorf("container %s: %w", d.id, ErrLocked)
	if wait <= 0 {
		return linux.NoFD, locked
	}
	fd, err := linux.OpenDir(d.fd, ".")
	if err != nil {
		return linux.NoFD, err
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	got := make(chan error, 1)
	go func() { got <- linux.WaitLock(fd, mode) }()
	select {
	case err := <-got:
		if err != nil {
			_ = fd.Close()
			return linux.NoFD, err
		}
		return fd, nil
	case <-limit.C:
		go func() {
			<-got
			_ = fd.Close() // and with it the lock, if it came
		}()
		return linux.NoFD, locked
	}
}

// Unlock gives the lock back, if d has it.
func (d *Dir) Unlock() error {
	holder := d.locked
	d.locked = linux.NoFD
	switch holder {
	case linux.NoFD:
		return nil
	case d.fd:
		return linux.Unlock(d.fd)
	}
	return holder.Close()
}

// beingCreated reports whether somebody else holds the lock exclusively, as a
// creator does.
func (d *Dir) beingCreated() bool {
	if d.locked != linux.NoFD {
		return false
	}
	// Taken for a moment, which who waits for it does not even notice.
	got, err := linux.TryLock(d.fd, Shared)
	if got {
		_ = linux.Unlock(d.fd)
	}
	return err == nil && !got
}
