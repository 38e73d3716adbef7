// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package launch starts an init process and serves it until it is ready or has
// failed: it spawns this program's own binary as `rung init`, hands over the
// program and its descriptors, and answers what init asks for.
//
// It comes in two parts, so that the kernel makes the namespaces, which is the
// longest single thing of a start, while the parent prepares the rest:
//
//	b := launch.Begin(birth)        // clone and exec, in a thread of its own
//	p, err := plan.Build(…)         // meanwhile
//	init, err := b.Serve(p, …)      // hand over, answer, until ready
//	err = init.Go()                 // run: execute the payload
//
// It knows nothing of containers: what a request means is in Handlers.
package launch

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Birth is what clone needs to know; descriptors are borrowed.
type Birth struct {
	Binary       linux.FD // unwritable copy of this program; Begin owns it
	Stdio        [3]linux.FD
	Extra        []linux.FD
	CloneFlags   uint64
	Cgroup       linux.FD // cgroup v2 directory, or NoFD
	PIDNamespace linux.FD // or NoFD
	Single       bool     // a step needs a process of one thread
	Affinity     []byte   // CPUs to begin on, a mask; empty: the caller's
}

// Handlers do what init asks for. Each gets init's pid, which is ours: nobody
// has reaped it, so it means no other process. A handler that is nil is for a
// request that the plan does not contain.
type Handlers struct {
	// Fill is called once init runs its first steps, and before anything it
	// asks for is done.
	Fill func() error
	// Cgroup puts the process into the cgroup that it could not be born in.
	Cgroup func(pid int) error
	// NetDevices moves network devices into the network namespace.
	NetDevices func(pid int) error
	// Hooks runs the hooks of the runtime's namespaces.
	Hooks func(pid int) error
	// State is the JSON for hooks that run inside.
	State func(pid int, status string) ([]byte, error)
	// Console takes the master of the terminal, and owns it.
	Console func(master *os.File) error
	// Ready is called when everything is set up; init waits.
	Ready func(pid int, pidfd linux.FD) error
}

// Begun is an init process being born.
type Begun struct {
	birth   Birth
	ours    linux.FD // our end of the socket
	theirs  linux.FD
	program linux.FD
	born    chan spawned
	got     *spawned
}

type spawned struct {
	pid   int
	pidfd linux.FD
	err   error
	// elsewhere: not in the cgroup that was asked for.
	elsewhere bool
}

// Begin starts the clone in another thread and returns at once.
func Begin(b Birth) (*Begun, error) {
	ours, theirs, err := linux.FramePair()
	if err != nil {
		return nil, errors.Join(err, b.Binary.Close())
	}
	program, err := linux.MemoryFile("rung-program", nil)
	if err != nil {
		return nil, errors.Join(err, b.Binary.Close(), ours.Close(), theirs.Close())
	}
	begun := &Begun{birth: b, ours: ours, theirs: theirs, program: program, born: make(chan spawned, 1)}
	go begun.spawn()
	// This thread goes on with spawn at once, and the rest of this goroutine
	// in another: the other way round, a thread with nothing to do would have
	// to find spawn first, and before it takes it from us it waits.
	runtime.Gosched()
	return begun, nil
}

func (b *Begun) spawn() {
	control := strconv.Itoa(3 + len(b.birth.Extra))
	args := []string{"rung", "init", control}
	if b.birth.Single {
		args = append(args, "single")
	}
	init := linux.Init{
		Binary: b.birth.Binary, Args: args, Stdio: b.birth.Stdio, Extra: b.birth.Extra,
		Control: b.theirs, Program: b.program, CloneFlags: b.birth.CloneFlags,
		Cgroup: b.birth.Cgroup, PIDNamespace: b.birth.PIDNamespace,
	}
	b.born <- clone(&init, b.birth.Affinity)
	// Closing what is ours alone may take the kernel a grace period, and
	// nobody has to wait for it. With our copy of their end gone, the end of
	// init is the end of the connection.
	_ = b.theirs.Close()
	_ = b.birth.Binary.Close()
}

// clone starts init, in its cgroup if that is possible. The thread that init
// is cloned from is confined to the CPUs of mask, and with it init; it ends
// with the goroutine.
func clone(init *linux.Init, mask []byte) (s spawned) {
	if len(mask) > 0 {
		if err := linux.ThreadSetaffinity(mask); err != nil {
			return spawned{err: fmt.Errorf("process.execCPUAffinity.initial: %w", err)}
		}
	}
	s.pid, s.pidfd, s.err = init.Spawn()
	if s.err != nil && init.Cgroup != linux.NoFD && linux.NoBirthInCgroup(s.err) {
		s.elsewhere, init.Cgroup = true, linux.NoFD
		s.pid, s.pidfd, s.err = init.Spawn()
	}
	return s
}

// wait waits until init was born.
func (b *Begun) wait() *spawned {
	if b.got == nil {
		s := <-b.born
		b.got = &s
	}
	return b.got
}

// Child waits until init was born and returns its pid and pidfd, which stays b's.
func (b *Begun) Child() (int, linux.FD, error) {
	s := b.wait()
	return s.pid, s.pidfd, s.err
}

// Abort ends an init that is not wanted any more and frees everything.
func (b *Begun) Abort() {
	if s := b.wait(); s.err == nil {
		end(s.pid, s.pidfd)
	}
	_ = b.ours.Close()
	_ = b.program.Close()
}

// end kills and reaps a child.
func end(pid int, pidfd linux.FD) {
	_ = linux.Kill(pidfd)
	_, _, _ = linux.Reap(pid)
	_ = pidfd.Close()
}

// Init is an init process that is ready.
type Init struct {
	Pid   int
	Pidfd linux.FD
	sock  linux.FD
}

// Release closes the connection and keeps the process: from now on `start`
// speaks to it.
func (i *Init) Release() {
	_ = i.sock.Close()
	i.sock = linux.NoFD
}

// End kills and reaps the process.
func (i *Init) End() {
	i.Release()
	end(i.Pid, i.Pidfd)
	i.Pidfd = linux.NoFD
}

// Listener gets the listener of a filter that notifies somebody, borrowed.
type Listener func(pid int, listener linux.FD) error

// Go lets init execute the payload and waits until it did. After a *Failure
// init still is there, for a look at its files, until Release or End; after
// any other error it may be the payload already.
func (i *Init) Go(on Listener) error {
	err := linux.SendFrame(i.sock, wire.Plain(wire.Go, 0, 0))
	if linux.ReaderGone(err) {
		return fmt.Errorf("init: ended before it was told to go on%s", i.how())
	}
	if err != nil {
		return err
	}
	return i.Executed(on)
}

// Executed waits until init became the payload: the connection closes at
// execve. A message that comes instead says why it did not.
func (i *Init) Executed(on Listener) error {
	var buf [wire.FrameSize]byte
	for {
		n, fd, err := linux.ReceiveFrame(i.sock, buf[:])
		if err == nil && n > 0 {
			err = i.handle(buf[:n], fd, on)
		}
		_ = fd.Close()
		if err == nil && n == 0 {
			return i.became()
		}
		if err != nil {
			return err
		}
	}
}

// became makes sure that the connection closed because init became the
// payload. Under a filter it may have ended for want of that, and not been able
// to say so. If somebody else has reaped it meanwhile, as a shim may after
// `start`, nobody knows any more.
func (i *Init) became() error {
	proc, err := linux.OpenProc()
	if err != nil {
		return nil // who cannot look has only the connection to go by
	}
	defer proc.Close()
	if proc.Name(i.Pid) != wire.InitName || proc.HasProgram(i.Pid) {
		return nil
	}
	return fmt.Errorf("init: ended before it became the payload%s: linux.seccomp has to allow execve, and sendmsg to tell of a failure", i.how())
}

// how says how init ended, with a comma before it, if that can be known.
func (i *Init) how() string {
	if linux.AwaitEnd(i.Pidfd, endPatience) != nil {
		return ""
	}
	switch exited, code, err := linux.Ended(i.Pidfd); {
	case err != nil: // somebody else's child
		return ""
	case exited:
		return fmt.Sprintf(", exited with status %d", code)
	default:
		return fmt.Sprintf(", killed by signal %d", code)
	}
}

// handle handles what init says between the word to go and execve.
func (i *Init) handle(frame []byte, fd linux.FD, on Listener) error {
	switch m, err := wire.Decode(frame); {
	case err != nil:
		return err
	case m.Type == wire.Fail:
		return &Failure{Failure: m.Fail, Status: m.Args[0]}
	case m.Type == wire.Listener && fd != linux.NoFD && on != nil:
		return on(i.Pid, fd)
	}
	return wire.ErrFrame
}

// Connect is for `start`: it connects to the init that waits at a socket in
// a container's directory. pidfd is borrowed.
func Connect(dir linux.FD, socket string, pid int, pidfd linux.FD) (*Init, error) {
	sock, err := linux.FrameConnect(dir, socket)
	if err != nil {
		return nil, err
	}
	return &Init{Pid: pid, Pidfd: pidfd, sock: sock}, nil
}

// NoPidfdSetns reports whether a start failed because setns(2) took no pidfd:
// Kernel(5.8), or what stood for one was none.
func NoPidfdSetns(err error) bool {
	var failed *Failure
	if errors.As(err, &failed) {
		return failed.Op == wire.OpSetns && errors.Is(err, linux.EINVAL)
	}
	var call *linux.Error
	return errors.As(err, &call) && call.Op == "setns" && errors.Is(err, linux.EINVAL)
}
