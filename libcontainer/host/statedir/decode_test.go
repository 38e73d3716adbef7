package statedir

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestDecodeRefuses(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"empty", ``, "byte 0: want '{'"},
		{"cut short", `{"version":1,"id":"x`, "string without an end"},
		{"no version", `{"id":"x"}`, "version 0"},
		{"array", `[]`, "want '{'"},
		{"more behind", `{"version":1} {}`, "more after the end"},
		{"NUL behind", "{\"version\":1}\x00", "more after the end"},
		{"pid is text", `{"version":1,"init_process_pid":"1"}`, "want a number"},
		{"pid is a fraction", `{"version":1,"init_process_pid":1.5}`, "not an integer"},
		{"pid too large", `{"version":1,"init_process_pid":99999999999999999999}`, "not an integer"},
		{"start below zero", `{"version":1,"init_process_start":-1}`, "not a natural number"},
		{"leading zero", `{"version":01}`, "want a number"},
		{"null", `{"version":1,"id":null}`, `want '"'`},
		{"time", `{"version":1,"created":"yesterday"}`, `not a time: "yesterday"`},
		{"control character", "{\"version\":1,\"id\":\"a\nb\"}", "control character"},
		{"control character behind an escape", "{\"version\":1,\"id\":\"\\na\nb\"}", "control character"},
		{"escape", `{"version":1,"id":"\x"}`, "unknown escape"},
		{"short escape", `{"version":1,"id":"\u12"}`, "hexadecimal"},
		{"comma", `{"version":1,}`, `want '"'`},
		{"deep", `{"version":1,"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "nested too deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := decodeState([]byte(tt.doc))
			if err == nil {
				t.Fatalf("got %+v want an error", s)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q want %q", err, tt.want)
			}
		})
	}
}

func TestDecodeRefusesOtherVersionBeforeItsShape(t *testing.T) {
	_, err := decodeState([]byte(`{"version":2,"id":{"new":"shape"}}`))
	if !errors.Is(err, ErrVersion) {
		t.Errorf("got %v want ErrVersion", err)
	}
}

func TestDecodePassesOverTheUnknown(t *testing.T) {
	doc := `{"version":1,"later":{"a":[1,-2.5e+3,true,false,null,"s",{},[]]},"id":"x","config":{"more":1,"mounts":[{"flags":0,"device":"d"}]}}`
	got, err := decodeState([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	want := &State{Version: 1, ID: "x", Mounts: []Mount{{Device: "d"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v want %+v", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(appendState(nil, exampleState()))
	f.Add([]byte(`{"version":1,"x":[1,{"y":null}],"id":"\ud83d\ude00"}`))
	f.Add([]byte(`{"version":1`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := decodeState(doc)
		if err != nil {
			return
		}
		if !json.Valid(doc) {
			t.Fatalf("accepted what is not JSON: %q", doc)
		}
		again, err := decodeState(appendState(nil, s))
		if err != nil {
			t.Fatalf("does not read what it wrote: %v", err)
		}
		if !s.Created.Equal(again.Created) {
			t.Fatalf("created: got %v want %v", again.Created, s.Created)
		}
		again.Created = s.Created
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("got  %+v\nwant %+v", again, s)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	doc := appendState(nil, exampleState())
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			if _, err := decodeState(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			var j jsonState
			if err := json.Unmarshal(doc, &j); err != nil {
				b.Fatal(err)
			}
		}
	})
}
