package wire

import (
	"encoding/binary"
	"errors"
)

// Type is the type of a message.
type Type uint32

// The messages on the socket between init and its parent (and, for Go and
// Fail, between init and the command that starts it).
const (
	NoMessage Type = iota
	Program
	Descriptors
	Asked
	Answer
	Forked
	Terminal
	Listener
	Go
	Fail
	messages
)

// Message is one row of the message table.
type Message struct {
	Type  Type
	Name  string
	From  string
	FDs   string
	Means string
}

// Messages returns the message table.
func Messages() []Message {
	return []Message{
		{Program, "program", "parent", "-", "the program is complete: map it; arg 0 is its size, arg 1 the number of descriptors that follow"},
		{Descriptors, "descriptors", "parent", "1…128", "the next descriptors, in the order of their slots"},
		{Asked, "ask", "init", "-", "arg 0 is the request: idmap, same maps, time offsets, oom score, cgroup, network devices, hooks, priorities, ready"},
		{Answer, "answer", "parent", "-", "go on; a refusal is the end of the connection"},
		{Forked, "forked", "init", "1", "a pidfd of the sibling that goes on"},
		{Terminal, "terminal", "init", "1", "the master of the terminal"},
		{Listener, "listener", "init", "1", "the listener of the filter that init is under from now on; nothing is answered"},
		{Go, "go", "parent, start", "-", "execute the payload"},
		{Fail, "fail", "init", "-", "a step failed: kind, call, errno, and field, object, detail as text; end of file without it means that the payload runs"},
	}
}

// TextMax bounds the three texts of a message, each.
const TextMax = 1024

// FrameSize is the size of the largest message.
const FrameSize = frameHead + 3*TextMax

// Frame is a message in memory. It is sent whole, with Text cut after the
// three lengths, which follow one another: field, object, detail.
type Frame struct {
	Type   Type
	Step   uint32
	Kind   Kind
	Op     Op
	Errno  int32
	Args   [2]uint64
	Field  uint32
	Object uint32
	Detail uint32
	_      uint32
	Text   [3 * TextMax]byte
}

// frameHead is where Text begins; a test holds it against the struct.
const frameHead = 48

// Failure is a Fail message in the parent's hands.
type Failure struct {
	Kind   Kind
	Step   int
	Op     Op
	Errno  int
	Field  string
	Object string
	Detail string
}

// ErrFrame is the error for a message that is not one of ours.
var ErrFrame = errors.New("message from init: malformed")

// Received is a decoded message.
type Received struct {
	Type Type
	Args [2]uint64
	Fail Failure
}

// Decode reads a message that init sent.
func Decode(b []byte) (Received, error) {
	if len(b) < frameHead {
		return Received{}, ErrFrame
	}
	order := binary.NativeEndian
	var r Received
	r.Type = Type(order.Uint32(b))
	f := &r.Fail
	f.Step = int(order.Uint32(b[4:]))
	f.Kind, f.Op = Kind(order.Uint16(b[8:])), Op(order.Uint16(b[10:]))
	f.Errno = int(int32(order.Uint32(b[12:])))
	r.Args[0], r.Args[1] = order.Uint64(b[16:]), order.Uint64(b[24:])
	text := b[frameHead:]
	for i, to := range []*string{&f.Field, &f.Object, &f.Detail} {
		n := int(order.Uint32(b[32+4*i:]))
		if n > TextMax || n > len(text) {
			return Received{}, ErrFrame
		}
		*to, text = string(text[:n]), text[n:]
	}
	if len(text) != 0 || r.Type == NoMessage || r.Type >= messages {
		return Received{}, ErrFrame
	}
	return r, nil
}

// Plain returns a message without texts, as the parent sends them.
func Plain(t Type, a, b uint64) []byte {
	out := make([]byte, frameHead)
	order := binary.NativeEndian
	order.PutUint32(out, uint32(t))
	order.PutUint64(out[16:], a)
	order.PutUint64(out[24:], b)
	return out
}

// Size is how many bytes of a frame are sent when it has n bytes of text.
func (f *Frame) Size() int {
	return frameHead + int(f.Field) + int(f.Object) + int(f.Detail)
}
