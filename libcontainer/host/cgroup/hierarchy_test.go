package cgroup

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/cgroups"
	v1 "github.com/opencontainers/cgroups/fs"
	v2 "github.com/opencontainers/cgroups/fs2"
)

// The library is asked where it would put the group: the same place.
func TestPlaceIsTheLibrarys(t *testing.T) {
	need(t, anyLayout...)
	for _, c := range []Config{{ID: name()}, {Path: "/" + name() + "/x"}, {Path: name() + "/x"}} {
		g := planned(t, c)
		config := &cgroups.Cgroup{Path: c.Path, Resources: &cgroups.Resources{}}
		if c.Path == "" {
			config.Name = c.ID
		}
		var want map[string]string
		if Mode() == Unified {
			m, err := v2.NewManager(config, "")
			if err != nil {
				t.Fatal(err)
			}
			want = m.GetPaths()
		} else {
			m, err := v1.NewManager(config, nil)
			if err != nil {
				t.Fatal(err)
			}
			want = m.GetPaths()
		}
		if got := g.Paths(); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v:\ngot  %v\nwant %v", c, got, want)
		}
	}
}

// The quick look at the usual mounts and the mount table say the same.
func TestMountTableAgrees(t *testing.T) {
	need(t, Legacy, Hybrid)
	text := read(t, "/proc/self", "cgroup") + "\n"
	own, err := parseOwn(text)
	if err != nil {
		t.Fatal(err)
	}
	own = slices.DeleteFunc(own, func(h found) bool { return h.Version != 1 || !joined(h.keys[0]) })
	quick := slices.Clone(own)
	if !standardMounts(quick) {
		t.Skip("this host mounts cgroups in an unusual way")
	}
	slow, err := searchMounts(own)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Errorf("got  %+v\nwant %+v", quick, slow)
	}
}

func TestHierarchies(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{})
	list := g.Hierarchies()
	if len(list) != len(g.dirs()) {
		t.Errorf("got %d hierarchies, want %d", len(list), len(g.dirs()))
	}
	for _, h := range list {
		if !strings.HasPrefix(h.Path, h.Mountpoint+"/") || filepath.Join(standardRoot, h.Name) != h.Mountpoint {
			t.Errorf("got %+v: path, mount and name do not fit", h)
		}
		if (h.Version == 1) != (h.Controllers != "") {
			t.Errorf("got %+v: mount option and version do not fit", h)
		}
		if _, err := os.Stat(h.Path); err != nil {
			t.Error(err)
		}
	}
}

func TestWithoutSystemd(t *testing.T) {
	if systemdRuns() {
		t.Skip("systemd runs on this host")
	}
	_, err := New(Config{ID: "x", Systemd: true})
	if err == nil || err.Error() != "systemd not running on this host, cannot use systemd cgroups manager" {
		t.Errorf("got %v", err)
	}
}
