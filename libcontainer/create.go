package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/exeseal"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/netdev"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/seccomp"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// CreateOptions are the parts of the command line that concern the container.
type CreateOptions struct {
	ProcessOptions
	Bundle       string // absolute
	NoPivot      bool
	NoNewKeyring bool
	// SystemdCgroup asks for the systemd cgroup driver.
	SystemdCgroup bool
	// Rootless takes a refusal to make a cgroup for "no cgroup".
	Rootless bool
	// StartHere: this process itself will call Start, as `run` does.
	StartHere bool
	// Prepare runs once the state directory dir is there and before anything
	// uses it: for a socket that the config mounts from it.
	Prepare func(dir string) error
	// Warn and Note become the container's.
	Warn, Note func(text string)
}

// creation is one Create on its way; undo takes back what it has made, last
// thing first.
type creation struct {
	*Container
	opts  CreateOptions
	group *cgroup.Group
	begun *launch.Begun
	init  *launch.Init
	start linux.FD
	tasks []*os.File
	moved *netdev.Moved // network devices, until the container is made
	class *rdt.Group    // or nil
	// classes are the tasks files of the resctrl groups.
	classes []*os.File
	undo    []func() error
}

// Create makes a container up to the point where its program could run. s has
// passed spec.Check; raw is config.json itself, which is kept. On an error
// nothing is left: no directory, cgroup, process, mount or file.
func (f Factory) Create(id string, s *specs.Spec, raw []byte, o CreateOptions) (*Container, error) {
	if err := spec.CheckID(id); err != nil {
		return nil, err
	}
	dir, err := statedir.Create(f.Root, id)
	if err != nil {
		return nil, err
	}
	return f.make(dir, s, o, func(c *creation) error { return c.create(s, raw) })
}

// make makes a container in dir as how says, and takes everything back if that
// does not work.
func (f Factory) make(dir *statedir.Dir, s *specs.Spec, o CreateOptions, how func(*creation) error) (*Container, error) {
	c := &creation{Container: &Container{dir: dir, config: s, Warn: o.Warn, Note: o.Note, hookEnv: f.HookEnv, reach: f.reach()}, opts: o, start: linux.NoFD}
	c.undo = append(c.undo, dir.Remove)
	if err := how(c); err != nil {
		byHook := hookFailed(err)
		for i := len(c.undo) - 1; i >= 0; i-- {
			err = joinUndo(err, c.undo[i]())
		}
		if byHook {
			list, hooksErr := c.hooks(hookPoststop)
			err = joinUndo(err, hooksErr)
			c.poststop(list)
		}
		return nil, joinUndo(err, dir.Close())
	}
	return c.Container, dir.Unlock()
}

// joinUndo adds what could not be taken back to the reason. The reason comes
// first: callers read the beginning.
func joinUndo(err, undo error) error {
	if undo == nil {
		return err
	}
	return fmt.Errorf("%w; and undoing it: %w", err, undo)
}

func (c *creation) create(s *specs.Spec, raw []byte) error {
	if c.opts.Prepare != nil {
		if err := c.opts.Prepare(filepath.Dir(c.dir.Path("x"))); err != nil {
			return err
		}
	}
	c.binary = exeseal.Begin()
	c.undo = append(c.undo, c.binary.Close)
	if err := c.newGroup(s); err != nil {
		return err
	}
	if spec.MountsDisk(s) {
		c.group.DevicesLater()
	}
	// Before anything is made that a later command would have to clean up,
	// should this one be killed.
	c.state = c.firstState(s)
	if err := c.findClass(s.Linux.IntelRdt); err != nil {
		return err
	}
	if err := c.dir.Note(c.state); err != nil {
		return err
	}
	c.undo = append(c.undo, c.group.Undo)
	if err := c.group.MakeBirthplace(); err != nil {
		return err
	}
	if err := c.makeClass(); err != nil {
		return err
	}
	defer func() { closeAll(c.classes) }()
	if err := c.begin(s); err != nil {
		return err
	}
	// From here on a child is being born.
	err := c.enterUnit()
	var p *plan.Plan
	if err == nil {
		p, err = c.plan(s, raw)
	}
	if err != nil {
		c.begun.Abort()
		closeAll(c.tasks)
		return err
	}
	c.init, err = c.begun.Serve(p, launch.Special{Start: c.start, Tasks: descriptors(c.tasks), Classes: descriptors(c.classes)}, c.handlers(s))
	closeAll(c.tasks)
	if c.start != linux.NoFD {
		_ = c.start.Close()
	}
	if err != nil {
		return c.explain(err)
	}
	if c.moved != nil {
		c.moved.Close() // they are the container's now
	}
	c.Container.init = &Process{pid: c.init.Pid, pidfd: c.init.Pidfd}
	if c.opts.StartHere {
		c.Container.waits = c.init
	} else {
		c.init.Release()
	}
	return nil
}

// explain adds what only the cgroup can know: an init that was killed without
// a word ran out of memory more often than not.
func (c *creation) explain(err error) error {
	var killed *launch.Killed
	if errors.As(err, &killed) && killed.Signal == linux.SIGKILL {
		return fmt.Errorf("%w: container init was OOM-killed, or somebody killed it (is linux.resources.memory.limit too low?)", err)
	}
	return err
}

func (c *creation) newGroup(s *specs.Spec) error {
	var err error
	c.group, err = cgroup.New(cgroup.Config{
		ID: c.ID(), Path: s.Linux.CgroupsPath, Resources: s.Linux.Resources,
		Systemd: c.opts.SystemdCgroup, Rootless: c.opts.Rootless,
		Reach: c.reach, Annotations: s.Annotations,
	})
	if err != nil {
		return err
	}
	for _, n := range c.group.Notes() {
		c.warn(n)
	}
	if leaf := spec.CgroupLeaf(s.Annotations); leaf != "" {
		if err := c.group.UseLeaf(leaf); err != nil {
			return fmt.Errorf("annotations (delegate-cgroup): %w", err)
		}
	}
	return nil
}

// firstState is what is known before the child is.
func (c *creation) firstState(s *specs.Spec) *statedir.State {
	st := &statedir.State{
		ID: c.ID(), Created: time.Now().UTC(), OCIVersion: s.Version,
		Bundle: c.opts.Bundle, Rootfs: s.Root.Path,
		Rootless: c.opts.Rootless, SystemdCgroup: c.opts.SystemdCgroup, NoNewKeyring: c.opts.NoNewKeyring,
		CgroupPaths: c.group.Paths(), Annotations: s.Annotations,
	}
	if !filepath.IsAbs(st.Rootfs) {
		st.Rootfs = filepath.Join(c.opts.Bundle, st.Rootfs)
	}
	for _, ns := range s.Linux.Namespaces {
		if ns.Path == "" {
			st.Namespaces = append(st.Namespaces, string(ns.Type))
		}
	}
	if h := s.Hooks; h != nil {
		st.Hooks = hookKinds(h)
	}
	st.SeccompAgent = spec.Notifies(s.Linux.Seccomp)
	for _, m := range s.Mounts {
		st.Mounts = append(st.Mounts, statedir.Mount{Source: m.Source, Destination: m.Destination, Device: m.Type})
	}
	return st
}

// begin lets the clone start, with what it needs to know and no more.
func (c *creation) begin(s *specs.Spec) error {
	binary, err := c.binary.Take()
	if err != nil {
		return err
	}
	b := launch.Birth{
		Binary: binary, Stdio: c.opts.stdio(), Extra: c.opts.extra(),
		Cgroup: linux.NoFD, PIDNamespace: linux.NoFD,
	}
	birth := plan.Birth(s)
	b.CloneFlags, b.Single = birth.CloneFlags, birth.Single
	var dir *os.File
	if dir, err = c.group.Dir(); err == nil && dir != nil {
		b.Cgroup = linux.FD(dir.Fd())
		c.undo = append(c.undo, dir.Close)
	}
	if err == nil && birth.PIDNamespace != "" {
		b.PIDNamespace, err = launch.OpenNamespace(birth.PIDNamespace, birth.PIDFlag)
		if err == nil {
			c.undo = append(c.undo, b.PIDNamespace.Close)
		} else {
			err = fmt.Errorf("%s: %w", birth.PIDField, err)
		}
	}
	if err != nil {
		return errors.Join(err, binary.Close())
	}
	c.begun, err = launch.Begin(b)
	return err
}

// enterUnit lets systemd make the cgroup, if it is to: with a process in it, so
// that this waits for the birth of init.
func (c *creation) enterUnit() error {
	if !c.group.AtUnit() {
		return nil
	}
	pid, pidfd, err := c.begun.Child()
	if err != nil {
		return err
	}
	return c.group.StartUnit(pid, pidfd)
}

// plan makes the plan and the socket for start, while the kernel clones.
func (c *creation) plan(s *specs.Spec, raw []byte) (*plan.Plan, error) {
	if err := c.group.MakeDirs(); err != nil {
		return nil, err
	}
	// From here on whoever is in the groups came with this container: a hook
	// may have left somebody. Before, it could be anybody.
	c.undo = append(c.undo, c.group.Kill)
	c.state.CgroupOurs, c.state.CgroupKept = true, c.group.Kept()
	c.state.CgroupPaths = c.group.Paths() // without those that could not be made
	if err := c.dir.Note(c.state); err != nil {
		return nil, err
	}
	facts, err := gatherFacts(s, s.Process)
	if err != nil {
		return nil, err
	}
	if c.tasks, err = c.group.Tasks(); err != nil {
		return nil, err
	}
	facts.Tasks, facts.Classes = len(c.tasks), len(c.classes)
	facts.NoSetattr, facts.OldMounts = linux.MountCallsAbsent()
	facts.OldMounts = facts.OldMounts && !facts.NoMount
	if leaf, err := c.group.Leaf(); err != nil {
		return nil, err
	} else if leaf != nil {
		facts.Leaf, c.tasks = true, append(c.tasks, leaf)
	}
	facts.Hierarchies = hierarchies(c.group)
	p, err := plan.Build(s, facts, plan.Options{
		ID: c.ID(), Bundle: c.opts.Bundle, Extra: len(c.opts.ExtraFiles),
		NoPivot: c.opts.NoPivot, NoNewKeyring: c.opts.NoNewKeyring, StartHere: c.opts.StartHere,
	})
	if err != nil {
		return nil, err
	}
	c.say(p)
	if !c.opts.StartHere {
		if c.start, err = linux.FrameListen(c.dir.FD(), statedir.StartSocket); err != nil {
			return nil, err
		}
	}
	return p, c.dir.SaveConfig(raw)
}

func descriptors(files []*os.File) []linux.FD {
	out := make([]linux.FD, len(files))
	for i, f := range files {
		out[i] = linux.FD(f.Fd())
	}
	return out
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// hierarchies are the container's cgroups as a plan has to know them.
func hierarchies(g *cgroup.Group) []plan.Hierarchy {
	var out []plan.Hierarchy
	for _, h := range g.Hierarchies() {
		out = append(out, plan.Hierarchy{
			Name: h.Name, Parameters: strings.Split(h.Controllers, ","),
			Unified: h.Version == linux.CgroupV2, Path: h.Path, Shared: h.Missing,
		})
	}
	return out
}

// gatherFacts asks the kernel what the plan of p depends on.
func gatherFacts(s *specs.Spec, p *specs.Process) (plan.Facts, error) {
	caps, err := linux.Capabilities()
	if err != nil {
		return plan.Facts{}, err
	}
	f := plan.Facts{
		Arch: runtime.GOARCH, LastCap: linux.LastCapability(), Caps: caps,
		Unified: cgroup.Mode() == cgroup.Unified, Mknod: linux.MayMknod(caps),
		NoMount: !linux.MayMount(caps), OwnIDs: !linux.MayMapIDs(caps), Visible: !linux.MaySeeAll(caps),
	}
	f.FixedGroups = linux.SetgroupsDenied() || f.OwnIDs && ownGroupOnly(s)
	f.KeepGroups = f.OwnIDs || f.FixedGroups
	if s.Linux.Seccomp != nil {
		for _, name := range s.Linux.Seccomp.Flags {
			if bit := seccomp.FlagBit(name); bit != 0 && !linux.SeccompFlag(bit) {
				f.NoSeccompFlags |= bit
			}
		}
	}
	err = securityModules(&f, s, p)
	return f, err
}

// ownGroupOnly tells that the container has no group but the caller's own. That
// much everybody may map, and then the kernel forbids setgroups in there.
func ownGroupOnly(s *specs.Spec) bool {
	_, user := spec.FindNamespace(s, specs.UserNamespace)
	m := s.Linux.GIDMappings
	return user && len(m) == 1 && m[0].Size == 1 && m[0].HostID == uint32(os.Getegid())
}

// securityModules looks at those that the config has labels for.
func securityModules(f *plan.Facts, s *specs.Spec, p *specs.Process) (err error) {
	if p != nil && p.ApparmorProfile != "" {
		if f.AppArmor, err = linux.AppArmorEnabled(); err == nil && f.AppArmor {
			f.Confined, err = linux.AppArmorConfined()
		}
		if err != nil {
			return fmt.Errorf("process.apparmorProfile: %w", err)
		}
	}
	if p != nil && p.SelinuxLabel != "" || s.Linux.MountLabel != "" {
		if f.SELinux, err = linux.SELinuxEnabled(); err != nil {
			return fmt.Errorf("linux.mountLabel or process.selinuxLabel: %w", err)
		}
	}
	return nil
}

func (c *creation) handlers(s *specs.Spec) launch.Handlers {
	return launch.Handlers{
		// The groups get their values while init makes its mounts.
		Fill: func() error {
			if err := c.group.Fill(); err != nil {
				return err
			}
			return c.group.Limit()
		},
		Cgroup:     c.group.JoinBirthplace,
		NetDevices: func(pid int) error { return c.moveDevices(pid, s.Linux.NetDevices) },
		Hooks: func(pid int) error {
			if err := c.group.LimitDevices(); err != nil {
				return err
			}
			return c.runHooks(s.Hooks, pid)
		},
		State: func(pid int, status string) ([]byte, error) {
			return hookState(c.state, pid, specs.ContainerState(status)), nil
		},
		Console: c.opts.Console,
		Ready:   func(pid int, pidfd linux.FD) error { return c.ready(s, pid, pidfd) },
	}
}

// ready makes the container a created one, in the order in which a reader may
// look: first the state, then the files that tell of it.
func (c *creation) ready(s *specs.Spec, pid int, pidfd linux.FD) error {
	if err := c.group.LimitDevices(); err != nil {
		return err
	}
	if err := c.handOver(s, pid); err != nil {
		return err
	}
	proc, err := linux.OpenProc()
	if err != nil {
		return err
	}
	defer proc.Close()
	c.state.InitPid = pid
	if c.state.InitStart, _, err = proc.StartTime(pid); err != nil {
		return err
	}
	if err = c.dir.Note(c.state); err != nil {
		return err
	}
	if err = c.opts.announce(pid, pidfd); err != nil {
		return err
	}
	if c.opts.PidFile != "" {
		c.undo = append(c.undo, func() error { return linux.Remove(c.opts.PidFile) })
	}
	return c.dir.Commit()
}
