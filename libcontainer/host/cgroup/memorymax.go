// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// memoryMax is the limit of memory on v2, as a step of an update. When it is set
// below what is in use and cannot be freed, the kernel kills, where v1 would
// have refused. So what can be freed is freed before.
type memoryMax struct {
	knob
	// refuse: rather fail than let the kernel kill.
	refuse bool
	// swap is the limit for memory and swap together, if above 0.
	swap int64
}

func (m *memoryMax) apply() (string, error) {
	target := parseLimit(m.value)
	if err := m.checkSwap(); err != nil {
		return "", err
	}
	if m.refuse {
		// Who asks again and again, as kubelet does, is not to take the
		// container its page cache each time.
		if usage, err := hopeless(m.dir, target); err != nil || usage > 0 {
			return "", m.reject(target, usage, err)
		}
	}
	s, err := squeeze(m.dir, target, m.refuse)
	if err != nil {
		return "", m.blame(err)
	}
	if m.refuse && s.usage > target {
		return "", joinUndo(m.reject(target, s.usage, nil), s.release())
	}
	changed, err := m.knob.apply()
	if released := s.release(); released != nil {
		err = joinUndo(m.blame(released), m.knob.undo())
	}
	return changed, err
}

// reject has the words that callers know.
func (m *memoryMax) reject(target, usage uint64, err error) error {
	if err == nil {
		err = fmt.Errorf("rejecting memory limit %d <= usage %d", target, usage)
	}
	return m.blame(err)
}

// hopeless returns the usage of a group that has more memory than target that
// nobody can free, and else 0.
func hopeless(dir string, target uint64) (uint64, error) {
	text, err := linux.ReadKernelFile(filepath.Join(dir, "memory.stat"))
	if err != nil {
		return 0, err
	}
	swap, err := swappable(dir)
	if err != nil || stuck(text, swap) <= target {
		return 0, err
	}
	return current(dir, "memory.current")
}

// stuck is how much of the memory in a memory.stat cannot be freed for sure.
func stuck(stat []byte, swap bool) uint64 {
	names := []string{"slab_unreclaimable", "kernel_stack", "pagetables"}
	if !swap {
		names = append(names, "anon", "shmem")
	}
	var sum uint64
	for _, name := range names {
		sum += countOf(stat, name)
	}
	return sum
}

// swappable reports whether memory of the group could go to swap.
func swappable(dir string) (bool, error) {
	limit, err := kernelNumber(dir, "memory.swap.max")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || limit == 0 {
		return false, err
	}
	table, err := linux.ReadKernelFile("/proc/swaps")
	return bytes.Count(table, []byte("\n")) > 1, err // the first line is a heading
}

// checkSwap refuses a limit for memory and swap together below what is in use.
func (m *memoryMax) checkSwap() error {
	if !m.refuse || m.swap <= 0 {
		return nil
	}
	usage, err := current(m.dir, "memory.current")
	if err != nil {
		return m.blame(err)
	}
	swapped, err := current(m.dir, "memory.swap.current")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m.blame(err)
	}
	if usage+swapped >= uint64(m.swap) {
		return field(resourcesPath+"memory.swap", fmt.Errorf("rejecting memory+swap limit %d <= usage %d", m.swap, usage+swapped))
	}
	return nil
}

// undo lowers a limit that was raised only if nobody is killed by that.
func (m *memoryMax) undo() error {
	if !m.done {
		return nil
	}
	old := parseLimit(m.old)
	s, err := squeeze(m.dir, old, true)
	if err == nil && s.usage > old {
		err = fmt.Errorf("%s: %d bytes are in use by now, lowering it to %d again would kill", m.path(), s.usage, old)
	} else if err == nil {
		err = m.knob.undo()
	}
	return errors.Join(err, s.release())
}

// squeezed is a group that cannot take more memory for a moment.
type squeezed struct {
	dir   string
	old   string // of memory.high, or "" if that was left alone
	usage uint64
}

// squeeze frees memory of a group until target is enough for it, or no more can
// be freed. Until release, what it takes beyond target is freed by whoever takes
// it. With hold that is done even when target is enough already, so that it
// still is when the limit is set.
func squeeze(dir string, target uint64, hold bool) (*squeezed, error) {
	// The first call frees nearly all; a group of which nothing more can be
	// freed is not to be tried for long, as it stands still meanwhile.
	const (
		tries    = 5
		patience = 2 * time.Second
	)
	s := &squeezed{dir: dir}
	if target == math.MaxUint64 {
		return s, nil
	}
	var err error
	if s.usage, err = current(dir, "memory.current"); err != nil {
		return s, err
	}
	limit, err := kernelNumber(dir, "memory.max")
	if err != nil {
		return s, err
	}
	if s.usage <= target && (!hold || limit != unlimited && uint64(limit) <= target) { //nolint:gosec // above 0
		return s, nil
	}
	if err := s.hold(target); err != nil {
		return s, err
	}
	deadline := time.Now().Add(patience)
	for try := 0; s.usage > target && try < tries && time.Now().Before(deadline); try++ {
		// Kernel(5.19): memory.reclaim. Without it, setting memory.high has freed
		// what could be freed. EAGAIN says that it was less than asked for.
		err := linux.WriteKernelFile(filepath.Join(dir, "memory.reclaim"), fmt.Sprint(s.usage-target))
		if errors.Is(err, fs.ErrNotExist) {
			try = tries
		}
		if s.usage, err = current(dir, "memory.current"); err != nil {
			return s, errors.Join(err, s.release())
		}
	}
	return s, nil
}

// hold sets memory.high to target if it is not lower already. The kernel then
// frees what it can before the call returns.
func (s *squeezed) hold(target uint64) error {
	high, err := kernelNumber(s.dir, "memory.high")
	if err != nil {
		return err
	}
	if high == unlimited || uint64(high) > target { //nolint:gosec // above 0
		if err := linux.WriteKernelFile(filepath.Join(s.dir, "memory.high"), fmt.Sprint(target)); err != nil {
			return err
		}
		s.old = limitValue(high)
	}
	s.usage, err = current(s.dir, "memory.current")
	return err
}

func (s *squeezed) release() error {
	if s.old == "" {
		return nil
	}
	old := s.old
	s.old = ""
	return linux.WriteKernelFile(filepath.Join(s.dir, "memory.high"), old)
}

// current reads how much there is of something.
func current(dir, file string) (uint64, error) {
	n, err := kernelNumber(dir, file)
	return uint64(max(n, 0)), err //nolint:gosec // not below 0
}
