//go:build !amd64 && !arm64

package linux

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// received has the signals that os/signal delivers, while a SignalPipe is
// there; handedOver is closed when nothing comes from it any more.
var (
	received   chan os.Signal
	handedOver chan struct{}
)

func (p *SignalPipe) catch() error {
	received, handedOver = make(chan os.Signal, 64), make(chan struct{})
	list := make([]os.Signal, 0, len(p.signals))
	for _, n := range p.signals {
		if s := syscall.Signal(n); !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	go func(from <-chan os.Signal, to FD, over chan<- struct{}) {
		defer close(over)
		for s := range from {
			if n, ok := s.(syscall.Signal); ok {
				_, _ = unix.Write(int(to), []byte{byte(n)})
			}
		}
	}(received, p.write, handedOver)
	// Without a list, Notify would take it for all signals.
	if len(list) > 0 {
		signal.Notify(received, list...)
	}
	return nil
}

func (p *SignalPipe) release() error {
	signal.Stop(received)
	close(received)
	<-handedOver
	return nil
}
