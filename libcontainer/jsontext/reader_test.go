package jsontext

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// read is a document as encoding/json gives it to an empty interface.
func read(r *Reader) any {
	switch r.Peek() {
	case '{':
		m := map[string]any{}
		for ok := r.Open('{'); ok; ok = r.Next('}') {
			name := r.Name()
			m[name] = read(r)
		}
		return m
	case '[':
		l := []any{}
		for ok := r.Open('['); ok; ok = r.Next(']') {
			l = append(l, read(r))
		}
		return l
	case '"':
		return r.Text()
	case 't', 'f':
		return r.Bool()
	case 'n':
		if !r.Null() {
			r.Refuse("no null")
		}
		return nil
	}
	return r.Float()
}

var documents = []string{
	`null`, `true`, `false`, `0`, `-0`, `-1.5e+3`, `1E-2`, `""`, `"x"`, `[]`, `{}`, " [ 1 , \"a\" , null ,\t{\r\n} ] ", `{"a":{"b":[{},[[]]]},"":1}`,
	`"\"\\\/\b\f\n\r\t"`, `"\u00e9\u20AC"`, `"é€😀"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`,
	`"\ud83d\ud83d\ude00"`, "\"\xff\"", "\"a\xc3(\"", `"\uD83D\n"`, "\"\x7f\"", `{"\u0061":1}`, `{"a":1,"a":2}`,
	``, ` `, `nul`, `nulll`, `truer`, `"`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\n\"", "\"\\\n\"", "\"\\n\n\"", `01`, `-`, `1.`, `.1`, `1e`, `1e+`, `+1`, `1 2`, "1\x00", "\x00",
	`[`, `[1`, `[1,`, `[1,]`, `[,]`, `[1 2]`, `[}`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a" 1}`, `{1:2}`, `{]`, `1e999`,
}

func compare(t *testing.T, doc string) {
	t.Helper()
	var want any
	wantErr := json.Unmarshal([]byte(doc), &want)
	r := NewReader(doc, 100)
	got := read(r)
	r.End()
	if (r.Err() == nil) != (wantErr == nil) {
		t.Errorf("%.200q: got %v want %v", doc, r.Err(), wantErr)
	} else if wantErr == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%.200q: got %#v want %#v", doc, got, want)
	}
	r = NewReader(doc, 100)
	r.Skip()
	r.End()
	if valid := json.Valid([]byte(doc)); (r.Err() == nil) != valid {
		t.Errorf("skip %.200q: got %v want valid %t", doc, r.Err(), valid)
	}
}

func TestReadsAsEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		compare(t, doc)
		compare(t, `{"a":[`+doc+`]}`)
	}
}

func FuzzReadsAsEncodingJSON(f *testing.F) {
	for _, doc := range documents {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if strings.Count(doc, "[")+strings.Count(doc, "{") < 100 { // else too deep for one of both
			compare(t, doc)
		}
	})
}

func TestDepth(t *testing.T) {
	for _, c := range []struct {
		doc string
		ok  bool
	}{{`[[[]]]`, true}, {`[[[[]]]]`, false}, {`{"a":{"b":[]}}`, true}, {`{"a":{"b":[{}]}}`, false}, {`[[[]],[[]],[]]`, true}} {
		r := NewReader(c.doc, 3)
		r.Skip()
		r.End()
		if got := r.Err() == nil; got != c.ok {
			t.Errorf("%s: got %v want accepted %t", c.doc, r.Err(), c.ok)
		}
	}
}

func TestFirstMistakeStays(t *testing.T) {
	cause := errors.New("cause")
	r := NewReader(`{"a":1}`, 1)
	r.Open('{')
	r.Fail(cause)
	r.Fail(errors.New("another"))
	if r.Name() != "" || r.Text() != "" || r.Int() != 0 || r.Uint() != 0 || r.Float() != 0 || r.Bool() || r.Null() || r.Number() != "" || r.Peek() != 0 ||
		r.Open('{') || r.Next('}') {
		t.Error("reads on behind a mistake")
	}
	r.Skip()
	r.End()
	if r.Err() != cause {
		t.Errorf("got %v want the first cause", r.Err())
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		doc      string
		signed   int64
		unsigned uint64
		isInt    bool
		isUint   bool
	}{
		{"0", 0, 0, true, true}, {"-0", 0, 0, true, false}, {"-1", -1, 0, true, false}, {"1.0", 0, 0, false, false}, {"1e2", 0, 0, false, false},
		{"9223372036854775807", 1<<63 - 1, 1<<63 - 1, true, true}, {"9223372036854775808", 0, 1 << 63, false, true},
		{"-9223372036854775808", -1 << 63, 0, true, false}, {"18446744073709551615", 0, 1<<64 - 1, false, true}, {"18446744073709551616", 0, 0, false, false},
		{`"1"`, 0, 0, false, false},
	} {
		r := NewReader(c.doc, 0)
		if got := r.Int(); (r.Err() == nil) != c.isInt || c.isInt && got != c.signed {
			t.Errorf("Int %s: got %d, %v want %d, %t", c.doc, got, r.Err(), c.signed, c.isInt)
		}
		r = NewReader(c.doc, 0)
		if got := r.Uint(); (r.Err() == nil) != c.isUint || c.isUint && got != c.unsigned {
			t.Errorf("Uint %s: got %d, %v want %d, %t", c.doc, got, r.Err(), c.unsigned, c.isUint)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for doc, want := range map[string]string{
		"":            "byte 0: want '['",
		`["a", "b`:    "byte 8: string without an end",
		`["a" "b"]`:   "byte 5: want ',' or ']'",
		`["a"] x`:     "byte 6: more after the end",
		"[\n\"\\q\"]": "byte 5: unknown escape sequence",
	} {
		r := NewReader(doc, 1)
		for ok := r.Open('['); ok; ok = r.Next(']') {
			r.Text()
		}
		r.End()
		if err := r.Err(); err == nil || err.Error() != want {
			t.Errorf("%q: got %v want %s", doc, err, want)
		}
	}
}
