package hooks

import (
	"fmt"
	"time"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// afterKill is how long a killed hook may take to be gone: only one that is
// stuck in the kernel takes longer than a moment.
const afterKill = 10 * time.Second

// run is one hook on its way: its process and our ends of its three pipes.
type run struct {
	child          *linux.Child
	state          []byte // what it has not yet taken from its standard input
	stdin          linux.FD
	out, err       linux.FD
	stdout, stderr tail
}

func (r *run) run(h specs.Hook, w Where) error {
	p, err := program(h, w)
	if err != nil {
		return err
	}
	if err := r.start(&p); err != nil {
		return err
	}
	defer r.closePipes()
	ended, err := r.serve(timeout(h))
	if err != nil || !ended {
		return r.abandon(err, timeout(h))
	}
	ws, err := r.child.Wait()
	if err != nil {
		return err
	}
	return failure(ws)
}

// start makes the pipes and starts the program at their other ends.
func (r *run) start(p *linux.Program) error {
	// What the caller of the runtime left open must not reach the hook.
	if err := linux.CloseOnExecFrom(3); err != nil {
		return err
	}
	r.stdin, r.out, r.err = linux.NoFD, linux.NoFD, linux.NoFD
	var err error
	theirs := &p.Stdio
	*theirs = [3]linux.FD{linux.NoFD, linux.NoFD, linux.NoFD}
	if r.stdin, theirs[0], err = linux.PipeTo(); err == nil {
		if r.out, theirs[1], err = linux.PipeFrom(); err == nil {
			r.err, theirs[2], err = linux.PipeFrom()
		}
	}
	if err == nil {
		r.child, err = p.Start()
	}
	for _, fd := range theirs {
		closePipe(&fd)
	}
	if err != nil {
		r.closePipes()
	}
	return err
}

func (r *run) closePipes() {
	closePipe(&r.stdin)
	closePipe(&r.out)
	closePipe(&r.err)
}

func closePipe(fd *linux.FD) {
	if *fd != linux.NoFD {
		_ = fd.Close() // the end of a pipe has nothing to say
	}
	*fd = linux.NoFD
}

// serve feeds the hook and listens to it until it ends, or until its time is
// over: then it reports false.
func (r *run) serve(limit time.Duration) (ended bool, err error) {
	deadline := time.Now().Add(limit)
	for {
		fds := [4]linux.PollFd{
			{Fd: int32(r.child.Pidfd), Events: linux.PollIn},
			{Fd: int32(r.out), Events: linux.PollIn},
			{Fd: int32(r.err), Events: linux.PollIn},
			{Fd: int32(r.stdin), Events: linux.PollOut},
		}
		left := limit
		if limit != linux.NoTimeout {
			left = max(0, time.Until(deadline))
		}
		n, err := linux.Poll(fds[:], left)
		if err != nil || n == 0 {
			return false, err
		}
		if fds[3].Revents != 0 {
			r.feed()
		}
		if fds[0].Revents != 0 {
			r.drain()
			return true, nil
		}
		if fds[1].Revents != 0 {
			r.listen(&r.out, &r.stdout)
		}
		if fds[2].Revents != 0 {
			r.listen(&r.err, &r.stderr)
		}
	}
}

// feed writes as much of the state as the hook's standard input takes. A hook
// that closes it unread has the right to.
func (r *run) feed() {
	n, err := linux.WritePipe(r.stdin, r.state)
	r.state = r.state[n:]
	if len(r.state) == 0 || (err != nil && !linux.WouldBlock(err)) {
		closePipe(&r.stdin)
	}
}

// listen reads once from one of the hook's outputs. It reports whether there
// may be more right now.
func (r *run) listen(fd *linux.FD, t *tail) bool {
	n, err := linux.ReadPipe(*fd, t.room())
	t.grow(n)
	if n == 0 && !linux.WouldBlock(err) {
		closePipe(fd)
	}
	return n > 0
}

// drain takes what the hook had printed when it ended. Who it left behind may
// print on without end, so this stops after as much as a pipe holds at most.
func (r *run) drain() {
	const mostInPipe = 1 << 20
	for _, o := range [...]struct {
		fd *linux.FD
		t  *tail
	}{{&r.out, &r.stdout}, {&r.err, &r.stderr}} {
		for start := o.t.total; *o.fd != linux.NoFD && o.t.total-start < mostInPipe; {
			if !r.listen(o.fd, o.t) {
				break
			}
		}
	}
}

// abandon ends a hook whose time is over, or which could not be watched, and
// everything in its process group.
func (r *run) abandon(cause error, limit time.Duration) error {
	if cause == nil {
		cause = fmt.Errorf("killed after its timeout of %v", limit)
	}
	if err := r.child.KillGroup(); err != nil {
		return fmt.Errorf("%w; %w", cause, err)
	}
	gone := [1]linux.PollFd{{Fd: int32(r.child.Pidfd), Events: linux.PollIn}}
	if n, err := linux.Poll(gone[:], afterKill); err != nil || n == 0 {
		return fmt.Errorf("%w; process %d still there %v after SIGKILL", cause, r.child.Pid, afterKill)
	}
	r.drain()
	if _, err := r.child.Wait(); err != nil {
		return fmt.Errorf("%w; %w", cause, err)
	}
	return cause
}

// failure words an exit status as package os does, which callers match on.
func failure(ws linux.WaitStatus) error {
	switch {
	case ws.Signaled():
		return fmt.Errorf("signal: %v", ws.Signal())
	case ws.ExitStatus() != 0:
		return fmt.Errorf("exit status %d", ws.ExitStatus())
	}
	return nil
}
