// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of values that are passed over.
const maxDepth = 64

// reader takes one JSON document apart, front to back. It exists because
// encoding/json spends 130-220 µs on reflection before it decodes the first
// state of a process (BenchmarkDecode has both), a tenth of all that `state`
// takes. It is stricter than encoding/json in two ways: a null is no value, and
// names are told apart by case.
//
// The first mistake is kept in err and ends every loop; after it the methods
// return zero values.
type reader struct {
	b   []byte
	i   int
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s", r.i, what)
	}
}

// peek passes over white space and shows the next byte, 0 at the end.
func (r *reader) peek() byte {
	for r.i < len(r.b) {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\r', '\n':
			r.i++
		default:
			return c
		}
	}
	return 0
}

// take passes over the byte c if it comes next.
func (r *reader) take(c byte) bool {
	if r.err != nil || r.peek() != c || r.i >= len(r.b) {
		return false
	}
	r.i++
	return true
}

func (r *reader) want(c byte) bool {
	if r.take(c) {
		return true
	}
	r.fail("want " + strconv.QuoteRune(rune(c)))
	return false
}

// end checks that nothing but white space follows.
func (r *reader) end() {
	if r.err == nil && (r.peek() != 0 || r.i < len(r.b)) {
		r.fail("more after the end")
	}
}

// object calls member for each member of an object; member has to read the
// value.
func (r *reader) object(member func(key string)) {
	if !r.want('{') || r.take('}') {
		return
	}
	for {
		key := r.text()
		if !r.want(':') {
			return
		}
		member(key)
		if r.take('}') {
			return
		}
		if !r.want(',') {
			return
		}
	}
}

// array calls element for each element of an array; element has to read it.
func (r *reader) array(element func()) {
	if !r.want('[') || r.take(']') {
		return
	}
	for {
		element()
		if r.take(']') {
			return
		}
		if !r.want(',') {
			return
		}
	}
}

func (r *reader) word(w string) bool {
	if r.err == nil && len(r.b)-r.i >= len(w) && string(r.b[r.i:r.i+len(w)]) == w {
		r.i += len(w)
		return true
	}
	return false
}

func (r *reader) boolean() bool {
	r.peek()
	if r.word("true") {
		return true
	}
	if !r.word("false") {
		r.fail("want true or false")
	}
	return false
}

// number returns the text of a number after checking its grammar.
func (r *reader) number() string {
	r.peek()
	start := r.i
	if r.i < len(r.b) && r.b[r.i] == '-' {
		r.i++
	}
	if first := r.i; r.digits() == 0 || (r.b[first] == '0' && r.i > first+1) {
		r.fail("want a number")
	}
	if r.i < len(r.b) && r.b[r.i] == '.' {
		r.i++
		if r.digits() == 0 {
			r.fail("want a digit")
		}
	}
	if r.i < len(r.b) && (r.b[r.i] == 'e' || r.b[r.i] == 'E') {
		r.i++
		if r.i < len(r.b) && (r.b[r.i] == '+' || r.b[r.i] == '-') {
			r.i++
		}
		if r.digits() == 0 {
			r.fail("want a digit")
		}
	}
	return string(r.b[start:r.i])
}

func (r *reader) digits() int {
	start := r.i
	for r.i < len(r.b) && '0' <= r.b[r.i] && r.b[r.i] <= '9' {
		r.i++
	}
	return r.i - start
}

func (r *reader) integer() int64 {
	if r.err != nil {
		return 0
	}
	s := r.number()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		r.fail("not an integer: " + strconv.Quote(s))
	}
	return n
}

func (r *reader) unsigned() uint64 {
	if r.err != nil {
		return 0
	}
	s := r.number()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		r.fail("not a natural number: " + strconv.Quote(s))
	}
	return n
}

// text reads a string. Like encoding/json it turns what is not UTF-8, and
// halves of surrogate pairs, into U+FFFD.
func (r *reader) text() string {
	if !r.want('"') {
		return ""
	}
	start := r.i
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return string(r.b[start : r.i-1])
		case c == '\\' || c >= utf8.RuneSelf:
			return r.escapedText(start)
		case c < ' ':
			r.fail("control character in a string")
			return ""
		}
		r.i++
	}
	r.fail("string without an end")
	return ""
}

// escapedText goes on from the first byte that does not stand for itself.
func (r *reader) escapedText(start int) string {
	s := append([]byte(nil), r.b[start:r.i]...)
	for r.i < len(r.b) && r.err == nil {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return string(s)
		case c == '\\':
			r.i++
			s = r.escape(s)
		case c < ' ':
			r.fail("control character in a string")
		default:
			c, n := utf8.DecodeRune(r.b[r.i:])
			s = utf8.AppendRune(s, c)
			r.i += n
		}
	}
	r.fail("string without an end")
	return ""
}

// escape appends what the escape sequence behind a backslash stands for.
func (r *reader) escape(s []byte) []byte {
	if r.i >= len(r.b) {
		return s // escapedText reports the missing end
	}
	c := r.b[r.i]
	r.i++
	switch c {
	case '"', '\\', '/':
		return append(s, c)
	case 'b':
		return append(s, '\b')
	case 'f':
		return append(s, '\f')
	case 'n':
		return append(s, '\n')
	case 'r':
		return append(s, '\r')
	case 't':
		return append(s, '\t')
	case 'u':
		u := r.hex4()
		if utf16.IsSurrogate(u) {
			u = r.lowHalf(u)
		}
		return utf8.AppendRune(s, u)
	}
	r.fail("unknown escape sequence")
	return s
}

// lowHalf reads the second half of a surrogate pair. What does not pair is one
// U+FFFD, and the sequence that was not its second half is read again.
func (r *reader) lowHalf(high rune) rune {
	before := r.i
	if r.word(`\u`) {
		if u := utf16.DecodeRune(high, r.hex4()); u != utf8.RuneError {
			return u
		}
		if r.err == nil {
			r.i = before
		}
	}
	return utf8.RuneError
}

func (r *reader) hex4() rune {
	if len(r.b)-r.i < 4 {
		r.fail("want four hexadecimal digits")
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(r.b[r.i:r.i+4]), 16, 32)
	if err != nil {
		r.fail("want four hexadecimal digits")
		return utf8.RuneError
	}
	r.i += 4
	return rune(n)
}

// skip passes over a value of any kind.
func (r *reader) skip(depth int) {
	if depth > maxDepth {
		r.fail("nested too deep")
	}
	if r.err != nil {
		return
	}
	switch r.peek() {
	case '{':
		r.object(func(string) { r.skip(depth + 1) })
	case '[':
		r.array(func() { r.skip(depth + 1) })
	case '"':
		r.text()
	case 't', 'f':
		r.boolean()
	case 'n':
		if !r.word("null") {
			r.fail("want null")
		}
	default:
		r.number()
	}
}
