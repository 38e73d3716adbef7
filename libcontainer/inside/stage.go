// Runs in: init, from its first instruction. Sees: caller's namespaces, then container namespaces. Holds: caller's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// stage is all the state init has. It is one static variable: init has no
// heap, and its stack should stay small in the container's memory.
type stage struct {
	control   int // socket to the parent, later to `start`
	slots     [wire.MaxSlots]int32
	nslots    int
	row       wire.Row // the running step
	index     int
	root      int     // handle of the root tree; all paths are resolved below it
	roots     int     // trees attached over the first root tree
	overSlash bool    // the root tree is attached over "/"
	proc      int     // a procfs that nobody can have mounted over, or -1
	exe       raw.Ptr // the program found by Find
	inCwd     bool    // Chdir succeeded
	copy      bool    // the steps run in a copy of this process
	threaded  bool    // Go's runtime runs in this process
	null      bool    // the tree of /dev/null is attached already
	empty     int     // the mask for directories, or -1
	op        wire.Op // why the running step failed …
	errno     raw.Errno
	object    span // … and on what
	detail    span
	status    uint64
	frame     wire.Frame
	walk      walker
	copies    copier
	below     below
	old       bool                // mounts are made by mount(2), at their places
	recursive [wire.MaxSlots]bool // trees that are bound with what is mounted below
	rootPath  raw.Ptr             // where the root tree is attached
	home      [raw.PathMax + 8]byte
	mode      [8]byte // mode= for the filesystem being made, or empty
	params    [7]raw.Ptr
	text      [wire.TextMax]byte
	more      [wire.TextMax]byte
}

var theStage stage

// span is text somewhere in memory. It is an address, because the stage holds
// no Go pointers: for a store of one the compiler adds a write barrier, which
// is a call of the runtime.
type span struct {
	at raw.Ptr
	n  int
}

func spanOf(b []byte) span { return span{raw.Addr(b), len(b)} }

func (t span) bytes() []byte { return raw.Bytes(t.at, t.n) }

// exitFailed is init's exit status when it reported a failure; nobody reads
// it but a person with ps.
const exitFailed = 1

// failWait bounds how long init stays after a failure so that the command
// which reads it can look at the container's files, in milliseconds.
const failWait = 10_000

// Main is init. control is the socket to the parent and control+1 the memfd
// of the program. It does not return.
func Main(control int) {
	s := &theStage
	s.control, s.root, s.proc, s.empty = control, -1, -1, -1
	// CVE-2016-9962: nobody may look into this process or its descriptors
	// through /proc until the payload's execve resets it.
	if e := raw.Prctl(raw.PrDumpable, 0, 0); e != 0 {
		s.fail(wire.OpPrctl, e, nil)
		s.report()
	}
	raw.Prctl(raw.PrName, raw.Lit(wire.InitName+"\x00"), 0)
	// Modes in the program are meant as they are; the Umask step sets the
	// payload's own.
	raw.Umask(0)
	// The caller's supplementary groups are nobody's inside, and a user
	// namespace may forbid to drop them later. Who may not do it now is told
	// by the User step.
	raw.Setgroups(0, 0)
	if !s.receiveProgram() {
		s.report()
	}
	if s.copy && !s.fork() {
		s.report()
	}
	count := int(raw.At[wire.Header](wire.Base).Count)
	for s.index = 0; s.index < count; s.index++ {
		s.row = *raw.At[wire.Row](wire.RowAddr(s.index))
		if !s.run() {
			s.report()
		}
	}
	raw.Exit(exitFailed)
}

// receiveProgram waits until the parent has completed the program and handed
// over its descriptors, and maps it.
func (s *stage) receiveProgram() bool {
	if !s.receive(wire.Program, nil) {
		return false
	}
	if s.frame.Args[0] > wire.MaxProgram || s.frame.Args[1] > wire.MaxSlots {
		return s.fail(wire.OpProgram, raw.EPROTO, nil)
	}
	size, want := int(s.frame.Args[0]), int(s.frame.Args[1])
	for s.nslots < want {
		if !s.receive(wire.Descriptors, s.slots[s.nslots:want]) {
			return false
		}
	}
	if e := raw.MapFixed(wire.Base, size, s.control+1); e != 0 {
		return s.fail(wire.OpProgram, e, nil)
	}
	raw.Close(s.control + 1)
	h := raw.At[wire.Header](wire.Base)
	if h.Magic != wire.Magic || int(h.Size) != size {
		return s.fail(wire.OpProgram, raw.EPROTO, nil)
	}
	return true
}

// run dispatches one step. It is a switch, not a table of functions, so that
// the test which walks the calls of the linked binary sees every one.
func (s *stage) run() bool {
	switch r := &s.row; r.Kind {
	case wire.Signals:
		return s.check(wire.OpSignals, raw.DefaultSignals())
	case wire.Setns:
		return s.setns()
	case wire.Unshare:
		return s.check(wire.OpUnshare, raw.Unshare(uint(r.Args[0])))
	case wire.Ask:
		return s.ask()
	case wire.Tree:
		return s.tree()
	case wire.TreeAttr:
		return s.treeAttr()
	case wire.Root:
		return s.becomeRoot()
	case wire.Fork:
		return s.fork()
	case wire.Join:
		return s.join()
	case wire.Affinity:
		return s.affinity()
	case wire.Keyring:
		return s.keyring()
	case wire.Wait:
		return s.wait()
	case wire.Hook:
		return s.hook()
	case wire.CloseFDs:
		return s.check(wire.OpCloseRange, raw.CloexecFrom(int(r.Args[0])))
	case wire.Find:
		return s.find()
	case wire.Exec:
		return s.exec()
	default:
		return s.runFiles()
	}
}

func (s *stage) runFiles() bool {
	switch s.row.Kind {
	case wire.Propagate:
		return s.propagate()
	case wire.Rootfs:
		return s.rootfs()
	case wire.Procfs:
		return s.procfs()
	case wire.Mount:
		return s.mount()
	case wire.Attach:
		return s.attachSlot()
	case wire.LateAttr:
		return s.lateAttr()
	case wire.Remount:
		return s.remount()
	case wire.Setattr:
		return s.setattr()
	case wire.Mknod:
		return s.mknod()
	case wire.Symlink:
		return s.symlink()
	case wire.Mkdir:
		return s.mkdir()
	case wire.Sysctl:
		return s.sysctl()
	case wire.Pivot:
		return s.pivot()
	case wire.Enter:
		return s.enter()
	case wire.Relabel:
		return s.relabel()
	case wire.Mask:
		return s.mask()
	case wire.Readonly:
		return s.readonly()
	case wire.Console:
		return s.console()
	default:
		return s.runIdentity()
	}
}

func (s *stage) runIdentity() bool {
	switch r := &s.row; r.Kind {
	case wire.Hostname:
		return s.failAt(wire.OpHostname, raw.Sethostname(r.Args[0], raw.Len(r.Args[0])), r.Args[0])
	case wire.Domainname:
		return s.failAt(wire.OpDomainname, raw.Setdomainname(r.Args[0], raw.Len(r.Args[0])), r.Args[0])
	case wire.Loopback:
		return s.failAt(wire.OpInterface, raw.LoopbackUp(), raw.Lit("lo\x00"))
	case wire.Session:
		return s.session()
	case wire.Mempolicy:
		return s.check(wire.OpMempolicy, raw.SetMempolicy(r.Args[0], r.Args[1], r.Args[2]))
	case wire.Personality:
		return s.check(wire.OpPersonality, raw.Personality(r.Args[0]))
	case wire.Label:
		return s.label()
	case wire.Stdio:
		return s.stdio()
	case wire.Home:
		return s.findHome()
	case wire.Chdir:
		return s.chdir()
	case wire.Bounding:
		return s.bounding()
	case wire.User:
		return s.user()
	case wire.Caps:
		return s.check(wire.OpCapset, raw.Capset(uint64(r.Args[0]), uint64(r.Args[1]), uint64(r.Args[2])))
	case wire.Ambient:
		return s.ambient()
	case wire.Umask:
		raw.Umask(uint32(r.Args[0]))
		return true
	case wire.Rlimit:
		return s.rlimit()
	case wire.NoNewPrivs:
		return s.check(wire.OpPrctl, raw.Prctl(raw.PrNoNewPrivs, 1, 0))
	case wire.Seccomp:
		return s.seccomp()
	default:
		return s.fail(wire.OpProgram, raw.ENOSYS, nil)
	}
}

// slot is the descriptor that argument i of the running step names.
func (s *stage) slot(i int) int {
	n := int(s.row.Args[i])
	if n < 0 || n >= s.nslots {
		return -1
	}
	return int(s.slots[n])
}

// fail notes why the running step did not work. It returns false, so that a
// step can end with it.
func (s *stage) fail(op wire.Op, e raw.Errno, object []byte) bool {
	s.op, s.errno, s.object = op, e, spanOf(object)
	return false
}

// because notes more about a failure than call and error number tell.
func (s *stage) because(text raw.Ptr) { s.detail = spanOf(raw.Text(text)) }

// failAt is fail for a call on the path or name at p, unless e is 0.
func (s *stage) failAt(op wire.Op, e raw.Errno, p raw.Ptr) bool {
	if e == 0 {
		return true
	}
	return s.fail(op, e, raw.Text(p))
}

// check is failAt for a call that has no object.
func (s *stage) check(op wire.Op, e raw.Errno) bool { return s.failAt(op, e, 0) }
