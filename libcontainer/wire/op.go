package wire

// Op names the call that failed inside a step.
type Op uint16

// The calls. Names are the system calls', other words say what was checked.
const (
	OpNone Op = iota
	OpAccept
	OpAccess
	OpAffinity
	OpAmbient
	OpBounding
	OpCapset
	OpChdir
	OpChmod
	OpChown
	OpClone
	OpCloseRange
	OpConnection
	OpDomainname
	OpDup
	OpExec
	OpFilesystem
	OpFsconfig
	OpFsmount
	OpFsopen
	OpFspick
	OpGetcwd
	OpHostname
	OpInterface
	OpJoin
	OpKeyring
	OpMempolicy
	OpMkdir
	OpMknod
	OpMount
	OpMountSetattr
	OpMoveMount
	OpNamespace
	OpOpen
	OpOpenTree
	OpPersonality
	OpPivot
	OpPrctl
	OpProgram
	OpRead
	OpReadlink
	OpReceive
	OpRemount
	OpRlimit
	OpSeccomp
	OpSend
	OpSession
	OpSetgroups
	OpSetns
	OpSetresgid
	OpSetresuid
	OpSignals
	OpStat
	OpSymlink
	OpTerminal
	OpUmount
	OpUnlink
	OpUnshare
	OpWait
	OpWrite
	OpXattr
	ops
)

// opNames is in the order of the constants.
var opNames = [ops]string{
	OpNone:         "step",
	OpAccept:       "accept",
	OpAccess:       "access",
	OpAffinity:     "sched_setaffinity",
	OpAmbient:      "raise ambient capability",
	OpBounding:     "drop bounding capability",
	OpCapset:       "capset",
	OpChdir:        "chdir to cwd",
	OpChmod:        "chmod",
	OpChown:        "chown",
	OpClone:        "clone",
	OpCloseRange:   "close_range",
	OpConnection:   "connection",
	OpDomainname:   "setdomainname",
	OpDup:          "dup",
	OpExec:         "exec",
	OpFilesystem:   "check filesystem of",
	OpFsconfig:     "fsconfig",
	OpFsmount:      "fsmount",
	OpFsopen:       "fsopen",
	OpFspick:       "fspick",
	OpGetcwd:       "check current directory",
	OpHostname:     "sethostname",
	OpJoin:         "join group",
	OpInterface:    "bring up",
	OpKeyring:      "join session keyring",
	OpMempolicy:    "set_mempolicy",
	OpMkdir:        "mkdir",
	OpMknod:        "mknod",
	OpMount:        "mount",
	OpMountSetattr: "mount_setattr",
	OpMoveMount:    "move_mount",
	OpNamespace:    "namespace",
	OpOpen:         "open",
	OpOpenTree:     "open_tree",
	OpPersonality:  "personality",
	OpPivot:        "pivot_root",
	OpPrctl:        "prctl",
	OpProgram:      "map program",
	OpRead:         "read",
	OpReadlink:     "readlink",
	OpReceive:      "receive",
	OpRemount:      "remount",
	OpRlimit:       "setrlimit",
	OpSeccomp:      "seccomp",
	OpSend:         "send",
	OpSession:      "setsid",
	OpSetgroups:    "setgroups",
	OpSetns:        "setns",
	OpSetresgid:    "setresgid",
	OpSetresuid:    "setresuid",
	OpSignals:      "reset signals",
	OpStat:         "stat",
	OpSymlink:      "symlink",
	OpTerminal:     "terminal",
	OpUmount:       "umount",
	OpUnlink:       "unlink",
	OpUnshare:      "unshare",
	OpWait:         "wait",
	OpWrite:        "write",
	OpXattr:        "extended attributes of",
}

// Name is the call's name in error messages.
func (o Op) Name() string {
	if o >= ops {
		return opNames[OpNone]
	}
	return opNames[o]
}
