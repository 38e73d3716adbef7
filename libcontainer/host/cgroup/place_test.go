package cgroup

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func TestInnerPath(t *testing.T) {
	for _, test := range []struct {
		path, want string
		refused    bool
	}{
		{path: "", want: "id"},
		{path: "/a//b/", want: "/a/b"},
		{path: "a/./b", want: "a/b"},
		{path: "system.slice:docker:abc", want: "system.slice:docker:abc"},
		{path: "a..b/..c", want: "a..b/..c"},
		{path: "/", refused: true},
		{path: ".", refused: true},
		{path: "/../x", refused: true},
		{path: "a/../b", refused: true},
		{path: "..", refused: true},
		{path: "a\nb", refused: true},
		{path: "a\x00b", refused: true},
	} {
		got, err := innerPath(Config{ID: "id", Path: test.path})
		if test.refused {
			var field *spec.FieldError
			if !errors.As(err, &field) || field.Path != "linux.cgroupsPath" {
				t.Errorf("%q: got %q, %v, want an error about linux.cgroupsPath", test.path, got, err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.path, got, err, test.want)
		}
	}
	for _, id := range []string{"a/b", "", ".", ".."} {
		if got, err := innerPath(Config{ID: id}); err == nil {
			t.Errorf("id %q: got %q, want an error", id, got)
		}
	}
}

func TestParseOwn(t *testing.T) {
	got, err := parseOwn("12:cpu,cpuacct:/a\n1:name=systemd:/b:c\n0::/u\n")
	if err != nil || len(got) != 3 {
		t.Fatalf("got %+v, %v, want three", got, err)
	}
	if h := got[0]; h.Controllers != "cpu,cpuacct" || len(h.keys) != 2 || h.own != "/a" || h.Version != linux.CgroupV1 {
		t.Errorf("got %+v for two controllers", h)
	}
	if h := got[1]; h.Controllers != "name=systemd" || h.own != "/b:c" {
		t.Errorf("got %+v for a path with a colon", h)
	}
	if h := got[2]; h.Controllers != "" || h.own != "/u" || h.Version != linux.CgroupV2 {
		t.Errorf("got %+v for v2", h)
	}
	if _, err := parseOwn("rubbish\n"); err == nil {
		t.Error("rubbish: got no error")
	}
}

func TestPlace(t *testing.T) {
	for _, test := range []struct{ own, root, inner, want string }{
		{"/", "/", "id", "/m/id"},
		{"/user/x", "/", "id", "/m/user/x/id"},
		{"/user/x", "/", "/id", "/m/id"},
		// Inside a container that shares the host's cgroup namespace.
		{"/docker/1", "/docker/1", "id", "/m/id"},
		{"/docker/1/a", "/docker/1", "id", "/m/a/id"},
		{"/docker/2", "/docker/1", "id", ""},
		{"/gone (deleted)", "/", "id", ""},
	} {
		h := found{own: test.own, root: test.root}
		h.Mountpoint = "/m"
		got, err := h.place(test.inner)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v: got %q, %v", test, got, err)
		}
	}
}

func TestUnifiedPath(t *testing.T) {
	if got, err := unifiedPath("1:cpu:/x\n0::/a/b\n"); got != "/a/b" || err != nil {
		t.Errorf("got %q, %v, want /a/b", got, err)
	}
	if _, err := unifiedPath("1:cpu:/x\n"); !errors.Is(err, errNoUnified) {
		t.Errorf("without v2: got %v, want %v", err, errNoUnified)
	}
	if _, err := unifiedPath("0::/a (deleted)\n"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: got %v, want not exist", err)
	}
	if got, err := unifiedPath("0::/../other\n"); err == nil {
		t.Errorf("outside of the namespace: got %q, want an error", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, path := range []string{"", "a", "/", "/a/../b", "/a/"} {
		if _, err := Load(map[string]string{"cpu": path}); err == nil {
			t.Errorf("%q: got no error", path)
		}
	}
}

func TestSub(t *testing.T) {
	v1 := map[string]string{"cpu": "/c/cpu,cpuacct/x", "cpuacct": "/c/cpu,cpuacct/x", "memory": "/c/memory/x", "": "/c/unified/x"}
	v2 := map[string]string{"": "/c/x"}
	for _, test := range []struct {
		name  string
		paths map[string]string
		args  []string
		want  map[string]string // what differs from paths
		err   string
	}{
		{name: "nothing", paths: v1},
		{name: "the same", paths: v2, args: []string{"/"}},
		{name: "below", paths: v2, args: []string{"/a/b"}, want: map[string]string{"": "/c/x/a/b"}},
		{name: "everywhere", paths: v1, args: []string{"a"}, want: map[string]string{
			"cpu": "/c/cpu,cpuacct/x/a", "cpuacct": "/c/cpu,cpuacct/x/a", "memory": "/c/memory/x/a", "": "/c/unified/x/a",
		}},
		{name: "one controller", paths: v1, args: []string{"memory:a"}, want: map[string]string{"memory": "/c/memory/x/a"}},
		{name: "one of two in one hierarchy", paths: v1, args: []string{"cpu:a"}, want: map[string]string{"cpu": "/c/cpu,cpuacct/x/a", "cpuacct": "/c/cpu,cpuacct/x/a"}},
		{name: "both", paths: v1, args: []string{"cpu,cpuacct:a"}, want: map[string]string{"cpu": "/c/cpu,cpuacct/x/a", "cpuacct": "/c/cpu,cpuacct/x/a"}},
		{name: "above", paths: v2, args: []string{".."}, err: "bad sub cgroup path"},
		{name: "beside", paths: v2, args: []string{"../xy"}, err: "bad sub cgroup path"},
		{name: "above one", paths: v1, args: []string{"memory:a/../../.."}, err: "bad sub cgroup path"},
		{name: "no such controller", paths: v1, args: []string{"whaaat:/"}, err: "unknown controller whaaat"},
		{name: "a controller on v2", paths: v2, args: []string{"memory:a"}, err: "unknown controller memory"},
		{name: "twice", paths: v1, args: []string{"memory:a", "memory:b"}, err: "controller memory specified multiple times"},
		{name: "no controller among several", paths: v1, args: []string{"a", "memory:b"}, err: "missing <controller>: prefix"},
		{name: "empty controller", paths: v1, args: []string{":b"}, err: "empty <controller> prefix"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, err := Load(test.paths)
			if err != nil {
				t.Fatal(err)
			}
			sub, err := g.Sub(test.args)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for key, base := range test.paths {
				want := base
				if other, ok := test.want[key]; ok {
					want = other
				}
				if got := sub.Paths()[key]; got != want {
					t.Errorf("%q: got %s, want %s", key, got, want)
				}
			}
		})
	}
}

func TestEvent(t *testing.T) {
	text := []byte("populated 1\nfrozen 0\n")
	if !event(text, "populated") || event(text, "frozen") || event(text, "other") {
		t.Error("got another answer than the text has")
	}
}

func TestFreezerComesLast(t *testing.T) {
	g, err := Load(map[string]string{"freezer": "/f", "pids": "/p", "": "/u", "cpu": "/c", "cpuacct": "/c"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(g.dirs(), " "); got != "/u /c /p /f" {
		t.Errorf("got %s, want /u /c /p /f", got)
	}
}
