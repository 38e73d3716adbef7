package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unsafe"
)

// sent is a frame's bytes as init sends them: memory, cut after the text.
func sent(f *Frame) []byte {
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(f)), f.Size()))
}

func failFrame(field, object, detail string) *Frame {
	f := &Frame{Type: Fail, Step: 9, Kind: Mount, Op: OpMoveMount, Errno: -3, Args: [2]uint64{1 << 40, 2}}
	f.Field, f.Object, f.Detail = uint32(len(field)), uint32(len(object)), uint32(len(detail))
	copy(f.Text[:], field+object+detail)
	return f
}

func TestDecode(t *testing.T) {
	long := strings.Repeat("é", TextMax/2)
	for _, texts := range [][3]string{
		{"mounts[1].source", "/dev/pts", "e devpts: no"},
		{"", "", ""},
		{"", "only an object", ""},
		{long, long, long},
	} {
		f := failFrame(texts[0], texts[1], texts[2])
		got, err := Decode(sent(f))
		want := Received{Type: Fail, Args: [2]uint64{1 << 40, 2}, Fail: Failure{
			Kind: Mount, Step: 9, Op: OpMoveMount, Errno: -3, Field: texts[0], Object: texts[1], Detail: texts[2]}}
		if err != nil || got != want {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	if n := len(sent(failFrame(long, long, long))); n != FrameSize {
		t.Errorf("the longest message has %d bytes, FrameSize is %d", n, FrameSize)
	}
}

func TestPlain(t *testing.T) {
	b := Plain(Program, 1<<63, 7)
	got, err := Decode(b)
	if want := (Received{Type: Program, Args: [2]uint64{1 << 63, 7}}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	// init does not decode: it reads the same bytes as a struct.
	var f Frame
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&f)), len(b)), b)
	if f.Type != Program || f.Args != [2]uint64{1 << 63, 7} || f.Size() != len(b) {
		t.Errorf("as a frame: type %d args %v size %d of %d", f.Type, f.Args, f.Size(), len(b))
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := sent(failFrame("a", "bc", "def"))
	with := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.NativeEndian.PutUint32(b[at:], v)
		return b
	}
	for _, test := range []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"half a head", good[:frameHead/2]},
		{"a head short of one byte", Plain(Go, 0, 0)[:frameHead-1]},
		{"text cut off", good[:len(good)-1]},
		{"text too much", append(bytes.Clone(good), 'x')},
		{"no type", with(0, uint32(NoMessage))},
		{"unknown type", with(0, uint32(messages))},
		{"huge type", with(0, 1<<31)},
		{"field longer than the text", with(32, 7)},
		{"lengths that overflow", with(36, 1<<32-1)},
		{"text longer than allowed", append(with(40, TextMax+1), make([]byte, TextMax+1-3)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := Decode(test.b); !errors.Is(err, ErrFrame) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Plain(Asked, uint64(Ready), 0))
	f.Add(sent(failFrame("process.cwd", "/x", "the directory is outside of the container")))
	f.Add(sent(failFrame("", strings.Repeat("o", TextMax), "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		// What is accepted is complete: written out again it is the same
		// message, but for the four bytes that mean nothing.
		again := failFrame(r.Fail.Field, r.Fail.Object, r.Fail.Detail)
		again.Type, again.Step, again.Kind, again.Op = r.Type, uint32(r.Fail.Step), r.Fail.Kind, r.Fail.Op
		again.Errno, again.Args = int32(r.Fail.Errno), r.Args
		c := sent(again)
		copy(c[44:frameHead], b[44:frameHead])
		if !bytes.Equal(b, c) {
			t.Errorf("got  %x\nwant %x", c, b)
		}
		// Names are for people and never panic, whatever init says.
		_, _, _ = r.Fail.Kind.Name(), r.Fail.Op.Name(), Request(r.Args[0]).Name()
	})
}

// TestTables: the tables that become documents name every constant once.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	once := func(table, name string) {
		if name == "" || seen[table+name] {
			t.Errorf("%s: name %q is missing or not unique", table, name)
		}
		seen[table+name] = true
	}
	if got := len(Rules()); got != int(kinds)-1 {
		t.Errorf("%d rules, %d kinds", got, kinds-1)
	}
	for i, r := range Rules() {
		if r.Kind != Kind(i+1) {
			t.Errorf("rule %d is for kind %d: CheckOrder goes by position", i, r.Kind)
		}
		once("step", r.Name)
		if r.Does == "" || r.Kind.Name() != r.Name {
			t.Errorf("step %s does %q, is called %q", r.Name, r.Does, r.Kind.Name())
		}
	}
	if got := len(Messages()); got != int(messages)-1 {
		t.Errorf("%d messages, %d types", got, messages-1)
	}
	for i, m := range Messages() {
		if m.Type != Type(i+1) || m.Means == "" || m.From == "" {
			t.Errorf("message %d: %+v", i, m)
		}
		once("message", m.Name)
	}
	for o := range ops {
		once("op", o.Name())
	}
	for r := IDMap; r <= Ready; r++ {
		once("request", r.Name())
		if !strings.Contains(Messages()[Asked-1].Means, r.Name()) {
			t.Errorf("the message table does not name the request %s", r.Name())
		}
	}
	if got := Op(60000).Name() + Kind(60000).Name() + Request(60000).Name(); got != "stepstep?request?" {
		t.Errorf("names of what does not exist: %q", got)
	}
}
