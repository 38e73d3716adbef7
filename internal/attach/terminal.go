// Package attach ties a container that runs in the foreground to the process
// that runs it: the caller's terminal to the container's pty, and the signals
// that this process gets to the payload.
//
// It runs in the parent, which does nothing else in the meantime, and may
// assume that the container's pty is this process's alone.
package attach

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// drainLimit bounds how long the last output is read after the payload ended,
// while somebody else goes on writing to the pty.
const drainLimit = time.Second

// stuckInput bounds the wait for a read of the caller's input that another
// reader of the same terminal got ahead of.
const stuckInput = 100 * time.Millisecond

// Terminal is the caller's terminal, joined to a container's pty.
type Terminal struct {
	master *os.File
	peer   *os.File // kept open while the payload lives, see Attach
	in     *os.File // the caller's input
	out    *os.File // the caller's output
	host   *os.File // where the caller's window size is read, or nil

	saved  linux.TerminalMode
	rawSet bool

	ended   linux.Wakeup // readable once the payload has ended
	inDone  chan struct{}
	outDone chan struct{}
	close   sync.Once
}

// SetSize gives a container's pty its size; one of nothing at all leaves it as
// it is.
func SetSize(master *os.File, size linux.WindowSize) error {
	if size == (linux.WindowSize{}) {
		return nil
	}
	return linux.SetWindowSize(master, size)
}

// CallerSize is the size of the first of files that is a terminal, zero if
// none is.
func CallerSize(files ...*os.File) linux.WindowSize {
	if f := firstTerminal(files); f != nil {
		if size, err := linux.GetWindowSize(f); err == nil {
			return size
		}
	}
	return linux.WindowSize{}
}

func firstTerminal(files []*os.File) *os.File {
	for _, f := range files {
		if f != nil && linux.IsTerminal(f) {
			return f
		}
	}
	return nil
}

// Attach copies between the pty master, which it takes over, and the caller's
// in and out, until Close. If in is a terminal it is put into raw mode: keys
// such as ^C go to the payload. Without a terminal there is only the copying.
// A line feed leaves the pty as it was written: the caller's terminal adds the
// carriage return, and a file gets none.
func Attach(master, in, out *os.File) (*Terminal, error) {
	t := &Terminal{
		master: master, in: in, out: out, host: firstTerminal([]*os.File{in, out}),
		inDone: make(chan struct{}), outDone: make(chan struct{}),
	}
	var err error
	if t.ended, err = linux.NewWakeup(); err != nil {
		_ = master.Close()
		return nil, err
	}
	// Our own hold on the other end: a payload that closes its terminal and
	// opens it again later must not look like one that has ended. Where the
	// kernel does not give it to us, such a payload's later output is lost.
	t.peer, _ = linux.OpenPtyPeer(master)
	if err := t.setModes(); err != nil {
		t.release()
		return nil, err
	}
	go t.copyOutput()
	go t.copyInput()
	return t, nil
}

func (t *Terminal) setModes() error {
	if err := linux.SetNonblock(t.master); err != nil {
		return err
	}
	pty, err := linux.GetTerminalMode(t.master)
	if err == nil {
		err = linux.SetTerminalMode(t.master, pty.WithoutONLCR())
	}
	if err != nil {
		return err
	}
	if t.in == nil || !linux.IsTerminal(t.in) {
		return nil
	}
	mode, err := linux.GetTerminalMode(t.in)
	if err != nil {
		return err
	}
	if err := linux.SetTerminalMode(t.in, mode.Raw()); err != nil {
		return err
	}
	t.saved, t.rawSet = mode, true
	return nil
}

// Resize gives the pty the size of the caller's terminal.
func (t *Terminal) Resize() error {
	if t.host == nil {
		return nil
	}
	size, err := linux.GetWindowSize(t.host)
	if err != nil {
		return err
	}
	return linux.SetWindowSize(t.master, size)
}

// Close is called once the payload has ended: it hands on what was written up
// to then and gives the caller's terminal its mode back. The second call and
// those after it do nothing.
func (t *Terminal) Close() error {
	var err error
	t.close.Do(func() {
		if t.peer != nil {
			_ = t.peer.Close()
		}
		err = t.ended.Wake()
		<-t.outDone
		select {
		case <-t.inDone:
		case <-time.After(stuckInput):
		}
		err = errors.Join(err, t.release())
	})
	return err
}

func (t *Terminal) release() error {
	var err error
	if t.rawSet {
		err = linux.SetTerminalMode(t.in, t.saved)
	}
	return errors.Join(err, t.master.Close(), t.ended.Close())
}

// copyOutput hands what the payload writes to the caller. Once the payload has
// ended it goes on until the pty is empty: the kernel moves what the other end
// wrote before it answers that there is nothing, so no byte is missed.
func (t *Terminal) copyOutput() {
	defer close(t.outDone)
	fds := []linux.PollFd{
		{Fd: int32(t.master.Fd()), Events: linux.PollIn},
		{Fd: int32(t.ended.Fd()), Events: linux.PollIn},
	}
	buf := make([]byte, 32<<10)
	var deadline time.Time
	for {
		if _, err := linux.Poll(fds, linux.NoTimeout); err != nil {
			return
		}
		ended := fds[1].Revents != 0
		if fds[0].Revents == 0 {
			if ended {
				return
			}
			continue
		}
		n, err := linux.ReadNow(t.master, buf)
		// EIO: everybody closed the other end. EAGAIN: a hangup was seen
		// and is over, somebody opened it again.
		if n == 0 && !errors.Is(err, linux.EAGAIN) {
			return
		}
		// A caller that reads no more must not stop the payload, so what
		// it did not take is dropped.
		_ = writeAll(t.out, buf[:n], nil)
		if ended && deadline.IsZero() {
			deadline = time.Now().Add(drainLimit)
		}
		if ended && time.Now().After(deadline) {
			return
		}
	}
}

// copyInput hands what the caller types to the payload, and the end of it as
// the character that ends a terminal's input.
func (t *Terminal) copyInput() {
	defer close(t.inDone)
	if t.in == nil {
		return
	}
	fds := []linux.PollFd{
		{Fd: int32(t.in.Fd()), Events: linux.PollIn},
		{Fd: int32(t.ended.Fd()), Events: linux.PollIn},
	}
	buf := make([]byte, 4<<10)
	for {
		if _, err := linux.Poll(fds, linux.NoTimeout); err != nil || fds[1].Revents != 0 {
			return
		}
		n, err := linux.ReadNow(t.in, buf)
		if errors.Is(err, linux.EAGAIN) {
			continue
		}
		if n == 0 {
			if eof, ok := linux.EndOfFile(t.master); ok && err == nil {
				_ = writeAll(t.master, []byte{eof}, &t.ended)
			}
			return
		}
		if err := writeAll(t.master, buf[:n], &t.ended); err != nil {
			return
		}
	}
}

// writeAll writes p to f, waiting while f takes nothing; if stop is readable
// first, it gives up without an error.
func writeAll(f *os.File, p []byte, stop *linux.Wakeup) error {
	fds := []linux.PollFd{{Fd: int32(f.Fd()), Events: linux.PollOut}}
	if stop != nil {
		fds = append(fds, linux.PollFd{Fd: int32(stop.Fd()), Events: linux.PollIn})
	}
	for len(p) > 0 {
		n, err := linux.WriteNow(f, p)
		p = p[n:]
		if err == nil {
			continue
		}
		if !errors.Is(err, linux.EAGAIN) {
			return err
		}
		if _, err := linux.Poll(fds, linux.NoTimeout); err != nil {
			return err
		}
		if stop != nil && fds[1].Revents != 0 {
			return nil
		}
	}
	return nil
}
