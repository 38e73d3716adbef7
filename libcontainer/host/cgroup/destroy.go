// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// Destroy removes the group with all groups that the payload made below it.
// Processes must have been killed before; those that are just ending are
// waited for, and those that stay are named in the error. Directories that
// were there before the container stay, empty, and those of a unit until
// ReleaseUnit.
func (g *Group) Destroy() error {
	deadline := patience()
	var errs []error
	for _, dir := range g.dirs() {
		if slices.Contains(g.keep, dir) || slices.Contains(g.unitDirs(), dir) {
			errs = append(errs, removeBelow(dir, deadline))
		} else {
			errs = append(errs, removeTree(dir, deadline))
		}
	}
	return errors.Join(errs...)
}

// removeTree removes a group and those below it. That it is gone already, or
// its hierarchy is, is no error.
func removeTree(dir string, deadline time.Time) error {
	err := linux.RemoveCgroup(dir)
	if err == nil || linux.CgroupGone(err) {
		return nil
	}
	if !linux.CgroupBusy(err) {
		// A read-only mount answers so for what does not exist, too.
		if _, there := os.Lstat(dir); linux.CgroupGone(there) {
			return nil
		}
		return err
	}
	if err := removeBelow(dir, deadline); err != nil {
		return err
	}
	return removeEmptied(dir, deadline)
}

func removeBelow(dir string, deadline time.Time) error {
	return eachBelow(dir, func(sub string) error { return removeTree(sub, deadline) })
}

// removeEmptied removes a group that has no groups below it, as soon as its
// processes are gone.
func removeEmptied(dir string, deadline time.Time) error {
	for {
		err := linux.RemoveCgroup(dir)
		if err == nil || linux.CgroupGone(err) {
			return nil
		}
		if !linux.CgroupBusy(err) {
			return err
		}
		handles, grabErr := grab(func() ([]int, error) { return pidsIn(dir) })
		if grabErr != nil {
			return errors.Join(err, grabErr)
		}
		if len(handles) > 0 {
			wait := awaitExit(handles, deadline)
			release(handles)
			if wait != nil {
				return wait
			}
		} else if done, err := removeUnlisted(dir, deadline); done {
			return err
		}
		if time.Now().After(deadline) {
			return held(dir, err)
		}
	}
}

// removeUnlisted removes a group that is busy although nobody is listed: a
// process has just left, or cannot be seen from this pid namespace. The kernel
// reports that on v2; on v1 the library's short naps have to do.
func removeUnlisted(dir string, deadline time.Time) (done bool, err error) {
	if populated, err := readEvent(dir, "populated"); err == nil && populated {
		_, err := awaitEvent(dir, "populated", false, deadline)
		return err != nil, err
	}
	if err = cgroups.RemovePath(dir); linux.CgroupBusy(err) {
		err = held(dir, err)
	}
	return true, err
}

// held says who is in the way.
func held(dir string, err error) error {
	return fmt.Errorf("remove cgroup: %w: held by %s", err, holders(dir))
}
