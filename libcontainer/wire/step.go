package wire

// Kind is what a step does. The zero Kind is no step.
type Kind uint16

// The kinds, in the order in which the longest start runs them.
const (
	None Kind = iota
	Signals
	Setns
	Unshare
	Ask
	Tree
	TreeAttr
	Root
	Fork
	Join
	Affinity
	Keyring
	Propagate
	Rootfs
	Procfs
	Hostname
	Domainname
	Loopback
	Mount
	Attach
	LateAttr
	Remount
	Setattr
	Relabel
	Mknod
	Symlink
	Mkdir
	Sysctl
	Hook
	Pivot
	Enter
	Session
	Console
	Mask
	Readonly
	Mempolicy
	Personality
	Label
	Stdio
	Home
	Chdir
	Bounding
	User
	Caps
	Ambient
	Find
	Wait
	Umask
	Rlimit
	NoNewPrivs
	CloseFDs
	Seccomp
	Exec
	kinds
)

// Rule is one row of the step table: the name, what the arguments are, what
// the kind is for, and which kinds may not stand behind it. "may not follow"
// is enough to state every order that history got wrong, and it is checked on
// each program that is built.
type Rule struct {
	Kind Kind
	Name string
	Args string
	Does string
	// Before lists kinds that have to come later if they are there at all.
	Before []Kind
	Why    string
}

// Rules returns the step table, in the order of the kinds.
func Rules() []Rule {
	return []Rule{
		{Signals, "signals", "", "all dispositions to default, empty mask", []Kind{Hook, Exec}, "a caller's ignored signals must not reach hooks or payload"},
		{Setns, "setns", "slot, type, how", "joins a namespace", []Kind{Rootfs, Pivot, Caps}, ""},
		{Unshare, "unshare", "flags", "makes namespaces that clone could not", []Kind{Pivot, Caps}, ""},
		{Ask, "ask", "request, visible", "asks the parent to act and waits for its answer", []Kind{CloseFDs, Seccomp}, "closing before reporting lost errors in another runtime"},
		{Tree, "tree", "slot, path, flags", "copies a tree of the host, where the parent may not", []Kind{Root, Rootfs, Attach, Pivot}, "with the caller's ids: the path is the caller's to walk"},
		{TreeAttr, "tree-attr", "slot, path, set, clear, propagation, flags", "prepares that copy", []Kind{Root, Rootfs, Attach, Pivot}, "attached, its attributes are locked"},
		{Root, "root", "visible", "becomes user 0 of the new user namespace", []Kind{Rootfs, Mount}, "unmapped ids own nothing"},
		{Fork, "fork", "", "goes on as a sibling inside the new pid and time namespace", []Kind{Rootfs, Keyring, Session}, "nothing of the process may be set before the process is the right one"},
		{Join, "join", "slot", "enters one cgroup v1 hierarchy, a leaf on v2 or a resctrl group by writing 0 to its file", []Kind{Affinity, Mempolicy, Hook, User, Caps}, "a process that writes itself, and has one thread, pays no grace period"},
		{Affinity, "affinity", "size, mask, flags", "sets the CPUs that the process may run on", []Kind{Seccomp, Exec}, "the kernel cuts it down to the CPUs of the cgroup"},
		{Keyring, "keyring", "name", "joins a new session keyring", []Kind{User, Caps, Exec}, ""},
		{Propagate, "propagate", "flags", "sets propagation of / and all below", nil, ""},
		{Rootfs, "rootfs", "slot, path", "attaches the root tree and opens the root handle", []Kind{Mount, Attach, Mknod, Pivot}, "all work is done below the handle"},
		{Procfs, "procfs", "", "opens a procfs nobody can have mounted over", []Kind{Sysctl, Label, Pivot}, "CVE-2025-52881"},
		{Hostname, "hostname", "name", "sethostname", []Kind{Caps}, ""},
		{Domainname, "domainname", "name", "setdomainname", []Kind{Caps}, ""},
		{Loopback, "loopback", "", "brings up lo", []Kind{Caps}, ""},
		{Mount, "mount", "type, target, source, attributes, parameters, flags", "makes a filesystem and attaches it", []Kind{Pivot, Mask, Readonly}, ""},
		{Attach, "attach", "slot, target, flags", "attaches a tree that the parent opened", []Kind{Pivot, Mask, Readonly}, ""},
		{LateAttr, "late-attr", "slot, path, set, clear, propagation, flags", "changes a tree that was attached, by mount(2)", []Kind{Caps}, "mount_setattr is missing, which does it before"},
		{Remount, "remount", "target, parameters", "changes the filesystem that is mounted at a path", []Kind{Pivot, Mask, Readonly}, ""},
		{Setattr, "setattr", "target, set, clear, propagation, flags", "changes attributes of the mount at a path", []Kind{Caps}, ""},
		{Relabel, "relabel", "path, label", "gives the root of a filesystem an SELinux label", []Kind{Pivot, Caps, Mask, Readonly}, "for one that takes no context"},
		{Mknod, "mknod", "path, mode, device, uid, gid, flags", "makes a device node or finds the right one there", []Kind{Caps, Mask}, ""},
		{Symlink, "symlink", "target, path, flags", "makes a symbolic link", []Kind{Caps}, ""},
		{Mkdir, "mkdir", "path, mode", "makes a directory and its parents", []Kind{Caps}, ""},
		{Sysctl, "sysctl", "path, value", "writes a kernel parameter", []Kind{Mask, Readonly, Caps}, "the procfs handle refuses to cross a mount"},
		{Hook, "hook", "path, arguments, environment, timeout, slot", "runs a hook inside and waits for it", []Kind{Exec}, ""},
		{Pivot, "pivot", "mode", "makes the root tree the root", []Kind{Console, Mask, Readonly, Home, Chdir, Find, Caps, User}, "a directory or program of the host must not be found (CVE-2024-21626)"},
		{Enter, "enter", "", "opens the root handle of the joined mount namespace", []Kind{Console, Home, Chdir, Find, Caps}, ""},
		{Session, "session", "", "setsid", []Kind{Console}, "a session leader is needed to get a terminal"},
		{Console, "console", "flags", "makes the terminal and hands its master to the parent", []Kind{User, Caps, Stdio}, ""},
		{Mask, "mask", "path, slot, label", "hides a path", []Kind{Caps}, ""},
		{Readonly, "readonly", "path", "makes a path read-only", []Kind{Caps}, ""},
		{Mempolicy, "mempolicy", "mode, nodes, bits", "sets the NUMA memory policy", []Kind{Seccomp, Exec}, "the kernel checks it against the nodes of the cgroup; the filter may refuse it"},
		{Personality, "personality", "domain", "personality", []Kind{Seccomp, Exec}, "the filter may refuse it"},
		{Label, "label", "file, other file, label", "tells a security module what the payload is to be", []Kind{User, Caps, NoNewPrivs, Seccomp, Exec}, "no-new-privs and the filter may forbid it"},
		{Stdio, "stdio", "uid", "gives the standard streams to the user", []Kind{User, Caps}, ""},
		{Home, "home", "uid", "finds HOME in the passwd file inside", []Kind{Exec}, ""},
		{Chdir, "chdir", "path, flags", "enters the working directory and checks that it is inside", []Kind{Exec}, "CVE-2024-21626"},
		{Bounding, "bounding", "keep, last", "drops capabilities from the bounding set", []Kind{User, Caps}, "dropping needs CAP_SETPCAP"},
		{User, "user", "uid, gid, count, groups, keep", "becomes the user with exactly these groups", []Kind{Caps}, ""},
		{Caps, "caps", "effective, permitted, inheritable", "capset", []Kind{Ambient}, "ambient must be permitted and inheritable"},
		{Ambient, "ambient", "mask", "raises ambient capabilities", nil, ""},
		{Find, "find", "name, candidates", "finds the program as the user would", []Kind{Wait, Exec}, "create must report it, not start"},
		{Wait, "wait", "slot", "waits for start", []Kind{Exec, Umask, Rlimit}, ""},
		{Umask, "umask", "mask", "umask", []Kind{Exec}, ""},
		{Rlimit, "rlimit", "resource, soft, hard", "setrlimit", []Kind{Exec}, "a low limit must not hit init itself"},
		{NoNewPrivs, "no-new-privs", "", "PR_SET_NO_NEW_PRIVS", []Kind{Seccomp, Exec}, ""},
		{CloseFDs, "close-fds", "first", "all descriptors from first on close at exec", []Kind{Exec}, "CVE-2024-21626: last, so that nothing opened before survives"},
		{Seccomp, "seccomp", "flags, count, filter", "loads the filter", []Kind{Exec}, "last with no-new-privs, else before the capabilities go"},
		{Exec, "exec", "arguments, environment, place of HOME", "becomes the payload", nil, ""},
	}
}

// Name is the kind's name in messages, traces and documents.
func (k Kind) Name() string {
	for _, r := range Rules() {
		if r.Kind == k {
			return r.Name
		}
	}
	return "step?"
}

// Request is what an Ask step wants from the parent.
type Request uint32

// The requests.
const (
	NoRequest Request = iota
	IDMap
	SameMaps
	TimeOffsets
	OOMScore
	Cgroup
	NetDevices
	Hooks
	Priorities
	Ready
)

// Name is the request's name in messages.
func (r Request) Name() string {
	switch r {
	case IDMap:
		return "idmap"
	case SameMaps:
		return "same maps"
	case TimeOffsets:
		return "time offsets"
	case OOMScore:
		return "oom score"
	case Cgroup:
		return "cgroup"
	case NetDevices:
		return "network devices"
	case Hooks:
		return "hooks"
	case Priorities:
		return "priorities"
	case Ready:
		return "ready"
	}
	return "request?"
}

// Flags of Mount, Attach and Symlink steps.
const (
	// CopyMode gives the filesystem the mode of the directory it hides.
	CopyMode = 1 << iota
	// OverProc allows a target that lies on procfs.
	OverProc
	// RealDir demands that the target is a directory at exactly this path,
	// reached through no symbolic link (CVE-2019-19921).
	RealDir
	// KeepProc keeps this procfs as the handle for sysctls.
	KeepProc
	// Replace removes what is at a link's place before.
	Replace
	// OnRoot attaches over the root of the container.
	OnRoot
	// CopyUp fills the filesystem with what is in the directory it hides.
	CopyUp
	// CopyOwner gives it the owner of that directory.
	CopyOwner
	// OnDevice wants at the target, if there is something, the same device or
	// an empty file, which a start before this one left.
	OnDevice
	// MustExist makes nothing at the target.
	MustExist
	// KeepTree keeps the tree's descriptor, for LateAttr.
	KeepTree
)

// Flags of Tree steps.
const (
	// TreeRecursive copies the mounts below too.
	TreeRecursive = 1 << iota
	// TreeSame wants what is copied to be the file that the slot holds.
	TreeSame
	// TreeOld opens the place alone: it is bound where it is attached.
	TreeOld
)

// How a Setns step takes a refusal: as the end, as a reason to try again later,
// or as the end of having tried.
const (
	JoinNow = iota
	JoinTry
	JoinAgain
)

// Flags of Mknod steps: what the config gives of the node, and what holds for
// one that is there already.
const (
	NodeMode = 1 << iota
	NodeUID
	NodeGID
	// NodeKeep: it is others' too and stays as it is.
	NodeKeep
	// NodeFind: it has to be there.
	NodeFind
)

// Modes of the Rootfs and Pivot steps.
const (
	PivotRoot = iota
	PivotMove // --no-pivot: MS_MOVE and chroot, for initramfs hosts
	PivotChroot
)

// NewListener is the flag of a Seccomp step whose filter notifies somebody,
// SECCOMP_FILTER_FLAG_NEW_LISTENER.
const NewListener = 1 << 3

// Flags of Chdir, Console and Affinity steps.
const (
	// ChdirTry leaves a refusal to a later Chdir, which runs as the user.
	ChdirTry = 1
	// ConsoleDevice binds the terminal over /dev/console.
	ConsoleDevice = 1
	// AffinityTry takes a refusal for an answer.
	AffinityTry = 1
)
