//go:build amd64 || arm64

package linux

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// handlerPipe is the descriptor that the handler writes to.
var handlerPipe int32

// before are the dispositions that this process had, while a SignalPipe is
// there.
var before [SIGRTMAX + 1]sigaction

// handlerAddresses returns where the handler begins and, if the architecture
// has one, the code that the kernel lets it return to.
func handlerAddresses() (handler, restorer uint64)

// signalHandler is called by the kernel, on the signal stack of whatever thread
// it chose. It uses nothing of Go's but handlerPipe.
func signalHandler()

// signalReturn ends the handler.
func signalReturn()

const (
	onStack  = 0x0800_0000 // SA_ONSTACK: threads of Go have no other room
	restart  = 0x1000_0000 // SA_RESTART
	restores = 0x0400_0000 // SA_RESTORER
)

func (p *SignalPipe) catch() error {
	handlerPipe = int32(p.write)
	act := sigaction{flags: onStack | restart, mask: ^uint64(0)}
	if act.handler, act.restorer = handlerAddresses(); act.restorer != 0 {
		act.flags |= restores
	}
	for i, n := range p.signals {
		err := swapAction(n, nil, &before[n])
		if err == nil && before[n].handler != ignored {
			err = swapAction(n, &act, nil)
		}
		if err != nil {
			p.signals = p.signals[:i]
			return err
		}
	}
	return nil
}

func (p *SignalPipe) release() error {
	var errs []error
	for _, n := range p.signals {
		errs = append(errs, swapAction(n, &before[n], nil))
	}
	return errors.Join(errs...)
}

// sigaction is the kernel's struct for a signal's disposition on these
// architectures.
type sigaction struct {
	handler, flags, restorer, mask uint64
}

const ignored = 1 // SIG_IGN

// swapAction sets the disposition of a signal; a nil one is not set, or not
// asked for.
func swapAction(signal int, set, old *sigaction) error {
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(set.mask), 0, 0)
	if e != 0 {
		return wrap("rt_sigaction", "", e)
	}
	return nil
}
