package plan

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Flags of CLONE_NEW* that the plan treats in its own way.
const (
	cloneMount  = 0x00020000
	cloneUser   = 0x10000000
	clonePID    = 0x20000000
	cloneCgroup = 0x02000000
	cloneTime   = 0x00000080
)

// Propagation flags of mount(2).
const (
	msRec     = 1 << 14
	msPrivate = 1 << 18
	msSlave   = 1 << 19
	msShared  = 1 << 20
)

// Born is what clone has to know; it is decided first, so that the clone can
// start while the rest of the plan is made.
type Born struct {
	// CloneFlags are the namespaces that init is born in.
	CloneFlags uint64
	// PIDNamespace is the path of the pid namespace that init is born in, and
	// the field that names it; for exec it is init's own and the path empty.
	PIDNamespace, PIDField string
	// PIDFlag is CLONE_NEWPID if there is one.
	PIDFlag uint64
	// Single: a step needs a process of one thread.
	Single bool
}

// Birth decides how init is born for create and run.
func Birth(s *specs.Spec) Born {
	b := Born{Single: staged(s)}
	if b.Single {
		return b
	}
	for i, ns := range s.Linux.Namespaces {
		known, _ := spec.LookupNamespace(ns.Type)
		switch {
		case ns.Path == "":
			b.CloneFlags |= known.Flag
		case known.Flag == clonePID:
			b.PIDNamespace, b.PIDFlag = ns.Path, clonePID
			b.PIDField = element("linux.namespaces", i) + ".path"
		}
	}
	b.CloneFlags &^= cloneCgroup // made once init is in its cgroup
	return b
}

// ExecBirth decides how a process is born that joins a container. noMount is
// what Facts says.
func ExecBirth(s *specs.Spec, noMount bool) Born {
	b := Born{Single: staged(s)}
	if _, ok := spec.FindNamespace(s, specs.PIDNamespace); ok && !joinsLate(s, noMount) {
		b.PIDFlag = clonePID
	}
	return b
}

// joinsLate tells that the caller is root in the container's user namespace
// alone, and has to be there before it may join others.
func joinsLate(s *specs.Spec, noMount bool) bool {
	_, user := spec.FindNamespace(s, specs.UserNamespace)
	return user && noMount
}

// staged tells that init makes the namespaces itself. Into a user namespace,
// and into a time namespace that is there, gets only a process of one thread;
// into a new time namespace only its children.
func staged(s *specs.Spec) bool {
	_, user := spec.FindNamespace(s, specs.UserNamespace)
	_, clocks := spec.FindNamespace(s, specs.TimeNamespace)
	return user || clocks
}

// namespaces decides who makes and joins what.
//
// The plain case: clone makes all new ones at once, while the parent prepares
// the rest; init joins the ones given by path, but for a pid namespace, which
// takes only children: the parent's thread enters it before clone.
//
// With a user or a time namespace init makes everything itself. Its
// binary is then executed outside of the user namespace, so nobody inside can
// trace it while it still is init, however privileged there. New namespaces
// are made after the user namespace, so that they belong to it. Those by path
// are joined before it, with the rights of the caller; where these do not
// suffice and the user namespace is joined too, after it, with those it gives.
func (b *builder) namespaces() {
	var fresh uint64
	var forks bool
	user := -1
	early := staged(b.spec)
	for i, ns := range b.spec.Linux.Namespaces {
		known, _ := spec.LookupNamespace(ns.Type)
		switch {
		case ns.Type == specs.UserNamespace:
			user = i
		case ns.Path == "":
			fresh |= known.Flag
		case known.Flag == clonePID && !early: // born in it
		default:
			forks = forks || known.Flag == clonePID
		}
	}
	_, b.ownRoot = spec.FindNamespace(b.spec, specs.MountNamespace)
	fresh &^= cloneCgroup // made once init is in its cgroup
	if user < 0 {
		fresh = b.treesHere(fresh, early)
	}
	late := b.joinAll(early, user)
	if user >= 0 {
		if !b.ownRoot {
			b.fail(&spec.FieldError{Path: "linux.namespaces", Err: errors.New("a user namespace needs a mount namespace: devices are mounts in it")})
		}
		fresh = b.userNamespace(b.spec.Linux.Namespaces[user], element("linux.namespaces", user), fresh)
	}
	b.plan.Steps = append(b.plan.Steps, late...)
	if !early {
		return
	}
	if fresh != 0 {
		b.step(wire.Unshare, "linux.namespaces", fresh)
	}
	if fresh&cloneTime != 0 && len(b.spec.Linux.TimeOffsets) > 0 {
		b.plan.TimeOffsets = b.spec.Linux.TimeOffsets
		b.step(wire.Ask, "linux.timeOffsets", num(wire.TimeOffsets))
	}
	if forks || fresh&(clonePID|cloneTime) != 0 {
		b.step(wire.Fork, "linux.namespaces")
	}
}

// joinAll joins the namespaces given by path, but for the user namespace and
// what init is born in. It returns the steps that try again, once the user
// namespace with that index is joined.
func (b *builder) joinAll(early bool, user int) (late []wire.Step) {
	how := wire.JoinNow
	if user >= 0 && b.spec.Linux.Namespaces[user].Path != "" {
		how = wire.JoinTry
	}
	for i, ns := range b.spec.Linux.Namespaces {
		known, _ := spec.LookupNamespace(ns.Type)
		if ns.Path == "" || i == user || known.Flag == clonePID && !early {
			continue
		}
		field := element("linux.namespaces", i)
		slot := b.join(ns.Path, known.Flag, field, how)
		if how == wire.JoinTry {
			late = append(late, wire.Step{Kind: wire.Setns, Field: field + ".path", Args: []any{slot, known.Flag, num(wire.JoinAgain)}})
		}
	}
	return late
}

func (b *builder) join(path string, flag uint64, field string, how int) wire.Slot {
	slot := b.open(Descriptor{Opens: OpenNamespace, Field: field + ".path", Path: path, Flag: flag})
	b.step(wire.Setns, field+".path", slot, flag, num(how))
	return slot
}

// userNamespace makes or joins it, and returns the namespaces that are still to
// be made.
func (b *builder) userNamespace(ns specs.LinuxNamespace, field string, fresh uint64) uint64 {
	b.plan.UIDMap, b.plan.GIDMap, b.plan.OwnIDs = b.spec.Linux.UIDMappings, b.spec.Linux.GIDMappings, b.facts.OwnIDs
	visible := b.visible()
	switch {
	case ns.Path == "":
		b.step(wire.Unshare, field, num(uint64(cloneUser)))
		b.step(wire.Ask, "linux.uidMappings", append([]any{num(wire.IDMap)}, visible...)...)
	case len(b.plan.UIDMap)+len(b.plan.GIDMap) > 0:
		// Compat(containerd, CRI-O): the config describes the namespace too.
		b.join(ns.Path, cloneUser, field, wire.JoinNow)
		b.step(wire.Ask, field+".path", num(wire.SameMaps))
	default:
		b.join(ns.Path, cloneUser, field, wire.JoinNow)
	}
	fresh = b.treesHere(fresh, true)
	if ns.Path != "" {
		visible = nil // for who is in there already
	}
	b.step(wire.Root, field, visible...)
	return fresh
}

// visible is the argument of steps in which the parent has to see what only
// the privileged see otherwise.
func (b *builder) visible() []any {
	if b.facts.Visible {
		return []any{num(1)}
	}
	return nil
}

// oomScore lets the parent write it where it can only do so as the owner of
// what it sees.
func (b *builder) oomScore(p *specs.Process) {
	// Who is root of a user namespace may write it at any time; and an exec that
	// need not wait for its rights is born where others could look at it.
	if b.facts.OwnIDs && b.facts.NoMount && p != nil && p.OOMScoreAdj != nil {
		b.plan.OOMScoreAsked = true
		b.step(wire.Ask, "process.oomScoreAdj", num(wire.OOMScore), num(1))
	}
}

// cgroups enters the cgroups that init was not born in, and makes the cgroup
// namespace after that: its root is the cgroup that the process is in. It
// comes as late as it can, right before the first thing that needs it: the
// parent fills the groups of cgroup v1 meanwhile.
func (b *builder) cgroups() {
	if b.joined {
		return
	}
	b.joined = true
	if b.facts.Tasks > 0 {
		b.step(wire.Ask, "linux.cgroupsPath", num(wire.Cgroup))
	}
	b.joinTasks()
	if ns, ok := spec.FindNamespace(b.spec, specs.CgroupNamespace); ok && ns.Path == "" {
		b.step(wire.Unshare, "linux.namespaces(cgroup)", num(uint64(cloneCgroup)))
	}
	if b.facts.Leaf {
		slot := b.open(Descriptor{Opens: OpenTasks, Field: "linux.cgroupsPath", Index: b.facts.Tasks})
		b.step(wire.Join, "linux.cgroupsPath", slot)
	}
}

// names sets what the uts and network namespaces hold.
func (b *builder) names() {
	if b.spec.Hostname != "" {
		b.step(wire.Hostname, "hostname", b.spec.Hostname)
	}
	if b.spec.Domainname != "" {
		b.step(wire.Domainname, "domainname", b.spec.Domainname)
	}
	if ns, ok := spec.FindNamespace(b.spec, specs.NetworkNamespace); ok && ns.Path == "" {
		b.step(wire.Loopback, "linux.namespaces(network)")
	}
	if len(b.spec.Linux.NetDevices) > 0 {
		b.step(wire.Ask, "linux.netDevices", num(wire.NetDevices))
	}
}

// keyring gives the container a session keyring of its own.
func (b *builder) keyring() {
	if !b.opts.NoNewKeyring {
		b.step(wire.Keyring, "process", "_ses."+b.opts.ID)
	}
}

func (b *builder) joinTasks() {
	for i := range b.facts.Tasks {
		slot := b.open(Descriptor{Opens: OpenTasks, Field: "linux.cgroupsPath", Index: i})
		b.step(wire.Join, "linux.cgroupsPath", slot)
	}
}

// classes enters the resctrl groups. It comes first: who is forked later is in
// them too.
func (b *builder) classes() {
	for i := range b.facts.Classes {
		slot := b.open(Descriptor{Opens: OpenClass, Field: "linux.intelRdt", Index: i})
		b.step(wire.Join, "linux.intelRdt", slot)
	}
}
