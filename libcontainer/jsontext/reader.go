package jsontext

import (
	"strconv"
	"unicode/utf8"
)

// Reader takes one JSON document apart, front to back:
//
//	for ok := r.Open('{'); ok; ok = r.Next('}') {
//		switch r.Name() {
//		case "id":
//			id = r.Text()
//		default:
//			r.Skip()
//		}
//	}
//	r.End()
//
// Each call reads one thing and passes over it; between two calls of Next
// exactly one value has to be read. Nothing is checked in advance. The first
// mistake is kept, ends every loop, and makes every later call return a zero
// value: look at Err once, behind End.
//
// It accepts and refuses what encoding/json does, and reads strings in the same
// way, but leaves types, names and null to the caller.
type Reader struct {
	text string
	at   int // the byte to be read next
	room int // how much deeper values may nest
	err  error
}

// Error is a mistake in a document.
type Error struct {
	Offset int    // in bytes
	What   string // what is wrong there
}

func (e *Error) Error() string { return "byte " + strconv.Itoa(e.Offset) + ": " + e.What }

// NewReader returns a reader of text that refuses values nested deeper than
// depth. The strings it returns are parts of text, which so lives as long as
// they do.
func NewReader(text string, depth int) *Reader { return &Reader{text: text, room: depth} }

// Err returns the first mistake: an *Error, or what Fail was given.
func (r *Reader) Err() error { return r.err }

// Fail ends the reading with err, unless it ended already.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Refuse is Fail for something wrong with what was read last.
func (r *Reader) Refuse(what string) { r.Fail(&Error{r.at, what}) }

// space are the bytes that mean nothing between two tokens, as a set of bits.
const space = 1<<' ' | 1<<'\t' | 1<<'\r' | 1<<'\n'

// Peek passes over white space and shows the next byte: 0 at the end and after
// a mistake.
func (r *Reader) Peek() byte {
	if r.err != nil {
		return 0
	}
	text, at := r.text, r.at
	for at < len(text) {
		c := text[at]
		if c > ' ' || 1<<c&uint64(space) == 0 {
			r.at = at
			return c
		}
		at++
	}
	r.at = at
	return 0
}

// want passes over the byte c.
func (r *Reader) want(c byte) bool {
	if r.Peek() == c { // never 0
		r.at++
		return true
	}
	r.Refuse("want " + strconv.QuoteRune(rune(c)))
	return false
}

// Open passes over the opening '{' of an object or '[' of an array and reports
// whether it has a first member or element.
func (r *Reader) Open(bracket byte) bool {
	if !r.want(bracket) {
		return false
	}
	if r.room == 0 {
		r.Refuse("nested too deep")
		return false
	}
	r.room--
	if r.Peek() == bracket+2 { // in ASCII each closes its second next
		return r.close()
	}
	return r.err == nil
}

// Next goes on behind a value of an object or array that ends with bracket, and
// reports whether it has another one.
func (r *Reader) Next(bracket byte) bool {
	switch r.Peek() {
	case ',':
		r.at++
		return true
	case bracket:
		return r.close()
	}
	r.Refuse("want ',' or " + strconv.QuoteRune(rune(bracket)))
	return false
}

func (r *Reader) close() bool {
	r.at++
	r.room++
	return false
}

// Name reads the name of a member and the colon behind it.
func (r *Reader) Name() string {
	name := r.Text()
	if r.want(':') {
		return name
	}
	return ""
}

// End checks that nothing but white space follows.
func (r *Reader) End() {
	r.Peek()
	if r.at < len(r.text) {
		r.Refuse("more after the end")
	}
}

// word passes over w if it comes next.
func (r *Reader) word(w string) bool {
	if len(r.text)-r.at < len(w) || r.text[r.at:r.at+len(w)] != w {
		return false
	}
	r.at += len(w)
	return true
}

// Null passes over null, if that is the value.
func (r *Reader) Null() bool { return r.Peek() == 'n' && r.word("null") }

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch c := r.Peek(); {
	case c == 't' && r.word("true"):
		return true
	case c == 'f' && r.word("false"):
		return false
	}
	r.Refuse("want true or false")
	return false
}

// Number returns the text of a number after checking its grammar.
func (r *Reader) Number() string {
	r.Peek()
	if r.err != nil {
		return ""
	}
	start := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	if first := r.at; r.digits() == 0 || r.text[first] == '0' && r.at > first+1 {
		r.Refuse("want a number")
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		if r.digits() == 0 {
			r.Refuse("want a digit")
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if r.digits() == 0 {
			r.Refuse("want a digit")
		}
	}
	return r.text[start:r.at]
}

func (r *Reader) digits() int {
	start := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
	}
	return r.at - start
}

// Int reads a whole number.
func (r *Reader) Int() int64 {
	s := r.Number()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		r.Refuse("not an integer: " + strconv.Quote(s))
	}
	return n
}

// Uint reads a whole number that is not below zero.
func (r *Reader) Uint() uint64 {
	s := r.Number()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		r.Refuse("not a natural number: " + strconv.Quote(s))
	}
	return n
}

// Float reads a number.
func (r *Reader) Float() float64 {
	s := r.Number()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		r.Refuse("not a number of 64 bits: " + strconv.Quote(s))
	}
	return f
}

// Text reads a string. Like encoding/json it turns what is not UTF-8, and
// halves of surrogate pairs, into U+FFFD.
func (r *Reader) Text() string {
	if !r.want('"') {
		return ""
	}
	text, start := r.text, r.at
	for at := start; at < len(text); at++ {
		if c := text[at]; c == '"' {
			r.at = at + 1
			return text[start:at]
		} else if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return r.oddText(at)
		}
	}
	r.at = len(text)
	r.Refuse("string without an end")
	return ""
}

// Skip passes over a value of any kind.
func (r *Reader) Skip() {
	switch r.Peek() {
	case '{':
		for ok := r.Open('{'); ok; ok = r.Next('}') {
			r.Name()
			r.Skip()
		}
	case '[':
		for ok := r.Open('['); ok; ok = r.Next(']') {
			r.Skip()
		}
	case '"':
		r.Text()
	case 't', 'f':
		r.Bool()
	case 'n':
		if !r.Null() {
			r.Refuse("want null")
		}
	default:
		r.Number()
	}
}
