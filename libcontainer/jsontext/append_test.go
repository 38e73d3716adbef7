package jsontext

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var texts = []string{
	"", "plain", `quote " and \`, "\x00\x01\x1f", "tab\tline\nreturn\r", "del \x7f", "ü€😀", "\u2028\u2029", "</script>&",
	"half \xff\xc3", "\xed\xa0\x80", "\ufffd", strings.Repeat("long ", 100),
}

// utf8Text is s as JSON can carry it.
func utf8Text(s string) string { return string([]rune(s)) }

func TestAppendTextIsReadByEncodingJSON(t *testing.T) {
	for _, s := range texts {
		b := AppendText([]byte("x"), s)[1:]
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != utf8Text(s) {
			t.Errorf("%q: got %q, %v want %q", s, got, err, utf8Text(s))
		}
		for _, c := range b {
			if c < ' ' || c == 0x7f {
				t.Errorf("%q: byte %#x in %q", s, c, b)
			}
		}
	}
}

func TestAppendLists(t *testing.T) {
	for _, list := range [][]string{nil, {"a"}, texts} {
		b := AppendList(nil, list)
		want := []string{}
		for _, s := range list {
			want = append(want, utf8Text(s))
		}
		var got []string
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, %v want %q", b, got, err, want)
		}
	}
}

func TestAppendMapSorts(t *testing.T) {
	for _, c := range []struct {
		m    map[string]string
		want string
	}{
		{nil, `{}`},
		{map[string]string{"a": "b"}, `{"a":"b"}`},
		{map[string]string{"b": "", "": "x", "a\n": "\"", "a": "c"}, `{"":"x","a":"c","a\n":"\"","b":""}`},
	} {
		if got := string(AppendMap(nil, c.m)); got != c.want {
			t.Errorf("got %s want %s", got, c.want)
		}
	}
}
