// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// OOMWatch tells when a group runs out of memory. It is a descriptor to wait on
// together with others; nobody looks until there is something to see.
type OOMWatch struct {
	dir string
	// counter is v1's: the kernel counts it up for each time.
	counter linux.Wakeup
	// events is v2's memory.events, and kills what stood in it last.
	events *os.File
	kills  uint64
}

// WatchOOM begins to watch. It returns nil for a group whose memory is not
// accounted for, or by a kernel that does not tell.
func (g *Group) WatchOOM() (*OOMWatch, error) {
	w, err := g.watchOOM()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch memory of %s: %w", g, err)
	}
	return w, nil
}

func (g *Group) watchOOM() (*OOMWatch, error) {
	if g.unified() {
		f, err := cgroups.OpenFile(g.paths[""], "memory.events", os.O_RDONLY)
		if err != nil {
			return nil, err
		}
		w := &OOMWatch{dir: g.paths[""], events: f}
		if _, err := w.Read(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return w, nil
	}
	dir := g.paths["memory"]
	if dir == "" {
		return nil, fs.ErrNotExist
	}
	source, err := linux.OpenFile(filepath.Join(dir, "memory.oom_control"))
	if err != nil {
		return nil, err
	}
	defer source.Close() // the kernel keeps what it needs
	counter, err := linux.NewWakeup()
	if err != nil {
		return nil, err
	}
	// Kernel(6.11): v1's memory controller may be built without this.
	line := strconv.Itoa(int(counter.Fd())) + " " + strconv.Itoa(int(source))
	if err := linux.WriteKernelFile(filepath.Join(dir, "cgroup.event_control"), line); err != nil {
		return nil, errors.Join(err, counter.Close())
	}
	return &OOMWatch{dir: dir, counter: counter}, nil
}

// Readable is what to wait for by Poll: then Read has something to say.
func (w *OOMWatch) Readable() linux.PollFd {
	if w.events != nil {
		return linux.PollFd{Fd: int32(w.events.Fd()), Events: linux.PollPri} //nolint:gosec // a descriptor
	}
	return linux.PollFd{Fd: int32(w.counter.Fd()), Events: linux.PollIn} //nolint:gosec // a descriptor
}

// Read reports whether the group has run out of memory since the last Read. A
// group that is gone is fs.ErrNotExist.
func (w *OOMWatch) Read() (bool, error) {
	if w.events == nil {
		return w.readCounter()
	}
	var buf [512]byte
	n, err := w.events.ReadAt(buf[:], 0)
	if n == 0 && linux.CgroupGone(err) {
		return false, fs.ErrNotExist
	}
	if n == 0 && err != nil {
		return false, fmt.Errorf("read %s: %w", w.events.Name(), err)
	}
	before := w.kills
	w.kills = countOf(buf[:n], "oom_kill")
	return w.kills > before, nil
}

// readCounter is Read for v1. The kernel counts up for the end of the group too.
func (w *OOMWatch) readCounter() (bool, error) {
	ready := []linux.PollFd{w.Readable()}
	if n, err := linux.Poll(ready, 0); n == 0 || err != nil {
		return false, err
	}
	var count [8]byte
	if _, err := linux.ReadNow(w.counter.File, count[:]); err != nil {
		return false, fmt.Errorf("read eventfd: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(w.dir, "cgroup.event_control")); err != nil {
		return false, fs.ErrNotExist
	}
	return true, nil
}

// countOf finds the number behind a word.
func countOf(text []byte, word string) uint64 {
	for line := range bytes.Lines(text) {
		if name, number, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); ok && string(name) == word {
			n, _ := strconv.ParseUint(string(number), 10, 64)
			return n
		}
	}
	return 0
}

// Close ends the watch.
func (w *OOMWatch) Close() error {
	if w.events != nil {
		return w.events.Close()
	}
	return w.counter.Close()
}
