package wire

import (
	"encoding/binary"
	"fmt"
)

// MaxArgs is how many arguments a step has at most.
const MaxArgs = 6

// Slot is a descriptor that the parent hands over, by its place in the order
// of sending.
type Slot int

// NoSlot stands where a descriptor may be absent.
const NoSlot Slot = -1

// Step is one step as the plan holds it. Field is the JSON path of the config
// field it comes from, or a word for what no field asks for. An argument is a
// uint64, Slot, string, []string, Pairs, []uint32 or []byte; init sees numbers
// as they are and everything else as an address.
type Step struct {
	Kind  Kind
	Field string
	Args  []any
}

// Pairs are parameters of a filesystem: key and value in turn. A key without a
// value has Flag in the value's place.
type Pairs []string

// Flag stands for "no value" in Pairs. It holds a NUL, so no value can be it.
const Flag = "\x00"

// Header begins the program. All fields are in the machine's byte order.
type Header struct {
	Magic uint64
	Size  uint64
	Count uint64
	_     uint64
}

// Row is a step as init reads it from the mapped program.
type Row struct {
	Kind  Kind
	_     [6]byte
	Field uintptr
	Args  [MaxArgs]uintptr
}

const (
	headerSize = 32
	rowSize    = 8 + 8 + 8*MaxArgs
)

// RowAddr is the address of row i of the mapped program.
func RowAddr(i int) uintptr { return Base + headerSize + uintptr(i)*rowSize }

// Encode lays the program out for mapping at Base. Strings are NUL-terminated;
// one with a NUL inside is an error (CVE-2021-43784 was a length that lied).
func Encode(steps []Step) ([]byte, error) {
	e := encoder{head: headerSize + rowSize*len(steps)}
	rows := make([]byte, 0, e.head)
	order := binary.NativeEndian
	for _, s := range steps {
		if len(s.Args) > MaxArgs || s.Kind == None || s.Kind >= kinds {
			return nil, fmt.Errorf("%s: step %q with %d arguments: not encodable", s.Field, s.Kind.Name(), len(s.Args))
		}
		rows = order.AppendUint64(rows, uint64(s.Kind))
		rows = order.AppendUint64(rows, e.text(s.Field))
		for i := range MaxArgs {
			v := uint64(0)
			if i < len(s.Args) {
				v = e.arg(s.Args[i])
			}
			rows = order.AppendUint64(rows, v)
		}
		if e.err != nil {
			return nil, fmt.Errorf("%s: %w", s.Field, e.err)
		}
	}
	size := e.head + len(e.data)
	if size > MaxProgram {
		return nil, fmt.Errorf("program of %d bytes: larger than %d", size, MaxProgram)
	}
	out := make([]byte, 0, size)
	out = order.AppendUint64(out, Magic)
	out = order.AppendUint64(out, uint64(size))
	out = order.AppendUint64(out, uint64(len(steps)))
	out = order.AppendUint64(out, 0)
	out = append(out, rows...)
	return append(out, e.data...), nil
}

type encoder struct {
	head int
	data []byte
	err  error
}

func (e *encoder) arg(a any) uint64 {
	switch v := a.(type) {
	case uint64:
		return v
	case Slot:
		return uint64(int64(v))
	case string:
		return e.text(v)
	case []byte:
		return e.bytes(v)
	case []uint32:
		var b []byte
		for _, n := range v {
			b = binary.NativeEndian.AppendUint32(b, n)
		}
		return e.bytes(b)
	case []string:
		return e.vector(v, e.text)
	case Pairs:
		return e.vector(v, e.flagOrText)
	}
	e.err = fmt.Errorf("argument of type %T: not encodable", a)
	return 0
}

func (e *encoder) bytes(b []byte) uint64 {
	for len(e.data)%8 != 0 {
		e.data = append(e.data, 0)
	}
	at := Base + uint64(e.head) + uint64(len(e.data))
	e.data = append(e.data, b...)
	return at
}

func (e *encoder) text(s string) uint64 {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			e.err = fmt.Errorf("string %q: holds a NUL byte", s)
			return 0
		}
	}
	at := Base + uint64(e.head) + uint64(len(e.data))
	e.data = append(e.data, s...)
	e.data = append(e.data, 0)
	return at
}

// vector lays out addresses of strings and a closing 0, as execve wants them.
func (e *encoder) vector(list []string, text func(string) uint64) uint64 {
	var at []byte
	for _, s := range list {
		at = binary.NativeEndian.AppendUint64(at, text(s))
	}
	return e.bytes(binary.NativeEndian.AppendUint64(at, 0))
}

// flagOrText makes the address 1 of a Flag: not 0, which ends the vector.
func (e *encoder) flagOrText(s string) uint64 {
	if s == Flag {
		return 1
	}
	return e.text(s)
}
