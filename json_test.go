package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oci-rung/rung/libcontainer"
)

// texts has something in it for every branch of the writer.
var texts = []string{
	"", "x", `a"b\c`, "tab\tline\nbell\a\x7f", "é€😀", "half \xff\xc3", "</script>&",
	"\u2028", strings.Repeat("long ", 100),
}

// Every field of a state is written as encoding/json writes it, those that
// are added some day too.
func TestStateAsEncodingJSON(t *testing.T) {
	for i, text := range texts {
		var s libcontainer.State
		v := reflect.ValueOf(&s).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); f.Interface().(type) {
			case string:
				f.SetString(text)
			case int:
				f.SetInt(4711)
			case time.Time:
				f.Set(reflect.ValueOf(time.Date(2026, 11, 21, 20, 0, 0, 123456789*(i%2), time.UTC)))
			case map[string]string:
				if text != "" {
					f.Set(reflect.ValueOf(map[string]string{"b." + text: text, "a": "", text: "c"}))
				}
			default:
				t.Fatalf("no value for field %s", v.Type().Field(i).Name)
			}
		}
		for _, indent := range []string{"", "  "} {
			got := string(appendState(nil, &s, indent))
			want, err := json.MarshalIndent(s, "", indent)
			if indent == "" {
				want, err = json.Marshal(s)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := spellOut(t, got), spellOut(t, string(want)); got != want {
				t.Errorf("text %d, indent %q:\n got %s\nwant %s", i, indent, got, want)
			}
		}
	}
}

// spellOut writes what may be escaped as it is: the two writers differ in that.
func spellOut(t *testing.T, text string) string {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\u2028`, "\u2028", `\ufffd`, "\ufffd",
		`\t`, `\u0009`, "\x7f", `\u007f`, `\b`, `\u0008`, `\f`, `\u000c`, `\r`, `\u000d`).Replace(text)
}

func TestAppendStates(t *testing.T) {
	s := &libcontainer.State{ID: "x"}
	one := string(appendState(nil, s, ""))
	for _, tc := range []struct {
		states []*libcontainer.State
		want   string
	}{
		{nil, "null"},
		{[]*libcontainer.State{s}, "[" + one + "]"},
		{[]*libcontainer.State{s, s}, "[" + one + "," + one + "]"},
	} {
		if got := string(appendStates(nil, tc.states)); got != tc.want {
			t.Errorf("got %s want %s", got, tc.want)
		}
	}
}

func TestAppendPids(t *testing.T) {
	for _, pids := range [][]int{nil, {1}, {1, 22, 333}} {
		want, _ := json.Marshal(pids)
		if got := string(appendPids(nil, pids)); got != string(want) {
			t.Errorf("got %s want %s", got, want)
		}
	}
}
