package linux

import (
	"errors"

	"golang.org/x/sys/unix"
)

// SignalPipe receives signals of this process: each is a byte, its number, in a
// pipe. So they can be awaited by Poll together with other things, by the
// thread that has to do something about them.
//
// The handler is our own, a few instructions of assembly that write to the pipe.
// os/signal would do, and does where there is no such handler yet, but it hands
// over between two threads twice for each signal that is to be received: a
// millisecond for all of them, a tenth of what `run` takes.
type SignalPipe struct {
	read, write FD
	signals     []int
}

// CatchSignals begins to receive these signals, but for those that whoever
// started this program made it ignore, as nohup(1) does. There can be one
// SignalPipe at a time.
func CatchSignals(signals []int) (*SignalPipe, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, wrap("pipe", "for signals", err)
	}
	p := &SignalPipe{read: FD(fds[0]), write: FD(fds[1]), signals: signals}
	if err := p.catch(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Readable is what to wait for by Poll.
func (p *SignalPipe) Readable() PollFd { return PollFd{Fd: int32(p.read), Events: PollIn} }

// Read returns signals that have come, in their order, if any have. It does not
// wait. buf is what it works in.
func (p *SignalPipe) Read(buf []byte) []byte {
	for {
		n, err := unix.Read(int(p.read), buf)
		if err != unix.EINTR {
			return buf[:max(n, 0)] // EAGAIN, which is no error here
		}
	}
}

// Close gives the signals the meaning back that they had. One that comes at
// this very moment may be lost.
func (p *SignalPipe) Close() error {
	return errors.Join(p.release(), p.read.Close(), p.write.Close())
}
