package hooks

import "strings"

// kept is how much of each output is kept for the error message.
const kept = 64 << 10

// tail keeps the end of what is written to it: a program that prints much and
// fails says last why.
type tail struct {
	b     []byte // at most twice kept
	total int    // all that was ever written
}

// room returns space for the next piece of output.
func (t *tail) room() []byte {
	if len(t.b) > kept {
		t.b = t.b[:copy(t.b, t.b[len(t.b)-kept:])]
	}
	const piece = 4 << 10
	if cap(t.b)-len(t.b) < piece {
		t.b = append(make([]byte, 0, min(2*cap(t.b)+piece, 2*kept)), t.b...)
	}
	return t.b[len(t.b):cap(t.b)]
}

// grow says that the first n bytes of room were filled.
func (t *tail) grow(n int) {
	t.b = t.b[:len(t.b)+n]
	t.total += n
}

// String returns the end of the output without the last line's end.
func (t *tail) String() string {
	s := string(t.b[max(0, len(t.b)-kept):])
	if t.total > len(s) {
		s = "… " + s
	}
	return strings.TrimRight(s, "\n")
}
