package libcontainer

import (
	"errors"
	"io/fs"
	"os/user"
	"strconv"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/exeseal"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Factory makes and finds the containers whose state is below Root, which is
// an absolute path.
type Factory struct {
	Root string
	// HookEnv is the environment of hooks in the runtime's namespaces whose
	// config has no env: runc's inherit, and hooks count on PATH being there.
	HookEnv []string
	// RuntimeDir and SessionBus are the caller's XDG_RUNTIME_DIR and
	// DBUS_SESSION_BUS_ADDRESS, by which it reaches its user's systemd.
	RuntimeDir, SessionBus string
}

func (f Factory) reach() cgroup.Reach {
	return cgroup.Reach{RuntimeDir: f.RuntimeDir, SessionBus: f.SessionBus}
}

// Container is a container as this command knows it. It holds descriptors;
// Close it.
type Container struct {
	// Warn gets what is no error but worth a line in the log, Note what is
	// worth one in a debug log; they may be nil.
	Warn, Note func(text string)

	dir   *statedir.Dir
	state *statedir.State
	// incomplete: whoever created it died on the way, or is still at it.
	incomplete, creating bool
	// broken says why the state that is there cannot be read.
	broken  error
	config  *specs.Spec
	hookEnv []string
	reach   cgroup.Reach
	binary  *exeseal.Opening // what an init is started from; create and exec only
	init    *Process         // creator only
	waits   *launch.Init     // creator only, until Start
}

// Load finds a container. One whose creator died before it was done is found
// too: it is stopped or being created, and can be deleted. One whose state
// cannot be read is found to be deleted by force; all else says why it cannot.
func (f Factory) Load(id string) (*Container, error) {
	if err := spec.CheckID(id); err != nil {
		return nil, err
	}
	dir, err := statedir.Open(f.Root, id)
	if err != nil {
		return nil, err
	}
	c := &Container{dir: dir, hookEnv: f.HookEnv, reach: f.reach()}
	c.state, err = dir.Load()
	var part *statedir.IncompleteError
	if errors.As(err, &part) {
		c.incomplete, c.creating = true, part.Creating
		if part.Cause != nil {
			c.broken = part
		}
		c.state = part.State
		if c.state == nil {
			c.state = &statedir.State{ID: id}
		}
		err = nil
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return c, nil
}

// Close gives the container's descriptors back. It does nothing to it.
func (c *Container) Close() error { return c.dir.Close() }

// ID is the container's id.
func (c *Container) ID() string { return c.dir.ID() }

// Init is the container's init, for who created it; nil for others.
func (c *Container) Init() *Process { return c.init }

// Wait waits until init has ended; for who created it.
func (c *Container) Wait() (Exit, error) { return c.init.Wait() }

// Spec is the config the container was made from, with what Update has changed
// since, and without a look at what the bundle holds now.
func (c *Container) Spec() (*specs.Spec, error) {
	if c.config == nil {
		raw, err := c.dir.LoadConfig()
		if err != nil {
			return nil, err
		}
		s, err := spec.Decode(raw)
		if err != nil {
			return nil, err
		}
		if err := c.overlay(s); err != nil {
			return nil, err
		}
		c.config = s
	}
	return c.config, nil
}

func (c *Container) warn(text string) {
	if c.Warn != nil {
		c.Warn(text)
	}
}

// say tells what a plan has to say.
func (c *Container) say(p *plan.Plan) {
	for _, w := range p.Warnings {
		c.warn(w)
	}
	if c.Note != nil {
		for _, n := range p.Notes {
			c.Note(n)
		}
	}
}

func (c *Container) group() (*cgroup.Group, error) {
	g, err := cgroup.Load(c.state.CgroupPaths, c.state.CgroupKept...)
	if err == nil && c.state.SystemdCgroup {
		g.LoadUnit(c.state.Rootless, c.reach)
	}
	return g, err
}

// lockPatience is how long a command waits for another one on the same
// container. A creator holds the lock while its hooks run.
const lockPatience = 30 * time.Second

// lock takes the container for a change and looks at it anew.
func (c *Container) lock() error {
	if err := c.dir.Lock(statedir.Exclusive, lockPatience); err != nil {
		return err
	}
	c.creating = false // who creates holds the lock
	if c.incomplete {
		if s, err := c.dir.Load(); err == nil {
			c.state, c.incomplete = s, false
		}
	}
	return nil
}

// Entry is one line of List.
type Entry struct {
	ID    string
	State *State
	Owner string // name of the user whose state directory it is
	Err   error  // why State is nil
}

// List returns all containers. A broken one does not hide the others.
func (f Factory) List() ([]Entry, error) {
	ids, err := statedir.List(f.Root)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(ids))
	for _, id := range ids {
		e := Entry{ID: id}
		c, err := f.Load(id)
		if errors.Is(err, ErrNotExist) || errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err == nil {
			e.State, err = c.State()
			e.Owner = c.owner()
			_ = c.Close()
		}
		e.Err = err
		out = append(out, e)
	}
	return out, nil
}

// owner is the name of the state directory's owner, or its number.
func (c *Container) owner() string {
	uid, err := c.dir.Owner()
	if err != nil {
		return ""
	}
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return "#" + number
}

// alive reports whether init still is the process that was started.
func (c *Container) alive() (bool, error) {
	if c.state.Stale || c.state.InitPid == 0 {
		return false, nil
	}
	proc, err := linux.OpenProc()
	if err != nil {
		return false, err
	}
	defer proc.Close()
	start, letter, err := proc.StartTime(c.state.InitPid)
	if err != nil {
		if linux.ProcessGone(err) {
			return false, nil
		}
		return false, err
	}
	return start == c.state.InitStart && letter != 'Z' && letter != 'X', nil
}

// pidfd opens init, and makes sure that it is init that was opened.
func (c *Container) pidfd() (linux.FD, error) {
	if c.state.Stale || c.state.InitPid == 0 {
		return linux.NoFD, ErrNotRunning
	}
	fd, err := linux.PidfdOpen(c.state.InitPid)
	if err != nil {
		if linux.ProcessGone(err) {
			return linux.NoFD, ErrNotRunning
		}
		return linux.NoFD, err
	}
	// With the descriptor open the pid cannot go to another process between
	// the look and the use.
	ok, err := c.alive()
	if err == nil && !ok {
		err = ErrNotRunning
	}
	if err != nil {
		_ = fd.Close()
		return linux.NoFD, err
	}
	return fd, nil
}
