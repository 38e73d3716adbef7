// Package plan turns a checked config into the plan of a start: what the
// parent opens and hands over, which namespaces are made or joined and by
// whom, and the list of steps that init runs. Everything that can be decided
// before a process exists is decided here; init decides nothing.
//
// It is pure: what it has to know of this host comes in as Facts, so a test
// can play any host, and the same input gives the same plan.
package plan

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Facts is what the plan depends on besides the config.
type Facts struct {
	// Arch is the architecture in Go's words, for the system call filter.
	Arch string
	// LastCap is the number of the kernel's last capability.
	LastCap int
	// Caps are the capabilities the parent has and can hand on.
	Caps uint64
	// Mknod: device nodes can be made, which takes a capability in the first
	// user namespace.
	Mknod bool
	// NoMount: the parent may not mount in the mount namespace that it is in.
	NoMount bool
	// OwnIDs: the parent may map no ids but its own into a user namespace, the
	// others take the help of a privileged program.
	OwnIDs bool
	// Visible: the parent has no privilege over init but what it has as its
	// owner, so init has to let it.
	Visible bool
	// FixedGroups: the user namespace, the parent's own or the one it can make,
	// forbids to change groups. KeepGroups: or it might; the parent's may stay.
	FixedGroups, KeepGroups bool
	// Unified tells cgroup v2 as the only hierarchy.
	Unified bool
	// AppArmor and SELinux tell that these security modules are on, Confined
	// that AppArmor confines the parent itself. They are looked at if the config
	// has labels for them.
	AppArmor, SELinux, Confined bool
	// NoSetattr: there is no mount_setattr, so a mount has to be attached
	// before its attributes are set.
	NoSetattr bool
	// OldMounts: there are no mounts that are attached after they were made, so
	// init makes each of them at its place.
	OldMounts bool
	// InitNamespaces is a directory that has the namespaces of init by name,
	// where the kernel cannot join those of a process (exec).
	InitNamespaces string
	// NoSeccompFlags are those that the config has and the kernel has not.
	NoSeccompFlags uint32
	// Tasks is how many cgroup v1 hierarchies init has to join.
	Tasks int
	// Leaf: init enters one more cgroup once it has its cgroup namespace, by
	// the descriptor after those of Tasks.
	Leaf bool
	// Classes is how many resctrl groups init has to join.
	Classes int
	// Hierarchies are the container's cgroups, for the view at /sys/fs/cgroup.
	Hierarchies []Hierarchy
}

// Hierarchy is one cgroup hierarchy of the host and the container's place in it.
type Hierarchy struct {
	// Name is the directory below /sys/fs/cgroup: "memory", "cpu,cpuacct".
	Name string
	// Parameters make a mount of it: controllers, or "name=systemd".
	Parameters []string
	// Unified tells the cgroup v2 hierarchy.
	Unified bool
	// Path is the container's directory on the host.
	Path string
	// Shared: it has none, and is where its creator is.
	Shared bool
}

// Options are the parts of the command line that a plan depends on.
type Options struct {
	ID           string
	Bundle       string // absolute, for relative bind sources
	Extra        int    // descriptors from 3 on that the payload gets
	NoPivot      bool
	NoNewKeyring bool
	StartHere    bool // the parent itself says go (`run`)
}

// Plan is the plan of one start or exec.
type Plan struct {
	// UIDMap and GIDMap are written when init asks for them.
	UIDMap, GIDMap []specs.LinuxIDMapping
	// OwnIDs tells that most of that takes help.
	OwnIDs bool
	// TimeOffsets likewise.
	TimeOffsets map[string]specs.LinuxTimeOffset
	// OOMScoreAdj is written from outside, nil leaves it. Asked tells that init
	// asks for it.
	OOMScoreAdj   *int
	OOMScoreAsked bool
	// Rlimits are the config's: where the hard limit is above init's own, the
	// parent raises it; init sets the final values.
	Rlimits []Rlimit
	// Scheduler and IOPriority are set from outside when init asks for it, nil
	// leaves what the caller has.
	Scheduler  *Scheduler
	IOPriority *int
	// Slots are the descriptors handed over, in order.
	Slots []Descriptor
	// Steps is the program.
	Steps []wire.Step
	// Warnings are deviations for the log, Notes those for a debug log.
	Warnings, Notes []string
}

// Rlimit is a resource limit by number.
type Rlimit struct {
	Resource   int
	Soft, Hard uint64
	Field      string
}

// Opens says how the parent comes by a descriptor.
type Opens int

// The ways.
const (
	// OpenTree clones the mount tree at Path, detached, and prepares it.
	OpenTree Opens = iota
	// OpenDirectory opens Path, O_PATH.
	OpenDirectory
	// OpenNamespace opens a namespace file and checks its type (Flag).
	OpenNamespace
	// OpenDevice is OpenTree of a device node, whose numbers are checked.
	OpenDevice
	// OpenState is a memfd that gets the state for hooks inside, with Status.
	OpenState
	// OpenStart is the listening socket in the state directory.
	OpenStart
	// OpenTasks is a tasks file of the container's cgroups, by Index.
	OpenTasks
	// OpenInit is the pidfd of the container's init (exec).
	OpenInit
	// OpenFilesystem makes a filesystem, detached, in the parent's namespaces.
	OpenFilesystem
	// OpenNode makes a device node, on a filesystem that nobody else sees.
	OpenNode
	// OpenClass is a tasks file of the container's resctrl groups, by Index.
	OpenClass
)

// Descriptor is one thing the parent opens for init.
type Descriptor struct {
	Opens Opens
	Field string // where it comes from, for errors
	Path  string

	// Trees.
	Recursive        bool
	Set, Clear       uint64
	RecSet, RecClear uint64
	Propagation      []uint64 // MS_*, in order; the first is the default
	Filesystem       int64    // magic that the source must have, 0 any
	IDMap            *spec.MountIDMap
	// Inside: init copies it, the parent only looks at what it has to check.
	Inside bool

	// Filesystems: Path is their source, Set their attributes.
	Type       string
	Parameters wire.Pairs

	Flag   uint64 // namespaces: CLONE_NEW*
	Char   bool   // devices
	Device uint64 // devices: as the kernel encodes it
	// Devices: what the node has to be like, in ids of the container, of which
	// Owners tells what they stand for (nil: themselves). Given are the
	// wire.Node* flags of what the config asks for.
	Mode, UID, GID uint32
	Given          int
	Owners         *spec.MountIDMap
	Index          int
	Status         specs.ContainerState
}

// builder collects a plan. Each subject adds its part in a file of its own.
type builder struct {
	spec  *specs.Spec
	facts Facts
	opts  Options
	plan  Plan

	entries []entry     // of the config's mounts
	ownRoot bool        // init has a mount namespace of its own
	procs   bool        // init holds a procfs handle
	joined  bool        // init is in all of its cgroups
	trees   []wire.Step // that init copies trees with
	treesAt int         // their place in the plan
	// external: what comes from outside is wanted, not a start.
	external bool
	err      error
}

// Build makes the plan of create and run.
func Build(s *specs.Spec, f Facts, o Options) (*Plan, error) {
	b := &builder{spec: s, facts: f, opts: o}
	b.readMounts()
	b.step(wire.Signals, "process")
	b.oomScore(s.Process)
	b.classes()
	b.namespaces()
	b.keyLabel(s.Process)
	b.keyring()
	b.mountLabel()
	if b.facts.NoSetattr || b.facts.OldMounts {
		b.needProc("root.path") // mounts are named by it
	}
	b.rootfs()
	b.names()
	b.mounts()
	b.cgroups()
	b.everyCPU()
	b.devices()
	b.sysctls()
	if b.wantsProfile(s.Process) || wantsLabel(s.Process) {
		b.needProc("process")
	}
	b.createHooks()
	b.enterRoot()
	b.hidden()
	b.rootPropagation()
	b.process(s.Process, "process", startedLater)
	return b.done()
}

func (b *builder) done() (*Plan, error) {
	b.insertTrees()
	if b.facts.NoSetattr || b.facts.OldMounts {
		b.attributesLate()
	}
	if n := len(b.plan.Slots); n > wire.MaxSlots {
		b.fail(fmt.Errorf("%d descriptors to hand over, at most %d: too many mounts and devices", n, wire.MaxSlots))
	}
	if b.err == nil {
		b.err = wire.CheckOrder(b.plan.Steps)
	}
	if b.err != nil {
		return nil, b.err
	}
	return &b.plan, nil
}

func (b *builder) step(k wire.Kind, field string, args ...any) {
	b.plan.Steps = append(b.plan.Steps, wire.Step{Kind: k, Field: field, Args: args})
}

// open adds a descriptor and returns its slot.
func (b *builder) open(d Descriptor) wire.Slot {
	slot := wire.Slot(len(b.plan.Slots))
	if b.copiesInside() && (d.Opens == OpenTree || d.Opens == OpenDevice) {
		b.tree(&d, slot)
	}
	b.plan.Slots = append(b.plan.Slots, d)
	return slot
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func num[T ~int | ~int32 | ~int64 | ~uint32 | ~uint64 | ~uint16](n T) uint64 { return uint64(n) }
