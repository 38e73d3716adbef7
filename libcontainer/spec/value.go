package spec

import (
	"slices"
	"strings"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

//go:generate go run gen/main.go -o zdecode.go

// The functions below read one value each. zdecode.go puts them together, one
// function for each struct of the runtime-spec. They do what encoding/json does
// with such a target, in its odd moments too, as other runtimes decode with it
// and a document must not mean one thing to them and another here:
//   - null empties pointers, lists and maps and leaves all else as it is;
//   - a name may be written in another case;
//   - an object or list that comes twice is read into what the first one left.

// deepest is how deep encoding/json lets values nest.
const deepest = 10000

// enter passes over null, or the opening bracket of a value that has members.
func enter(r *jsontext.Reader, bracket byte) bool { return !r.Null() && r.Open(bracket) }

// unknown finds the name among names, which have blanks between them, that is
// meant by one in another case. Without one it passes over the value, and there
// is none to read any more.
func unknown(r *jsontext.Reader, name, names string) string {
	for known := range strings.SplitSeq(names, " ") {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	r.Skip()
	return ""
}

func text[T ~string](r *jsontext.Reader, v *T) {
	if !r.Null() {
		*v = T(r.Text())
	}
}

func boolean(r *jsontext.Reader, v *bool) {
	if !r.Null() {
		*v = r.Bool()
	}
}

func signed[T ~int | ~int8 | ~int16 | ~int32 | ~int64](r *jsontext.Reader, v *T) {
	if r.Null() {
		return
	}
	n := r.Int()
	if *v = T(n); int64(*v) != n {
		r.Refuse("too large")
	}
}

func unsigned[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](r *jsontext.Reader, v *T) {
	if r.Null() {
		return
	}
	n := r.Uint()
	if *v = T(n); uint64(*v) != n {
		r.Refuse("too large")
	}
}

func pointer[T any](r *jsontext.Reader, v **T, read func(*jsontext.Reader, *T)) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = new(T)
	}
	read(r, *v)
}

func list[T any](r *jsontext.Reader, v *[]T, read func(*jsontext.Reader, *T)) {
	if r.Null() {
		*v = nil
		return
	}
	s, n := *v, 0
	for ok := r.Open('['); ok; ok = r.Next(']') {
		if n == cap(s) {
			s = slices.Grow(s[:n], 1)
		}
		if n >= len(s) {
			// Not append: encoding/json does not clear either what an
			// earlier list has left there.
			s = s[:n+1]
		}
		read(r, &s[n])
		n++
	}
	if n == 0 {
		s = []T{}
	}
	*v = s[:n]
}

func mapping[T any](r *jsontext.Reader, v *map[string]T, read func(*jsontext.Reader, *T)) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = make(map[string]T)
	}
	for ok := r.Open('{'); ok; ok = r.Next('}') {
		name := r.Name()
		var value T
		read(r, &value)
		(*v)[name] = value
	}
}

// anything reads a value whose type the document chooses.
func anything(r *jsontext.Reader, v *any) {
	switch r.Peek() {
	case '{':
		var m map[string]any
		mapping(r, &m, anything)
		*v = m
	case '[':
		var l []any
		list(r, &l, anything)
		*v = l
	case '"':
		*v = r.Text()
	case 't', 'f':
		*v = r.Bool()
	case 'n':
		*v = nil
		r.Skip()
	default:
		*v = r.Float()
	}
}
