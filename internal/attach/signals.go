package attach

import (
	"os"
	"os/signal"
	"sync"

	"github.com/oci-rung/rung/internal/linux"
)

// Signals receives the signals of this process, to hand them to a container.
// Receiving a signal costs tens of microseconds each to set up, so it is done
// beside the work: first what a user or a service manager stops things with,
// then, once the payload runs, the rest.
type Signals struct {
	c     chan os.Signal
	setup sync.WaitGroup
	first chan struct{} // closed when the signals of ending are received
}

// ending are the signals that would otherwise end this process in the middle
// of making a container.
func ending() []int {
	return []int{linux.SIGTERM, linux.SIGINT, linux.SIGHUP, linux.SIGQUIT}
}

// others are the rest of what is handed on, and SIGCHLD. Not among them:
// SIGKILL and SIGSTOP, which nobody can receive; what the kernel sends for a
// fault of this program; SIGPIPE, which is about our own output; SIGURG, by
// which the Go runtime interrupts its threads.
func others() []int {
	list := []int{
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

// CatchSignals begins to receive the signals that end a process.
func CatchSignals() *Signals {
	s := &Signals{c: make(chan os.Signal, 64), first: make(chan struct{})}
	s.setup.Go(func() {
		linux.NotifySignals(s.c, ending()...)
		close(s.first)
	})
	return s
}

// CatchRest begins to receive all others.
func (s *Signals) CatchRest() {
	s.setup.Go(func() {
		<-s.first
		linux.NotifySignals(s.c, others()...)
	})
}

// Stop gives the signals their old meaning back.
func (s *Signals) Stop() {
	s.setup.Wait()
	signal.Stop(s.c)
}

// Handlers is what is done about signals; nil functions are left out.
type Handlers struct {
	Forward func(signal int) // to the payload
	Resize  func()           // the caller's terminal has a new size
	Child   func()           // a child of this process has ended
}

// Serve hands signals on until done is closed. Signals that came before it
// was called are not lost.
func (s *Signals) Serve(done <-chan struct{}, h Handlers) {
	for {
		select {
		case sig := <-s.c:
			h.serve(linux.SignalNumber(sig))
		case <-done:
			return
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
