package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// oddText reads on in a string, at the first byte that does not stand for
// itself.
func (r *Reader) oddText(at int) string {
	s := append(make([]byte, 0, 2*(at-r.at)+32), r.text[r.at:at]...)
	r.at = at
	for r.at < len(r.text) && r.err == nil {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return string(s)
		case c == '\\':
			r.at++
			s = r.escape(s)
		case c < ' ':
			r.Refuse("control character in a string")
		case c < utf8.RuneSelf:
			s = append(s, c)
			r.at++
		default:
			c, n := utf8.DecodeRuneInString(r.text[r.at:])
			s = utf8.AppendRune(s, c)
			r.at += n
		}
	}
	r.Refuse("string without an end")
	return ""
}

// escape appends what the escape sequence behind a backslash stands for.
func (r *Reader) escape(s []byte) []byte {
	if r.at >= len(r.text) {
		return s // oddText reports the missing end
	}
	c := r.text[r.at]
	r.at++
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
			u = r.secondHalf(u)
		}
		return utf8.AppendRune(s, u)
	}
	r.Refuse("unknown escape sequence")
	return s
}

// secondHalf reads the second half of a surrogate pair. What does not pair is
// one U+FFFD, and the sequence that was not its second half is read again.
func (r *Reader) secondHalf(first rune) rune {
	before := r.at
	if r.word(`\u`) {
		if u := utf16.DecodeRune(first, r.hex4()); u != utf8.RuneError {
			return u
		}
		r.at = before
	}
	return utf8.RuneError
}

// hex4 reads four hexadecimal digits.
func (r *Reader) hex4() rune {
	var u rune
	for range 4 {
		c := byte(0)
		if r.at < len(r.text) {
			c = r.text[r.at]
		}
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			r.Refuse("want four hexadecimal digits")
			return utf8.RuneError
		}
		u = u<<4 | rune(c)
		r.at++
	}
	return u
}
