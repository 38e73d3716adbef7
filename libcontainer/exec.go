package libcontainer

import (
	"errors"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/exeseal"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// ExecOptions are the parts of exec's command line that are not in the
// process' config.
type ExecOptions struct {
	ProcessOptions
	// SubCgroups are cgroups below the container's, as [controller:]path.
	SubCgroups   []string
	IgnorePaused bool
}

// Exec runs one more process in the container, and returns once its execve
// has succeeded. The process is this command's child.
func (c *Container) Exec(p *specs.Process, o ExecOptions) (*Process, error) {
	c.binary = exeseal.Begin()
	defer c.binary.Close()
	s, g, err := c.execable(o)
	if err != nil {
		return nil, err
	}
	p = plan.Inherit(p, s.Process)
	pidfd, err := c.pidfd()
	if err != nil {
		return nil, err
	}
	defer pidfd.Close()
	agent, err := c.reachAgent("")
	if err != nil {
		return nil, err
	}
	defer agent.close()
	init, err := c.join(s, p, g, target{pidfd: pidfd}, o)
	if launch.NoPidfdSetns(err) {
		init, err = c.joinByName(s, p, g, pidfd, o)
	}
	if err != nil {
		return nil, err
	}
	if err = init.Executed(agent.give); err != nil {
		err = whyNot(err, init.Pid, p.Cwd)
	} else {
		err = o.announce(init.Pid, init.Pidfd)
	}
	if err != nil {
		init.End()
		return nil, err
	}
	init.Release()
	return &Process{pid: init.Pid, pidfd: init.Pidfd}, nil
}

// execable finds out whether and where a process can join.
func (c *Container) execable(o ExecOptions) (*specs.Spec, *cgroup.Group, error) {
	status, err := c.status()
	if err != nil {
		return nil, nil, err
	}
	switch status {
	case string(specs.StateStopped), string(specs.StateCreating):
		return nil, nil, ErrExecStopped
	case statusPaused:
		if !o.IgnorePaused {
			return nil, nil, ErrPaused
		}
	}
	s, err := c.Spec()
	if err != nil {
		return nil, nil, err
	}
	g, err := c.execGroup(s, o)
	return s, g, err
}

// execGroup is where a new process of the container belongs.
func (c *Container) execGroup(s *specs.Spec, o ExecOptions) (*cgroup.Group, error) {
	g, err := c.group()
	if err == nil {
		err = g.CheckThawed()
	}
	switch {
	case err != nil:
		return nil, err
	case len(o.SubCgroups) > 0:
		return g.Sub(o.SubCgroups)
	case spec.CgroupLeaf(s.Annotations) != "":
		// The container's own hands its controllers on, so no process can be
		// in it.
		return g.At(c.state.InitPid)
	}
	return g, nil
}

// joinLate puts a process into the group that it could not be born in. Where
// the payload made groups below its own, no process may be in that any more:
// then it goes where init is now.
func (c *Container) joinLate(g *cgroup.Group, pid int) error {
	err := g.JoinBirthplace(pid)
	if err == nil {
		return nil
	}
	at, atErr := g.At(c.state.InitPid)
	if atErr != nil {
		return err
	}
	return at.JoinBirthplace(pid)
}

// target is the init whose namespaces are joined: all of them by its pidfd, or
// one by one by their names in a directory.
type target struct {
	pidfd      linux.FD
	namespaces string
}

// joinByName is join where setns(2) takes no pidfd (Kernel(5.8)), or there is
// none. The directory is that of init, and of no other process that may get
// its number.
func (c *Container) joinByName(s *specs.Spec, p *specs.Process, g *cgroup.Group, pidfd linux.FD, o ExecOptions) (*launch.Init, error) {
	dir, err := linux.OpenProcess(c.state.InitPid)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if ok, err := c.alive(); err != nil || !ok {
		return nil, errors.Join(ErrNotRunning, err)
	}
	c.binary = exeseal.Begin()
	return c.join(s, p, g, target{pidfd, linux.ProcFD(dir) + "/ns"}, o)
}

func (c *Container) join(s *specs.Spec, p *specs.Process, g *cgroup.Group, to target, o ExecOptions) (*launch.Init, error) {
	binary, err := c.binary.Take()
	if err != nil {
		return nil, err
	}
	b := launch.Birth{Binary: binary, Stdio: o.stdio(), Extra: o.extra(), Cgroup: linux.NoFD, PIDNamespace: linux.NoFD}
	caps, err := linux.Capabilities()
	if err != nil {
		return nil, errors.Join(err, binary.Close())
	}
	birth := plan.ExecBirth(s, !linux.MayMount(caps))
	b.Single = birth.Single
	if b.Affinity, err = plan.InitialCPUs(p); err != nil {
		return nil, errors.Join(err, binary.Close())
	}
	if birth.PIDFlag != 0 {
		b.PIDNamespace = to.pidfd
	}
	if birth.PIDFlag != 0 && to.namespaces != "" {
		if b.PIDNamespace, err = launch.OpenNamespace(to.namespaces+"/pid", birth.PIDFlag); err != nil {
			return nil, errors.Join(err, binary.Close())
		}
		defer b.PIDNamespace.Close()
	}
	dir, err := g.Dir()
	if err != nil {
		return nil, errors.Join(err, binary.Close())
	}
	if dir != nil {
		defer dir.Close()
		b.Cgroup = linux.FD(dir.Fd())
	}
	begun, err := launch.Begin(b)
	if err != nil {
		return nil, err
	}
	facts, err := gatherFacts(s, p)
	var todo *plan.Plan
	var tasks, classes []*os.File
	if err == nil {
		tasks, err = g.Tasks()
		defer func() { closeAll(tasks) }()
	}
	if err == nil {
		classes, err = rdt.Tasks(c.state.ClassDirs)
		defer func() { closeAll(classes) }()
	}
	if err == nil {
		facts.Tasks, facts.Classes, facts.InitNamespaces = len(tasks), len(classes), to.namespaces
		todo, err = plan.BuildExec(s, p, facts, plan.Options{
			ID: c.ID(), Extra: len(o.ExtraFiles), NoNewKeyring: c.state.NoNewKeyring,
		})
	}
	if err != nil {
		begun.Abort()
		return nil, err
	}
	c.say(todo)
	return begun.Serve(todo, launch.Special{Init: to.pidfd, Start: linux.NoFD, Tasks: descriptors(tasks), Classes: descriptors(classes)}, launch.Handlers{
		Cgroup:  func(pid int) error { return c.joinLate(g, pid) },
		Console: o.Console,
		Ready:   func(int, linux.FD) error { return nil },
	})
}
