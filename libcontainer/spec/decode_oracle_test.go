package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// compareDecoders reads data with the generated decoder and with encoding/json,
// and reports whether both read the same or both refuse.
func compareDecoders(t *testing.T, data []byte) {
	t.Helper()
	compareInto(t, data, readSpec)
	compareInto(t, data, readProcess)
}

func compareInto[T any](t *testing.T, data []byte, read func(*jsontext.Reader, *T)) {
	t.Helper()
	got, err := decodeFast(data, read)
	want := new(T)
	wantErr := json.Unmarshal(data, want)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%T of %.300s:\n got %v\nwant %v", got, data, err, wantErr)
	} else if err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%T of %.300s:\n got %s\nwant %s", got, data, encoded(got), encoded(want))
	}
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestGeneratedDecoderIsCurrent fails after an update of specs-go until
// `go generate` was run.
func TestGeneratedDecoderIsCurrent(t *testing.T) {
	cmd := exec.Command("go", "run", "gen/main.go", "-o", "-")
	cmd.Stderr = os.Stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("zdecode.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("zdecode.go is not what gen/main.go writes: run go generate ./libcontainer/spec")
	}
}

// place is a value that a config.json may hold: a document with a gap for it.
type place struct{ before, after string }

func (p place) with(value string) []byte { return []byte(p.before + value + p.after) }

// places calls visit for every place in a value of type t, down to the leaves.
func places(t reflect.Type, at place, visit func(place)) {
	visit(at)
	switch t.Kind() {
	case reflect.Pointer:
		places(t.Elem(), at, visit)
	case reflect.Slice:
		places(t.Elem(), place{at.before + "[", "]" + at.after}, visit)
	case reflect.Map:
		places(t.Elem(), place{at.before + `{"x":`, "}" + at.after}, visit)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				places(f.Type, at, visit)
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			places(f.Type, place{at.before + `{"` + name + `":`, "}" + at.after}, visit)
		}
	}
}

// values are tried in every place: each kind of value, and for numbers both
// sides of every limit.
var values = strings.Fields(`null true "" "x" "\u00e9\ud83d\ude00" [] [null] [[]] ["x"] [1] [{}] {} {"":null} {"x":{}} {"x":1}
	0 -0 1 -1 1.0 1.5 1e2 127 128 255 256 -128 -129 32767 32768 65535 65536 2147483647 2147483648 -2147483648 -2147483649
	4294967295 4294967296 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
	18446744073709551615 18446744073709551616 1e999 nul tru 01 - 1. "\x" "`)

func TestDecodeReadsEveryFieldAsEncodingJSON(t *testing.T) {
	seen := 0
	places(reflect.TypeFor[specs.Spec](), place{}, func(p place) {
		seen++
		for _, value := range values {
			data := p.with(value)
			compareInto(t, data, readSpec)
			// What is read into a value that is there already.
			first := p.with(strings.NewReplacer("[]", `["a","b"]`, "{}", `{"a":1}`).Replace(value))
			compareInto(t, slices.Concat([]byte("["), first, []byte(","), data, []byte("]")), readSpecs)
		}
		// The name in another case, and in letters that are a case of it.
		name := strings.NewReplacer("s", "ſ", "k", "\u212a")
		compareInto(t, []byte(strings.ToUpper(p.before)+"null"+p.after), readSpec)
		compareInto(t, []byte(name.Replace(p.before)+`"x"`+p.after), readSpec)
	})
	if seen < 400 {
		t.Errorf("saw %d places, want those of the whole spec", seen)
	}
}

// readSpecs reads all elements of a list into the same value.
func readSpecs(r *jsontext.Reader, v *together) {
	for ok := r.Open('['); ok; ok = r.Next(']') {
		readSpec(r, &v.Spec)
	}
}

type together struct{ specs.Spec }

// UnmarshalJSON is readSpecs for encoding/json.
func (v *together) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	for _, part := range parts {
		if err := json.Unmarshal(part, &v.Spec); err != nil {
			return err
		}
	}
	return nil
}

func TestDecodeReadsTextAsEncodingJSON(t *testing.T) {
	for _, doc := range []string{
		"", " ", "{", "}", "{}{}", "{},", "{} \t\r\n", "\x00", "{}\x00", "\ufeff{}", "\v{}", `{"a"}`, `{"a" 1}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`,
		`{"x":[1,]}`, `{"x":[,1]}`, `{"x":[1 2]}`, `{"x":{]}`, `{"x":[}]}`, `{"x":nulls}`, `{"x":truefalse}`, `{"x":-}`, `{"x":1e}`, `{"x":1e+}`, `{"x":.5}`,
		`{"x":"\u12"}`, `{"x":"\u12g4"}`, `{"x":"\U1234"}`, "{\"x\":\"\n\"}", "{\"x\":\"\\\n\"}", `{"x":"\`, `{"x":"\"`,
		`{"hostname":"\ud83d"}`, `{"hostname":"\ud83d\ude00"}`, `{"hostname":"\ude00\ud83d"}`, `{"hostname":"\ud83d\ud83d\ude00"}`, `{"hostname":"\ud83d\u0041x"}`,
		"{\"hostname\":\"a\xff\"}", "{\"hostname\":\"\xed\xa0\x80\"}", "{\"hostname\":\"\xc3\\n\"}", "{\"host\xffname\":1}", `{"host\u006eame":"x"}`, "{\"hostname\":\"\x7f\"}",
		`{"HOSTNAME":"x"}`, `{"hostname":"a","HostName":"b","hostname":null}`, `{"ho\u017ftname":"x"}`, `{"hoſtname":"x"}`, `{"":1}`,
		`{"root":{"path":"a"},"root":{"readonly":true}}`, `{"root":{"path":"a"},"root":null,"root":{}}`,
		`{"mounts":[{"source":"a","options":["x","y"]},{"source":"b"}],"mounts":[{"destination":"c","options":["z"]}],"mounts":[{},{},{}]}`,
		`{"process":{"args":["a","b","c","d","e"],"args":["f"],"args":[null,null,null,null,null,null]}}`, `{"process":{"args":["a"],"args":[]}}`,
		`{"annotations":{"a":"b"},"annotations":{"c":"d","a":null}}`, `{"annotations":{"a":"b"},"annotations":null}`,
		`{"windows":{"credentialSpec":{"a":[1,"x",null,true,{"b":-1.5e-3}]}},"Windows":{"credentialSpec":null}}`,
		strings.Repeat("[", 9999) + strings.Repeat("]", 9999), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
		`{"x":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + "}", `{"x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "}",
		`{"windows":{"credentialSpec":` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + "}}",
		`{"windows":{"credentialSpec":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + "}}",
	} {
		compareDecoders(t, []byte(doc))
	}
}

// examples are the documents of this package and of the runtime-spec's module.
func examples(tb testing.TB) [][]byte {
	tb.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/opencontainers/runtime-spec").Output()
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]byte
	for _, pattern := range []string{"testdata/*.json", strings.TrimSpace(string(dir)) + "/schema/test/config/*/*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) < 3 {
			tb.Fatalf("%s: got %d documents, %v", pattern, len(names), err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			out = append(out, data)
		}
	}
	return out
}

func TestDecodeReadsExamplesAsEncodingJSON(t *testing.T) {
	for _, data := range examples(t) {
		compareDecoders(t, data)
		var process struct{ Process json.RawMessage }
		if json.Unmarshal(data, &process) == nil {
			compareDecoders(t, process.Process)
		}
		// The same, cut short.
		for end := 0; end < len(data); end += 1 + len(data)/50 {
			compareDecoders(t, data[:end])
		}
	}
}

// FuzzDecodeAsEncodingJSON: the generated decoder and encoding/json read the
// same or both refuse.
func FuzzDecodeAsEncodingJSON(f *testing.F) {
	for _, data := range examples(f) {
		f.Add(data)
	}
	for i, value := range values {
		f.Add(fmt.Appendf(nil, `{"linux":{"resources":{"pids":{"limit":%s},"devices":[{"major":%[1]s}]}},"unknown%d":%[1]s}`, value, i))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareDecoders(t, data) })
}
