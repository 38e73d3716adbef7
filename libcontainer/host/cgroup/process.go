// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// patienceTime bounds every wait for processes that were killed. It is far
// above what a loaded machine needs to end a process, and only spent when a
// process hangs in the kernel.
const patienceTime = 10 * time.Second

func patience() time.Time { return time.Now().Add(patienceTime) }

// Pids returns the processes in the group and in all groups below it, in
// order. A group that does not exist has none.
func (g *Group) Pids() ([]int, error) {
	dir := g.members()
	if dir == "" {
		return nil, nil
	}
	pids, err := pidsBelow(dir)
	if v2 := g.paths[""]; err == nil && v2 != "" && v2 != dir {
		// An init that has just been born is here and not yet in the others.
		var born []int
		born, err = pidsBelow(v2)
		pids, err = tidy(append(pids, born...), err)
	}
	return pids, err
}

func pidsBelow(dir string) ([]int, error) {
	pids, err := listed(dir)
	if err == nil {
		err = eachBelow(dir, func(sub string) error {
			more, err := pidsBelow(sub)
			pids = append(pids, more...)
			return err
		})
	}
	return tidy(pids, err)
}

func pidsIn(dir string) ([]int, error) { return tidy(listed(dir)) }

// eachBelow calls f with each group right below dir. One that goes meanwhile
// is none.
func eachBelow(dir string, f func(sub string) error) error {
	entries, err := os.ReadDir(dir)
	if linux.CgroupGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := f(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// listed reads cgroup.procs. In a group that a payload has made threaded it
// cannot be read: there are threads only, whose processes are listed in a
// group above. Their numbers mean no process, so nothing is done with them.
func listed(dir string) ([]int, error) {
	text, err := linux.ReadKernelFile(filepath.Join(dir, "cgroup.procs"))
	if linux.CgroupGone(err) || linux.CgroupUnsupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pids []int
	for line := range bytes.Lines(text) {
		pid, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		if err != nil {
			return nil, fmt.Errorf("%s/cgroup.procs: %w", dir, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func tidy(pids []int, err error) ([]int, error) {
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	slices.Sort(pids)
	// A process that this pid namespace does not see is listed as 0.
	return slices.DeleteFunc(slices.Compact(pids), func(pid int) bool { return pid == 0 }), nil
}

// nameAll lists processes with what they are and do, for messages.
func nameAll(pids []int) string {
	const most = 8
	var b strings.Builder
	for i, pid := range pids {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(pids)-most)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d %s", pid, describe(pid))
	}
	return b.String()
}

// describe returns the name and the state of a process: "(sleep), S (sleeping)".
func describe(pid int) string {
	text, err := linux.ReadKernelFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return "(?)"
	}
	var name, state string
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "Name:"); ok {
			name = strings.TrimSpace(v)
		} else if v, ok := strings.CutPrefix(line, "State:"); ok {
			state = strings.Join(strings.Fields(v), " ")
			break
		}
	}
	switch {
	case strings.HasPrefix(state, "D"):
		state += ": it hangs in the kernel and dies when the kernel lets it"
	case strings.HasPrefix(state, "Z"):
		state += ": it has ended and its parent does not reap it"
	}
	return "(" + name + "), " + state
}

// hidden is how many processes in dir are of pid namespaces that this process
// does not see.
func hidden(dir string) int {
	pids, err := listed(dir)
	if err != nil {
		return 0
	}
	return len(slices.DeleteFunc(pids, func(pid int) bool { return pid != 0 }))
}

// holders names all that keeps the group dir from being removed.
func holders(dir string) string {
	var list []string
	if pids, err := pidsIn(dir); err == nil && len(pids) > 0 {
		list = append(list, nameAll(pids))
	}
	if n := hidden(dir); n > 0 {
		list = append(list, fmt.Sprintf("%d process(es) of pid namespaces that cannot be seen from here", n))
	}
	_ = eachBelow(dir, func(sub string) error {
		list = append(list, "cgroup "+sub)
		return nil
	})
	if list == nil {
		return "nobody who is listed: a process that is just ending, or a reference of the kernel"
	}
	return strings.Join(list, "; ")
}

// handle is a process of the group that no other can be taken for.
type handle struct {
	pid   int
	pidfd linux.FD
}

// grab opens handles of the processes that list returns, at most so many that
// no limit on descriptors matters. Between listing a pid and opening it the
// process may end and the number go to another, so only those are kept which
// are listed again afterwards.
func grab(list func() ([]int, error)) ([]handle, error) {
	const most = 256
	pids, err := list()
	if err != nil {
		return nil, err
	}
	var handles []handle
	for _, pid := range pids[:min(len(pids), most)] {
		pidfd, err := linux.PidfdOpen(pid)
		if linux.ProcessGone(err) {
			continue
		}
		if err != nil {
			release(handles)
			return nil, err
		}
		handles = append(handles, handle{pid, pidfd})
	}
	again, err := list()
	if err != nil {
		release(handles)
		return nil, err
	}
	kept := handles[:0]
	for _, h := range handles {
		if _, listed := slices.BinarySearch(again, h.pid); listed {
			kept = append(kept, h)
			continue
		}
		_ = h.pidfd.Close()
	}
	return kept, nil
}

func release(handles []handle) {
	for _, h := range handles {
		_ = h.pidfd.Close()
	}
}

// awaitExit waits until the processes have ended or the time is over.
func awaitExit(handles []handle, deadline time.Time) error {
	fds := make([]linux.PollFd, len(handles))
	for i, h := range handles {
		fds[i] = linux.PollFd{Fd: int32(h.pidfd), Events: linux.PollIn}
	}
	for len(fds) > 0 {
		n, err := linux.Poll(fds, max(0, time.Until(deadline)))
		if err != nil {
			return err
		}
		if n == 0 {
			return nil // the caller looks who is left
		}
		fds = slices.DeleteFunc(fds, func(p linux.PollFd) bool { return p.Revents != 0 })
	}
	return nil
}

// readEvent reads one line of a v2 group's cgroup.events.
func readEvent(dir, key string) (bool, error) {
	text, err := linux.ReadKernelFile(dir + "/cgroup.events")
	if err != nil {
		return false, err
	}
	return event(text, key), nil
}

func event(text []byte, key string) bool {
	for line := range bytes.Lines(text) {
		if name, number, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); ok && string(name) == key {
			return string(number) != "0"
		}
	}
	return false
}

// awaitEvent waits until a line of a v2 group's cgroup.events is as wanted,
// and returns whether it is. A group that is gone has neither event.
func awaitEvent(dir, key string, want bool, deadline time.Time) (bool, error) {
	f, err := cgroups.OpenFile(dir, "cgroup.events", os.O_RDONLY)
	if linux.CgroupGone(err) {
		return !want, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var buf [256]byte
	for {
		// Reading is what sets the mark behind which a change is reported.
		n, err := f.ReadAt(buf[:], 0)
		if n == 0 && linux.CgroupGone(err) {
			return !want, nil
		}
		if n == 0 && err != nil {
			return false, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		if event(buf[:n], key) == want {
			return true, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		if _, err := linux.Poll([]linux.PollFd{{Fd: int32(f.Fd()), Events: linux.PollPri}}, left); err != nil {
			return false, err
		}
	}
}
