package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"unsafe"
)

// image is an encoded program, read the way init does: by address.
type image []byte

func (p image) at(addr uint64) []byte { return p[addr-Base:] }

func (p image) word(addr uint64) uint64 { return binary.NativeEndian.Uint64(p.at(addr)) }

func (p image) text(addr uint64) string {
	b := p.at(addr)
	return string(b[:bytes.IndexByte(b, 0)])
}

func (p image) vector(addr uint64) (out []string) {
	for ; p.word(addr) != 0; addr += 8 {
		if p.word(addr) == 1 {
			out = append(out, Flag)
			continue
		}
		out = append(out, p.text(p.word(addr)))
	}
	return out
}

func (p image) row(i int) (r [2 + MaxArgs]uint64) {
	for j := range r {
		r[j] = p.word(uint64(RowAddr(i)) + 8*uint64(j))
	}
	return r
}

func encode(t *testing.T, steps ...Step) image {
	t.Helper()
	b, err := Encode(steps)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLayout holds the Go structs that init maps against what Encode writes.
func TestLayout(t *testing.T) {
	for _, test := range []struct {
		name      string
		got, want uintptr
	}{
		{"header", unsafe.Sizeof(Header{}), headerSize},
		{"row", unsafe.Sizeof(Row{}), rowSize},
		{"row's field", unsafe.Offsetof(Row{}.Field), 8},
		{"row's arguments", unsafe.Offsetof(Row{}.Args), 16},
		{"frame's text", unsafe.Offsetof(Frame{}.Text), frameHead},
		{"frame", unsafe.Sizeof(Frame{}), FrameSize},
	} {
		if test.got != test.want {
			t.Errorf("%s: %d, want %d", test.name, test.got, test.want)
		}
	}
	// A kind is the low half of a word: on a big-endian machine the struct
	// would have to begin with the padding.
	if k := encode(t, Step{Kind: Exec}); Kind(binary.NativeEndian.Uint16(k[headerSize:])) != Exec {
		t.Error("the kind is not where the struct has it")
	}
}

func TestEncode(t *testing.T) {
	p := encode(t,
		Step{Kind: Mount, Field: "mounts[0]", Args: []any{
			"tmpfs", "/a", []string{"x", "", "y=z"}, Pairs{"ro", Flag, "mode", "755"}, uint64(math.MaxUint64), NoSlot}},
		Step{Kind: User, Field: "process.user", Args: []any{uint64(1), Slot(7), []uint32{5, math.MaxUint32}, []byte{1, 2, 3}}},
		Step{Kind: Exec},
	)
	h := [4]uint64{p.word(Base), p.word(Base + 8), p.word(Base + 16), p.word(Base + 24)}
	if want := [4]uint64{Magic, uint64(len(p)), 3, 0}; h != want {
		t.Errorf("header %#x, want %#x", h, want)
	}

	r := p.row(0)
	if Kind(r[0]) != Mount || p.text(r[1]) != "mounts[0]" {
		t.Errorf("row 0: kind %d field %q", r[0], p.text(r[1]))
	}
	if got := p.text(r[2]) + p.text(r[3]); got != "tmpfs/a" {
		t.Errorf("strings %q", got)
	}
	if got := strings.Join(p.vector(r[4]), "|"); got != "x||y=z" {
		t.Errorf("vector %q", got)
	}
	if got := strings.Join(p.vector(r[5]), "|"); got != "ro|"+Flag+"|mode|755" {
		t.Errorf("pairs %q", got)
	}
	if r[6] != math.MaxUint64 || int64(r[7]) != -1 {
		t.Errorf("number %#x, no slot %#x", r[6], r[7])
	}

	r = p.row(1)
	if r[2] != 1 || r[3] != 7 {
		t.Errorf("number %d slot %d", r[2], r[3])
	}
	ids := p.at(r[4])
	if a, b := binary.NativeEndian.Uint32(ids), binary.NativeEndian.Uint32(ids[4:]); a != 5 || b != math.MaxUint32 {
		t.Errorf("ids %d %d", a, b)
	}
	if got := p.at(r[5])[:3]; !bytes.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("bytes %v", got)
	}
	for _, addr := range []uint64{p.row(0)[4], p.row(0)[5], r[4], r[5]} {
		if addr%8 != 0 {
			t.Errorf("block at %#x: not aligned", addr)
		}
	}
	if last := p.row(2); last != [8]uint64{uint64(Exec), last[1]} || p.text(last[1]) != "" {
		t.Errorf("a row without arguments: %v", last)
	}
}

// TestEncodeLengths crosses the lengths at which 16-bit fields lie
// (CVE-2021-43784): each part has to come out as long as it went in.
func TestEncodeLengths(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 1<<12 - 1, 1 << 12, 1<<16 - 1, 1 << 16, 1<<16 + 1} {
		long, block := strings.Repeat("x", n), bytes.Repeat([]byte{0xff}, n)
		p := encode(t, Step{Kind: Exec, Field: long, Args: []any{long, []string{long, "next"}, block, "after"}})
		r := p.row(0)
		if len(p.text(r[1])) != n || len(p.text(r[2])) != n {
			t.Errorf("%d: field %d, string %d", n, len(p.text(r[1])), len(p.text(r[2])))
		}
		if v := p.vector(r[3]); len(v) != 2 || v[0] != long || v[1] != "next" {
			t.Errorf("%d: vector of %d", n, len(v))
		}
		if !bytes.Equal(p.at(r[4])[:n], block) || p.text(r[5]) != "after" {
			t.Errorf("%d: block or what follows it is damaged", n)
		}
	}
	// And as many: 2^16 arguments, steps.
	many := make([]string, 1<<16+1)
	p := encode(t, Step{Kind: Exec, Args: []any{many}})
	if got := len(p.vector(p.row(0)[2])); got != len(many) {
		t.Errorf("%d strings, want %d", got, len(many))
	}
	steps := make([]Step, 1<<16+1)
	for i := range steps {
		steps[i] = Step{Kind: Sysctl, Args: []any{uint64(i)}}
	}
	p = encode(t, steps...)
	if got := p.row(1 << 16)[2]; got != 1<<16 {
		t.Errorf("last row has %d", got)
	}
}

func TestEncodeRefuses(t *testing.T) {
	room := MaxProgram - headerSize - rowSize - len("f\x00") - len("\x00")
	for _, test := range []struct {
		name string
		step Step
		want string
	}{
		{"NUL in a string", Step{Exec, "f", []any{"a\x00b"}}, `f: string "a\x00b": holds a NUL byte`},
		{"NUL in a field", Step{Exec, "f\x00", nil}, "holds a NUL byte"},
		{"NUL in a vector", Step{Exec, "f", []any{[]string{"ok", "\x00"}}}, `f: string "\x00": holds a NUL byte`},
		{"NUL at the end of a vector", Step{Exec, "f", []any{[]string{"ok\x00"}}}, "holds a NUL byte"},
		{"NUL in a key", Step{Mount, "f", []any{Pairs{"a\x00", "b"}}}, "holds a NUL byte"},
		{"NUL in a value", Step{Mount, "f", []any{Pairs{"a", "\x00b"}}}, "holds a NUL byte"},
		{"no kind", Step{None, "f", nil}, `f: step "step?" with 0 arguments: not encodable`},
		{"unknown kind", Step{kinds, "f", nil}, "not encodable"},
		{"seven arguments", Step{Exec, "f", make([]any, 7)}, "with 7 arguments"},
		{"an int", Step{Exec, "f", []any{1}}, "f: argument of type int: not encodable"},
		{"nothing", Step{Exec, "f", []any{nil}}, "f: argument of type <nil>: not encodable"},
		{"too long", Step{Exec, "f", []any{strings.Repeat("x", room+1)}}, "larger than 16777216"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Encode([]Step{{Kind: Signals}, test.step})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %d bytes and %v, want an error with %q", len(p), err, test.want)
			}
		})
	}
	if p, err := Encode([]Step{{Exec, "f", []any{strings.Repeat("x", room)}}}); err != nil || len(p) != MaxProgram {
		t.Errorf("a program of %d bytes, which is allowed: %d bytes, %v", MaxProgram, len(p), err)
	}
}

// FuzzEncode: whatever text comes in comes out, or is refused for its NUL.
func FuzzEncode(f *testing.F) {
	f.Add("mounts[0].source", "/a", "b=c", []byte{1})
	f.Add("", "\x00", Flag, []byte(nil))
	f.Fuzz(func(t *testing.T, field, a, b string, block []byte) {
		b2, err := Encode([]Step{{Hook, field, []any{a, []string{a, b}, Pairs{b, a}, block}}})
		nul := strings.Contains(field+a+b, "\x00")
		if err != nil {
			if !nul {
				t.Fatal(err)
			}
			return
		}
		if nul {
			t.Fatalf("accepted %q %q %q", field, a, b)
		}
		p := image(b2)
		r := p.row(0)
		if p.text(r[1]) != field || p.text(r[2]) != a || !bytes.HasPrefix(p.at(r[5]), block) {
			t.Errorf("got %q %q", p.text(r[1]), p.text(r[2]))
		}
		if v := p.vector(r[3]); len(v) != 2 || v[0] != a || v[1] != b {
			t.Errorf("vector %q, want %q %q", v, a, b)
		}
		if v := p.vector(r[4]); len(v) != 2 || v[0] != b || v[1] != a {
			t.Errorf("pairs %q, want %q %q", v, b, a)
		}
	})
}
