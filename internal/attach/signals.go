package attach

import "github.com/oci-rung/rung/internal/linux"

// Signals receives the signals of this process, to hand them to a container.
type Signals struct{ pipe *linux.SignalPipe }

// handedOn are the signals that are handed on, and SIGCHLD. Not among them:
// SIGKILL and SIGSTOP, which nobody can receive; what the kernel sends for a
// fault of this program; SIGPIPE, which is about our own output; SIGURG, by
// which the Go runtime interrupts its threads.
func handedOn() []int {
	list := []int{
		linux.SIGTERM, linux.SIGINT, linux.SIGHUP, linux.SIGQUIT,
		linux.SIGCHLD, linux.SIGWINCH, linux.SIGUSR1, linux.SIGUSR2, linux.SIGCONT, linux.SIGTSTP,
		linux.SIGTTIN, linux.SIGTTOU, linux.SIGALRM, linux.SIGVTALRM, linux.SIGPROF, linux.SIGIO,
		linux.SIGPWR, linux.SIGXCPU, linux.SIGXFSZ, linux.SIGABRT,
	}
	// Service managers in containers are halted by real-time signals.
	for n := linux.SIGRTMIN; n <= linux.SIGRTMAX; n++ {
		list = append(list, n)
	}
	return list
}

// CatchSignals begins to receive signals. None is lost until Serve.
func CatchSignals() (*Signals, error) {
	pipe, err := linux.CatchSignals(handedOn())
	return &Signals{pipe}, err
}

// Stop gives the signals their old meaning back.
func (s *Signals) Stop() error { return s.pipe.Close() }

// Handlers is what is done about signals; nil functions are left out.
type Handlers struct {
	Forward func(signal int) // to the payload
	Resize  func()           // the caller's terminal has a new size
	Child   func()           // a child of this process has ended
}

// Serve hands signals on until the process behind pidfd has ended. The end and
// the signals are awaited by one thread: nobody has to be told of either.
func (s *Signals) Serve(pidfd int, h Handlers) error {
	var buf [64]byte
	fds := [...]linux.PollFd{{Fd: int32(pidfd), Events: linux.PollIn}, s.pipe.Readable()}
	for {
		if _, err := linux.Poll(fds[:], linux.NoTimeout); err != nil {
			return err
		}
		if fds[1].Revents != 0 {
			for _, number := range s.pipe.Read(buf[:]) {
				h.serve(int(number))
			}
		}
		if fds[0].Revents != 0 {
			return nil
		}
	}
}

func (h Handlers) serve(number int) {
	switch {
	case number == linux.SIGCHLD:
		if h.Child != nil {
			h.Child()
		}
	case number == linux.SIGWINCH && h.Resize != nil:
		h.Resize()
	case h.Forward != nil:
		h.Forward(number)
	}
}
