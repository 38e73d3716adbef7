// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package exeseal

import (
	"runtime"

	"github.com/oci-rung/rung/internal/linux"
)

// Opening is our own binary being opened.
type Opening struct {
	done chan struct{}
	fd   linux.FD
	way  Way
	err  error
}

// Begin opens our own binary, as Open does, in another thread: it spends most
// of the time waiting for a grace period of the kernel, and the caller has
// other things to do.
func Begin() *Opening {
	o := &Opening{done: make(chan struct{})}
	go func() {
		o.fd, o.way, o.err = sealBy(exe, Mount, Overlay, Copy)
		close(o.done)
	}()
	// This thread goes on with the goroutine, which soon waits.
	runtime.Gosched()
	return o
}

// Take returns what Open would have returned; the caller owns it.
func (o *Opening) Take() (linux.FD, error) {
	<-o.done
	fd := o.fd
	o.fd = linux.NoFD
	return fd, o.err
}

// Way is by which way it was opened.
func (o *Opening) Way() Way {
	<-o.done
	return o.way
}

// Close closes what nobody took.
func (o *Opening) Close() error {
	fd, err := o.Take()
	if err != nil {
		return nil
	}
	return fd.Close()
}
