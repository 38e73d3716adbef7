// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// endPatience bounds the wait for an init whose connection is closed already.
const endPatience = 10 * time.Second

// maxPerFrame is how many descriptors init takes in one message.
const maxPerFrame = 128

// server is one conversation with init.
type server struct {
	*Begun
	plan   *plan.Plan
	on     Handlers
	proc   linux.Proc
	slots  []linux.FD
	pid    int
	pidfd  linux.FD
	states []statefile
	// mappings are the user namespaces that trees are mapped by.
	mappings []mapping
	// nodes are the device nodes that are still to be handed over.
	nodes []linux.FD
}

// statefile is a memfd that gets its content when the pid is known.
type statefile struct {
	fd     linux.FD
	status string
}

// Special are the descriptors that are not opened by path.
type Special struct {
	Start   linux.FD // the listening socket for `start`
	Init    linux.FD // pidfd of the container's init, for exec
	Tasks   []linux.FD
	Classes []linux.FD // tasks files of resctrl groups
}

// Serve hands the plan over and answers init until it is ready. On any error
// nothing is left: no process, no descriptor.
func (b *Begun) Serve(p *plan.Plan, special Special, on Handlers) (*Init, error) {
	s := &server{Begun: b, plan: p, on: on, pidfd: linux.NoFD, proc: linux.Proc{}}
	init, err := s.serve(special)
	for i, fd := range s.slots {
		switch p.Slots[i].Opens {
		case plan.OpenStart, plan.OpenInit, plan.OpenTasks, plan.OpenClass: // borrowed
		default:
			_ = fd.Close()
		}
	}
	s.free()
	_ = b.program.Close()
	if err != nil {
		if born := b.wait(); born.err == nil {
			if s.pid == 0 {
				s.pid, s.pidfd = born.pid, born.pidfd
			}
			end(s.pid, s.pidfd)
		}
		_ = b.ours.Close()
		return nil, err
	}
	return init, nil
}

// free closes what was needed for opening slots.
func (s *server) free() {
	for _, m := range s.mappings {
		_ = m.ns.Close()
	}
	for _, n := range s.nodes {
		_ = n.Close()
	}
}

func (s *server) serve(special Special) (*Init, error) {
	code, err := wire.Encode(s.plan.Steps)
	if err != nil {
		return nil, err
	}
	if err = linux.WriteAll(s.program, code); err != nil {
		return nil, err
	}
	if err = s.open(special); err != nil {
		return nil, err
	}
	if s.proc, err = linux.OpenProc(); err != nil {
		return nil, err
	}
	defer s.proc.Close()
	born := s.wait()
	if born.err != nil {
		return nil, born.err
	}
	s.pid, s.pidfd = born.pid, born.pidfd
	if born.elsewhere {
		if err = s.on.Cgroup(s.pid); err != nil {
			return nil, err
		}
	}
	if !s.plan.OOMScoreAsked {
		if err = s.writeOOMScore(); err != nil {
			return nil, err
		}
	}
	if err = s.raiseLimits(); err != nil {
		return nil, err
	}
	if err = s.handOver(len(code)); err != nil {
		return nil, s.orDeath(err)
	}
	if s.on.Fill != nil {
		if err = s.on.Fill(); err != nil {
			return nil, err
		}
	}
	return s.converse()
}

func (s *server) handOver(size int) error {
	err := linux.SendFrame(s.ours, wire.Plain(wire.Program, uint64(size), uint64(len(s.slots))))
	for at := 0; err == nil && at < len(s.slots); at += maxPerFrame {
		batch := s.slots[at:min(at+maxPerFrame, len(s.slots))]
		err = linux.SendFrame(s.ours, wire.Plain(wire.Descriptors, 0, 0), batch...)
	}
	return err
}

// converse answers until init is ready.
func (s *server) converse() (*Init, error) {
	var buf [wire.FrameSize]byte
	for {
		n, fd, err := linux.ReceiveFrame(s.ours, buf[:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, s.orDeath(errors.New("connection closed"))
		}
		m, err := wire.Decode(buf[:n])
		if err != nil {
			_ = fd.Close()
			return nil, err
		}
		ready := false
		switch m.Type {
		case wire.Fail:
			err = s.failed(&Failure{Failure: m.Fail, Status: m.Args[0]})
		case wire.Forked:
			err = s.forked(fd)
		case wire.Terminal:
			err = s.terminal(fd)
		case wire.Asked:
			ready = wire.Request(m.Args[0]) == wire.Ready
			err = s.answer(wire.Request(m.Args[0]))
		default:
			err = fmt.Errorf("message %d from init: %w", m.Type, wire.ErrFrame)
		}
		if err != nil {
			return nil, err
		}
		if ready {
			return &Init{Pid: s.pid, Pidfd: s.pidfd, sock: s.ours}, nil
		}
	}
}

// forked goes on with the sibling that init became.
func (s *server) forked(pidfd linux.FD) error {
	if pidfd == linux.NoFD {
		return fmt.Errorf("sibling of init: %w", wire.ErrFrame)
	}
	pid, err := s.proc.PidOf(pidfd)
	if err != nil {
		_ = pidfd.Close()
		return err
	}
	old := s.pid
	_ = s.pidfd.Close()
	s.pid, s.pidfd = pid, pidfd
	if _, _, err := linux.Reap(old); err != nil {
		return err
	}
	return linux.SendFrame(s.ours, wire.Plain(wire.Answer, 0, 0))
}

func (s *server) terminal(fd linux.FD) error {
	if fd == linux.NoFD || s.on.Console == nil {
		_ = fd.Close()
		return fmt.Errorf("terminal from init: %w", wire.ErrFrame)
	}
	return s.on.Console(os.NewFile(uintptr(fd), "terminal"))
}

func (s *server) answer(r wire.Request) error {
	var err error
	switch r {
	case wire.IDMap:
		err = s.writeMaps()
	case wire.SameMaps:
		err = s.compareMaps()
	case wire.TimeOffsets:
		err = s.writeOffsets()
	case wire.OOMScore:
		err = s.writeOOMScore()
	case wire.Cgroup: // Fill did it
	case wire.NetDevices:
		err = s.on.NetDevices(s.pid)
	case wire.Hooks:
		if err = s.fillStates(); err == nil {
			err = s.on.Hooks(s.pid)
		}
	case wire.Priorities:
		err = s.setPriorities()
	case wire.Ready:
		err = s.ready()
	default:
		err = fmt.Errorf("request %d from init: %w", r, wire.ErrFrame)
	}
	if err != nil {
		return err
	}
	err = linux.SendFrame(s.ours, wire.Plain(wire.Answer, 0, 0))
	if r == wire.Ready && linux.ReaderGone(err) {
		// Announced, and killed at once by who was told: it was created.
		return nil
	}
	return err
}

// raiseLimits lets init set limits above its own later, when it may not any
// more. Now it still has the parent's ids, which is what prlimit asks for.
func (s *server) raiseLimits() error {
	for _, l := range s.plan.Rlimits {
		if err := linux.RaiseRlimit(s.pid, l.Resource, l.Hard); err != nil {
			return fmt.Errorf("%s: %w", l.Field, err)
		}
	}
	return nil
}

func (s *server) ready() error {
	if err := s.fillStates(); err != nil {
		return err
	}
	return s.on.Ready(s.pid, s.pidfd)
}

// fillStates writes the state for hooks inside, which holds init's pid.
func (s *server) fillStates() error {
	for _, f := range s.states {
		text, err := s.on.State(s.pid, f.status)
		if err == nil {
			err = linux.WriteAll(f.fd, text)
		}
		if err != nil {
			return fmt.Errorf("state for hooks: %w", err)
		}
	}
	s.states = nil
	return nil
}

func (s *server) writeOOMScore() error {
	if s.plan.OOMScoreAdj == nil {
		return nil
	}
	if err := s.proc.Write(s.pid, "oom_score_adj", strconv.Itoa(*s.plan.OOMScoreAdj)); err != nil {
		return fmt.Errorf("process.oomScoreAdj: %w", err)
	}
	return nil
}

func (s *server) writeOffsets() error {
	var b strings.Builder
	for _, clock := range [...]string{"boottime", "monotonic"} {
		if o, ok := s.plan.TimeOffsets[clock]; ok {
			fmt.Fprintf(&b, "%s %d %d\n", clock, o.Secs, o.Nanosecs)
		}
	}
	if err := s.proc.Write(s.pid, "timens_offsets", b.String()); err != nil {
		return fmt.Errorf("linux.timeOffsets: %w", err)
	}
	return nil
}

// orDeath says how init ended, if that is why the conversation did. What it
// had to say before is still in the socket.
func (s *server) orDeath(cause error) error {
	var exited bool
	var code int
	err := linux.AwaitEnd(s.pidfd, endPatience)
	if err == nil {
		exited, code, err = linux.Ended(s.pidfd)
	}
	switch {
	case err != nil:
		return fmt.Errorf("init: %w", cause)
	case exited:
		return fmt.Errorf("init: exited with status %d", code)
	}
	return &Killed{Signal: code}
}
