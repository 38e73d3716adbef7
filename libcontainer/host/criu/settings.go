// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package criu

import (
	"github.com/checkpoint-restore/go-criu/v8/rpc"

	"github.com/oci-rung/rung/internal/linux"
)

// Settings say what CRIU is to do and how. Descriptors are borrowed.
type Settings struct {
	// Images is the directory of the images, Work the one of the log and of
	// sockets, and WorkName its path for messages.
	Images, Work linux.FD
	WorkName     string
	// Parent is the directory of the images of a pre-dump before, relative to
	// Images.
	Parent string
	// ConfigFile has options that come after these, or is "".
	ConfigFile string
	// CgroupYard has the hierarchies of cgroups in directories, or is "".
	CgroupYard string
	// Root is the root file system: as processes to be dumped see it it is their
	// "/"; for restore it is a mount point.
	Root string

	LeaveRunning    bool
	TCPEstablished  bool
	TCPSkipInFlight bool
	TCPClose        bool
	ExternalUnix    bool
	ShellJob        bool
	FileLocks       bool
	LinkRemap       bool
	AutoDedup       bool
	LazyPages       bool
	EmptyNetwork    bool
	Cgroups         CgroupMode
	PageServer      *PageServer
	StatusFD        int // of this process, or -1
	LSMProfile      string
	LSMMountContext string
	Needs           Features
	Mounts          []Mount
	External        []string // in CRIU's words

	// Pid is the init to be dumped, Freezer the cgroup to freeze meanwhile.
	Pid     int
	Freezer string

	// For restore: where the cgroups of the images are now, what replaces
	// descriptors and namespaces of the images that came from outside, and
	// namespaces to join instead of making them.
	CgroupRoots []CgroupRoot
	Inherit     []Inherit
	Join        []Join
}

// Features are what kernel and criu may lack.
type Features struct{ MemoryTracking, LazyPages bool }

// CgroupMode says how much of the cgroups is dumped and restored.
type CgroupMode int

// The modes, and the one that is meant when nothing was said.
const (
	CgroupsDefault CgroupMode = iota
	CgroupsIgnore
	CgroupsSoft
	CgroupsFull
	CgroupsStrict
)

// Mount is a mount that comes from outside of the container. In a dump Key is
// where it is and Value the name it gets; in a restore Key is the name and
// Value where it comes from.
type Mount struct{ Key, Value string }

// PageServer takes the pages of a dump, or hands them out.
type PageServer struct {
	Address string
	Port    int
}

// CgroupRoot is where the processes are in one hierarchy, or in that of all
// controllers "" of cgroup v2.
type CgroupRoot struct{ Controller, Path string }

// Inherit gives a descriptor to what has the name Key in the images.
type Inherit struct {
	Key string
	FD  linux.FD
}

// Join is a namespace by path.
type Join struct{ Kind, Path string }

// newNet is CLONE_NEWNET.
const newNet = 0x40000000

// logLevel lets the log say what CRIU does; it is of use only then.
const logLevel = 4

// ref is where the protocol wants a value that may be absent.
func ref[T any](v T) *T { return &v }

// set is ref of what differs from nothing: the rest is left to CRIU, so that a
// configuration file can say it.
func set[T comparable](v T) *T {
	var nothing T
	if v == nothing {
		return nil
	}
	return &v
}

// options are s in the protocol's words.
func (s *Settings) options(kind Kind) *rpc.CriuOpts {
	o := &rpc.CriuOpts{
		ImagesDirFd: ref(int32(s.Images)), WorkDirFd: ref(int32(s.Work)),
		LogLevel: ref(int32(logLevel)), LogFile: ref(kind.logFile()),
		NotifyScripts: ref(true), OrphanPtsMaster: ref(true),
		Root: set(s.Root), CgroupYard: set(s.CgroupYard), ParentImg: set(s.Parent), ConfigFile: set(s.ConfigFile),
		TcpEstablished: set(s.TCPEstablished), TcpSkipInFlight: set(s.TCPSkipInFlight), TcpClose: set(s.TCPClose),
		ExtUnixSk: set(s.ExternalUnix), ShellJob: set(s.ShellJob), FileLocks: set(s.FileLocks),
		LinkRemap: set(s.LinkRemap), AutoDedup: set(s.AutoDedup), LazyPages: set(s.LazyPages),
		LsmProfile: set(s.LSMProfile), LsmMountContext: set(s.LSMMountContext), External: s.External,
	}
	s.cgroups(o)
	if s.EmptyNetwork {
		o.EmptyNs = ref(uint32(newNet))
	}
	if s.StatusFD >= 0 {
		o.StatusFd = ref(int32(s.StatusFD))
	}
	if p := s.PageServer; p != nil {
		o.Ps = &rpc.CriuPageServerInfo{Address: set(p.Address), Port: ref(int32(p.Port))}
	}
	for _, m := range s.Mounts {
		o.ExtMnt = append(o.ExtMnt, &rpc.ExtMountMap{Key: ref(m.Key), Val: ref(m.Value)})
	}
	if kind == Restore {
		s.restore(o)
		return o
	}
	o.Pid, o.FreezeCgroup = ref(int32(s.Pid)), set(s.Freezer)
	o.LeaveRunning = set(s.LeaveRunning || kind == PreDump)
	o.TrackMem = set(kind == PreDump || s.Parent != "")
	return o
}

func (s *Settings) cgroups(o *rpc.CriuOpts) {
	mode := rpc.CriuCgMode_SOFT
	switch s.Cgroups {
	case CgroupsIgnore:
		mode = rpc.CriuCgMode_IGNORE
	case CgroupsFull:
		mode = rpc.CriuCgMode_FULL
	case CgroupsStrict:
		mode = rpc.CriuCgMode_STRICT
	}
	o.ManageCgroups, o.ManageCgroupsMode = ref(true), ref(mode)
	for _, r := range s.CgroupRoots {
		o.CgRoot = append(o.CgRoot, &rpc.CgroupRoot{Ctrl: ref(r.Controller), Path: ref(r.Path)})
	}
}

// restore adds what only a restore has. Its processes are siblings of criu:
// children of this process.
func (s *Settings) restore(o *rpc.CriuOpts) {
	o.RstSibling, o.EvasiveDevices = ref(true), ref(true)
	for i, in := range s.Inherit {
		o.InheritFd = append(o.InheritFd, &rpc.InheritFd{Key: ref(in.Key), Fd: ref(int32(first + 1 + i))})
	}
	for _, j := range s.Join {
		o.JoinNs = append(o.JoinNs, &rpc.JoinNamespace{Ns: ref(j.Kind), NsFile: ref(j.Path)})
	}
}
