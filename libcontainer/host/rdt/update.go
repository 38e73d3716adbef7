// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package rdt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
)

// Change is what an Update has done.
type Change struct {
	group *Group
	old   []string // lines to write to take it back, last one first
	// Changed has a line for each schema that is another one now.
	Changed []string
}

// Update writes the schemata of c, of which only those are read, into the group
// of a container, all or none. ours are the directories that were made for the
// container; a group that others share by its closID is not changed.
func Update(dir string, ours []string, c *specs.LinuxIntelRdt) (*Change, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	root, ok := mountpoint(string(table))
	if !ok {
		return nil, errNoFilesystem
	}
	return update(root, dir, ours, c)
}

func update(root, dir string, ours []string, c *specs.LinuxIntelRdt) (*Change, error) {
	g := &Group{root: root, path: dir, config: c}
	if !slices.Contains(ours, dir) {
		return nil, fmt.Errorf("linux.intelRdt.closID: %s is not the container's alone: what others use is not changed", dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, schemata))
	if err != nil {
		return nil, fmt.Errorf("linux.intelRdt: %w", err)
	}
	have := make(map[string]string)
	for l := range strings.Lines(string(text)) {
		// The kernel aligns numbers with blanks, and takes none.
		l = strings.Join(strings.Fields(l), "")
		if resource, _, err := parse(l); err == nil {
			have[resource] = l
		}
	}
	change := &Change{group: g}
	for _, l := range g.lines() {
		resource, _, err := parse(l.text)
		if err == nil && have[resource] == "" {
			err = fmt.Errorf("%q: this machine has no %s", l.text, resource)
		}
		if err == nil {
			err = g.write(l.text)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", l.field, err), change.Undo())
		}
		change.old = append(change.old, have[resource])
		change.Changed = append(change.Changed, fmt.Sprintf("%s: %s: %q, was %q", l.field, dir, l.text, have[resource]))
	}
	return change, nil
}

// Undo takes back what was done.
func (c *Change) Undo() error {
	var errs []error
	for _, l := range slices.Backward(c.old) {
		errs = append(errs, c.group.write(l))
	}
	c.old, c.Changed = nil, nil
	return errors.Join(errs...)
}

// Join moves the processes that list returns, with all their threads, into the
// directories of a group. What they start from then on is born there.
func Join(dirs []string, list func() ([]int, error)) error {
	files, err := Tasks(dirs)
	if err != nil {
		return err
	}
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	moved := make(map[int]bool)
	for {
		threads, err := threadsOf(list)
		if err != nil {
			return err
		}
		// One that was started by a thread that had not moved yet shows in the
		// next round.
		fresh := false
		for _, tid := range threads {
			if moved[tid] {
				continue
			}
			moved[tid], fresh = true, true
			for _, f := range files {
				if _, err := f.WriteString(strconv.Itoa(tid)); err != nil && !linux.ProcessGone(err) {
					return fmt.Errorf("linux.intelRdt: thread %d: %w", tid, err)
				}
			}
		}
		if !fresh {
			return nil
		}
	}
}

// threadsOf returns the threads of the processes that list returns.
func threadsOf(list func() ([]int, error)) ([]int, error) {
	pids, err := list()
	if err != nil {
		return nil, err
	}
	var threads []int
	for _, pid := range pids {
		entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			continue // it has ended
		}
		for _, e := range entries {
			if tid, err := strconv.Atoi(e.Name()); err == nil {
				threads = append(threads, tid)
			}
		}
	}
	return threads, nil
}
