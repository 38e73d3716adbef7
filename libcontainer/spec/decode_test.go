package spec

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestDecode(t *testing.T) {
	s, err := Decode([]byte(`{"ociVersion": "1.0.0", "future": {"x": [1]}, "linux": {"namespaces": [{"type": "pid", "future": 1}]}, "windows": null}`))
	if err != nil {
		t.Fatalf("unknown keys: got %v, want nil", err)
	}
	if s.Version != "1.0.0" || len(s.Linux.Namespaces) != 1 || s.Linux.Namespaces[0].Type != specs.PIDNamespace || s.Windows != nil {
		t.Errorf("got %+v, want the version and one pid namespace", s)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "line 1, column 1: unexpected end of JSON input"},
		{"not an object", "\n [1]", "line 2, column 2: want an object, got an array"},
		{"cut short", `{"process": {"args": ["a", `, "process.args[1]: line 1, column 27: unexpected end of JSON input"},
		{"two documents", "{}\n{}", "line 2, column 1: invalid character '{' after top-level value"},
		{"comma", "{\n  \"process\": {\n    \"args\": [\"a\",],\n  }\n}", "process.args[1]: line 3, column 18: invalid character ']' looking for beginning of value"},
		{"a string in a list", "{\"linux\": {\"namespaces\": [\n{\"type\": \"pid\"},\n{\"type\":  7}]}}",
			"linux.namespaces[1].type: line 3, column 11: want a string, got a number"},
		{"an object for a list", `{"mounts": {"destination": "/"}}`, "mounts: line 1, column 12: want an array, got an object"},
		{"a list for an object", `{"mounts": [{}, []]}`, "mounts[1]: line 1, column 17: want an object, got an array"},
		{"a string for a number", `{"process": {"user": {"uid": "0"}}}`, "process.user.uid: line 1, column 30: want a number that fits uint32, got a string"},
		{"a large number", `{"process": {"user": {"additionalGids": [1, 4294967296]}}}`,
			"process.user.additionalGids[1]: line 1, column 45: want a number that fits uint32, got number 4294967296"},
		{"a negative number", `{"process": {"user": {"uid": -1}}}`, "process.user.uid: line 1, column 30: want a number that fits uint32, got number -1"},
		{"a fraction", `{"linux": {"resources": {"memory": {"limit": 1.5}}}}`,
			"linux.resources.memory.limit: line 1, column 46: want a number that fits int64, got number 1.5"},
		{"a flag", `{"root": {"readonly": "yes"}}`, "root.readonly: line 1, column 23: want true or false, got a string"},
		{"a boolean", `{"hostname": true}`, "hostname: line 1, column 14: want a string, got a boolean"},
		{"after other values", `{"annotations": {"a": "b", "c": "}]"}, "mounts": [{"options": ["x", ["y"]]}]}`,
			"mounts[0].options[1]: line 1, column 69: want a string, got an array"},
		{"a key with a dot", `{"linux": {"sysctl": {"net.x": 1}}}`, `linux.sysctl["net.x"]: line 1, column 32: want a string, got a number`},
		{"a key that is no string", `{"root": {1}}`, "root: line 1, column 11: invalid character '1' looking for beginning of object key string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Decode([]byte(c.data))
			var fe *FieldError
			if s != nil || !errors.As(err, &fe) {
				t.Fatalf("got %v, %v, want no spec and a *FieldError", s, err)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestDecodeProcess(t *testing.T) {
	p, err := DecodeProcess([]byte(`{"args": ["a"], "cwd": "/", "user": {"uid": 5}}`))
	if err != nil || p.User.UID != 5 || p.Cwd != "/" {
		t.Errorf("got %+v, %v, want uid 5 and cwd /", p, err)
	}
	_, err = DecodeProcess([]byte(`{"env": [1]}`))
	if want := "process.env[0]: line 1, column 10: want a string, got a number"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = DecodeProcess([]byte(`[]`))
	if want := "process: line 1, column 1: want an object, got an array"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSyntaxErrorKeepsItsCause(t *testing.T) {
	_, err := Decode([]byte("{"))
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("errors.As *json.SyntaxError of %v: got false, want true", err)
	}
}

func TestComparePaths(t *testing.T) {
	ordered := []string{
		"", "linux", "linux.namespaces[2].path", "linux.namespaces[10].path", "mounts[1].options[9]", "mounts[1].options[10]",
		"mounts[2]", "mounts[10]", "mounts[99999999999999999999998]", "mounts[99999999999999999999999]", "process", "process.args",
	}
	for i := range ordered {
		for j := range ordered {
			got, want := comparePaths(ordered[i], ordered[j]), i-j
			if (got < 0) != (want < 0) || (got > 0) != (want > 0) {
				t.Errorf("comparePaths(%q, %q): got %d, want the sign of %d", ordered[i], ordered[j], got, want)
			}
		}
	}
}

func TestCheckID(t *testing.T) {
	for _, good := range []string{"a", "A-b_c+d.e", "..a", "...", "0", strings.Repeat("x", 1024)} {
		if err := CheckID(good); err != nil {
			t.Errorf("CheckID(%q): got %v, want nil", good, err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "a/b", "../a", "a%2fb", "a b", "a\n", "a\x00", "ä", "a:b", "a,b", "a*", "a@b", strings.Repeat("x", 1025),
	} {
		err := CheckID(bad)
		if !errors.Is(err, ErrInvalidID) || !strings.Contains(err.Error(), "invalid container ID format") {
			t.Errorf("CheckID(%q): got %v, want ErrInvalidID", bad, err)
		}
	}
}

func TestHostID(t *testing.T) {
	mappings := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 1000, Size: 1}, {ContainerID: 10, HostID: 100000, Size: 5}}
	for _, c := range []struct {
		id, host uint32
		ok       bool
	}{{0, 1000, true}, {1, 0, false}, {9, 0, false}, {10, 100000, true}, {14, 100004, true}, {15, 0, false}, {1<<32 - 1, 0, false}} {
		if host, ok := HostID(mappings, c.id); host != c.host || ok != c.ok {
			t.Errorf("HostID(%d): got %d, %t, want %d, %t", c.id, host, ok, c.host, c.ok)
		}
	}
}

func TestFindNamespace(t *testing.T) {
	s := Default()
	s.Linux.Namespaces[1].Path = "/run/netns/x"
	if ns, ok := FindNamespace(s, specs.NetworkNamespace); !ok || ns.Path != "/run/netns/x" {
		t.Errorf("network: got %+v, %t, want the path", ns, ok)
	}
	if ns, ok := FindNamespace(s, specs.UserNamespace); ok {
		t.Errorf("user: got %+v, want none", ns)
	}
	if _, ok := FindNamespace(&specs.Spec{}, specs.PIDNamespace); ok {
		t.Error("no linux section: got a namespace, want none")
	}
}
