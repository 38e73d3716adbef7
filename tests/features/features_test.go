package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gaps are the fields that rung takes and no test is about. To be kept empty.
var gaps = []string{}

func TestEveryFieldHasATest(t *testing.T) {
	all := fields()
	tests, err := find("../..", all)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		path := all[i].path
		_, known := slices.BinarySearch(gaps, path)
		switch {
		case len(tests[path]) == 0 && !known:
			t.Errorf("%s: rung takes it, and no test names it", path)
		case len(tests[path]) > 0 && known:
			t.Errorf("%s: take it from the list of gaps", path)
		}
	}
	for _, path := range gaps {
		if !slices.ContainsFunc(all, func(f field) bool { return f.path == path }) {
			t.Errorf("gap %s: there is no such field", path)
		}
	}
}

func TestFields(t *testing.T) {
	var paths []string
	for _, f := range fields() {
		paths = append(paths, f.path)
	}
	for _, want := range []string{
		"ociVersion", "process.user.additionalGids", "hooks.poststop.timeout", "linux.resources.rdma.hcaObjects", "annotations",
		"linux.resources.blockIO.weightDevice.major", "linux.memoryPolicy.nodes", "linux.netDevices.name", "linux.timeOffsets.secs",
		"linux.seccomp.syscalls.args.valueTwo", "linux.resources.unified", "mounts.uidMappings.hostID",
	} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, path := range paths {
		if strings.HasPrefix(path, "windows.") || path == "process.user.username" || path == "process.commandLine" {
			t.Errorf("%s is not for Linux", path)
		}
	}
}

func TestWith(t *testing.T) {
	for _, f := range fields() {
		s := f.with()
		var got bool
		switch f.path {
		case "hostname":
			got = s.Hostname == "x"
		case "process.user.uid":
			got = s.Process.User.UID == 1
		case "mounts.options":
			got = len(s.Mounts[0].Options) == 1
		case "linux.resources.blockIO.throttleReadBpsDevice.minor":
			got = s.Linux.Resources.BlockIO.ThrottleReadBpsDevice[0].Minor == 1
		case "linux.resources.rdma.hcaHandles":
			got = *s.Linux.Resources.Rdma["x"].HcaHandles == 1
		default:
			continue
		}
		if !got {
			t.Errorf("%s: not set in %+v", f.path, s)
		}
	}
}

func TestFindInGo(t *testing.T) {
	file := filepath.Join("testdata", "plan", "sample.go")
	tests := make(found)
	if err := findInGo(file, fields(), tests); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"linux.resources.memory.limit": true, "mounts.destination": true, "process.user.uid": true, "hostname": true,
		"linux.namespaces.type": true, "linux.sysctl": true, "linux.resources.cpu.quota": false, "process.cwd": false,
	} {
		if got := len(tests[path]) > 0; got != want {
			t.Errorf("%s: got %v, want %v", path, tests[path], want)
		}
	}
	if got := tests["hostname"]; len(got) != 1 || got[0] != (test{planned, "plan.TestSample"}) {
		t.Errorf("got %v, want TestSample in the plan", got)
	}
}

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		body, path string
		want       bool
	}{
		{`.process.cwd="/x"`, "process.cwd", true},
		{`{memory:{limit:1}}`, "linux.resources.memory.limit", true},
		{`{"memory":{"limit":1}}`, "linux.resources.memory.limit", true},
		{`{memory:{limit:1}}`, "linux.resources.pids.limit", false},
		{`the memory has a limit`, "linux.resources.memory.limit", false},
		{`.hostname="x"`, "hostname", true},
		{`.process.env`, "process.cwd", false},
	} {
		if got := mentions(c.body).field(c.path); got != c.want {
			t.Errorf("%s in %s: got %v, want %v", c.path, c.body, got, c.want)
		}
	}
}

func TestCovered(t *testing.T) {
	got := covered("# Some words.\n# covers: a.b c\n# covers: d\n")
	if want := []string{"a.b", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	tests := make(found)
	if err := addMarked("f", []string{"linux.resources.pids"}, fields(), test{}, tests); err != nil || len(tests) != 1 {
		t.Errorf("an object: got %v, %v, want its one field", tests, err)
	}
	if err := addMarked("f", []string{"linux.nothing"}, fields(), test{}, tests); err == nil {
		t.Error("a path that is none: got no error")
	}
}

func TestHas(t *testing.T) {
	document := map[string]any{"linux": map[string]any{
		"devices": []any{map[string]any{"path": "/x"}},
		"rdma":    map[string]any{"a": map[string]any{"handles": 1.0}},
	}}
	for path, want := range map[string]bool{"linux.devices.path": true, "linux.rdma.handles": true, "linux.path": false, "linux.devices.type": false} {
		if got := has(document, strings.Split(path, ".")); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
