package libcontainer

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/netdev"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
)

// Stats are the figures of a container, in the form that readers of `runc
// events` know.
type Stats struct {
	*cgroup.Stats
	IntelRdt          rdt.Stats         `json:"intel_rdt"`
	NetworkInterfaces []netdev.Counters `json:"network_interfaces"`
}

// Event is something to tell of a container: its figures, or without them that
// it has run out of memory.
type Event struct {
	Stats *Stats
}

// EventOptions say what to watch for.
type EventOptions struct {
	// Interval is the time between two figures.
	Interval time.Duration
	// Output is where the reader of the events is: when that shows an error,
	// nobody wants them any more.
	Output linux.PollFd
	// Report gets each event. Its error ends the watch.
	Report func(Event) error
}

// Stats reads the figures of a container that is created, runs or is paused.
func (c *Container) Stats() (*Stats, error) {
	if err := c.lives(); err != nil {
		return nil, err
	}
	return c.stats()
}

func (c *Container) lives() error {
	status, err := c.status()
	if err == nil && (status == string(specs.StateStopped) || status == string(specs.StateCreating)) {
		err = errNotAlive(c.ID())
	}
	return err
}

// errNotAlive has the words of runc's events, which differ from those of its
// other commands.
func errNotAlive(id string) error { return fmt.Errorf("container with id %s is not running", id) }

func (c *Container) stats() (*Stats, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	s := &Stats{IntelRdt: rdt.ReadStats(c.state.ClassDirs)}
	if s.Stats, err = g.Stats(); err != nil {
		return nil, err
	}
	s.NetworkInterfaces, err = c.interfaces()
	return s, err
}

// interfaces reads the counters of the container's network devices. The host's
// are not the container's, so one without a network namespace has none.
func (c *Container) interfaces() ([]netdev.Counters, error) {
	s, err := c.Spec()
	if err != nil {
		return nil, err
	}
	for _, ns := range s.Linux.Namespaces {
		if ns.Type == specs.NetworkNamespace {
			return netdev.Count(c.state.InitPid)
		}
	}
	return nil, nil
}

// Watch reports figures every interval, and each time the container runs out of
// memory, until its init ends or its cgroup is gone.
func (c *Container) Watch(o EventOptions) error {
	if err := c.lives(); err != nil {
		return err
	}
	g, err := c.group()
	if err != nil {
		return err
	}
	if g.None() {
		return fmt.Errorf("watch: %w", cgroup.ErrNone)
	}
	pidfd, err := c.pidfd()
	if errors.Is(err, ErrNotRunning) {
		return errNotAlive(c.ID())
	}
	if err != nil {
		return err
	}
	defer pidfd.Close()
	memory, err := g.WatchOOM()
	if err != nil {
		return err
	}
	w := &watch{c: c, o: o, memory: memory}
	w.fds[watchInit] = linux.PollFd{Fd: int32(pidfd), Events: linux.PollIn} //nolint:gosec // a descriptor
	w.fds[watchOutput] = o.Output
	w.fds[watchMemory] = linux.PollFd{Fd: int32(linux.NoFD)}
	if memory != nil {
		defer memory.Close()
		w.fds[watchMemory] = memory.Readable()
	}
	return w.run()
}

// Places in watch.fds.
const (
	watchInit = iota
	watchMemory
	watchOutput
	watched
)

// watch is a Watch on its way.
type watch struct {
	c      *Container
	o      EventOptions
	memory *cgroup.OOMWatch // or nil
	fds    [watched]linux.PollFd
}

func (w *watch) run() error {
	next := time.Now().Add(w.o.Interval)
	for {
		if _, err := linux.Poll(w.fds[:], max(0, time.Until(next))); err != nil {
			return err
		}
		// What killed init is told before init's end is looked at.
		ended := w.fds[watchInit].Revents != 0
		if ended || w.fds[watchMemory].Revents != 0 {
			if gone, err := w.lookAtMemory(); gone || err != nil {
				return err
			}
		}
		if ended || w.fds[watchOutput].Revents&(linux.PollErr|linux.PollHup|linux.PollNil) != 0 {
			return nil
		}
		now := time.Now()
		if now.Before(next) {
			continue
		}
		if err := w.figures(); err != nil {
			return err
		}
		if next = next.Add(w.o.Interval); next.Before(now) {
			next = now.Add(w.o.Interval) // the reader, or the machine, was slow
		}
	}
}

// lookAtMemory reports a lack of memory, and whether the cgroup is gone.
func (w *watch) lookAtMemory() (gone bool, err error) {
	if w.memory == nil {
		return false, nil
	}
	lacked, err := w.memory.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err == nil && lacked {
		err = w.o.Report(Event{})
	}
	return false, err
}

// figures reports the figures. That they cannot be read is worth a word unless
// the container is just ending, which the next look shows.
func (w *watch) figures() error {
	s, err := w.c.stats()
	if err != nil {
		if n, _ := linux.Poll(w.fds[watchInit:watchInit+1], 0); n == 0 {
			w.c.warn(err.Error())
		}
		return nil
	}
	return w.o.Report(Event{Stats: s})
}
