// Runs in: init, at any step. Sees: container namespaces. Holds: what the step table says.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// frame begins a message of the given type in the stage's one buffer.
func (s *stage) begin(t wire.Type) *wire.Frame {
	f := &s.frame
	f.Type, f.Step, f.Kind, f.Op, f.Errno = t, uint32(s.index), wire.None, wire.OpNone, 0
	f.Args[0], f.Args[1] = 0, 0
	f.Field, f.Object, f.Detail = 0, 0, 0
	return f
}

// send sends the begun message, with a descriptor unless pass is negative.
func (s *stage) send(pass int) raw.Errno {
	b := raw.Bytes(raw.AddrOf(&s.frame), s.frame.Size())
	return raw.Send(s.control, b, pass)
}

// receive waits for a message of the given type and takes its descriptors.
func (s *stage) receive(want wire.Type, fds []int32) bool {
	b := raw.Bytes(raw.AddrOf(&s.frame), wire.FrameSize)
	n, got, e := raw.Receive(s.control, b, fds)
	if e != 0 {
		return s.fail(wire.OpReceive, e, nil)
	}
	if n == 0 {
		// The parent is gone or gave up: there is nobody to tell.
		raw.Exit(exitFailed)
	}
	if s.frame.Type != want {
		return s.fail(wire.OpReceive, raw.EPROTO, nil)
	}
	s.nslots += got
	return true
}

// ask asks the parent to do something outside and waits until it is done. A
// parent that cannot do it closes the connection. One that has no privilege
// over what nobody may look into gets to see this process meanwhile; the plan
// asks for that only where nobody else of the container is there yet.
func (s *stage) ask() bool {
	visible := s.row.Args[1]
	if visible != 0 {
		if e := raw.Prctl(raw.PrDumpable, 1, 0); e != 0 {
			return s.fail(wire.OpPrctl, e, nil)
		}
	}
	s.begin(wire.Asked).Args[0] = uint64(s.row.Args[0])
	if e := s.send(-1); e != 0 {
		return s.fail(wire.OpSend, e, nil)
	}
	if !s.receive(wire.Answer, nil) {
		return false
	}
	if visible == 0 {
		return true
	}
	return s.check(wire.OpPrctl, raw.Prctl(raw.PrDumpable, 0, 0))
}

// wait waits for the word to start: on the parent's socket for `run`, on a
// connection to the listening socket in the state directory for `start`.
func (s *stage) wait() bool {
	if int(s.row.Args[0]) >= 0 {
		listen := s.slot(0)
		raw.Close(s.control)
		conn, e := raw.Accept(listen)
		if e != 0 {
			raw.Exit(exitFailed)
		}
		raw.Close(listen)
		s.control = conn
	}
	return s.receive(wire.Go, nil)
}

// report sends why the running step failed, waits until the reader has looked
// at what it wants to look at and closed the connection, and ends init.
func (s *stage) report() {
	f := s.begin(wire.Fail)
	f.Op, f.Errno, f.Args[0] = s.op, int32(s.errno), s.status
	if s.row.Kind != wire.None {
		f.Kind = s.row.Kind
		f.Field = s.put(0, raw.Text(s.row.Field))
	}
	f.Object = s.put(f.Field, s.object.bytes())
	f.Detail = s.put(f.Field+f.Object, s.detail.bytes())
	if s.send(-1) == 0 {
		_, _ = raw.PollIn(s.control, failWait)
	}
	raw.Exit(exitFailed)
}

// put copies text behind what the message holds already.
func (s *stage) put(at uint32, text []byte) uint32 {
	n := 0
	for n < len(text) && n < wire.TextMax && int(at)+n < len(s.frame.Text) {
		s.frame.Text[int(at)+n] = text[n]
		n++
	}
	return uint32(n)
}
