package spec

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestDefaultGolden compares what `spec` writes with files that can be read,
// and diffed, as such.
func TestDefaultGolden(t *testing.T) {
	rootless := Default()
	Rootless(rootless, 1000, 1001)
	for name, s := range map[string]*specs.Spec{"default.json": Default(), "rootless.json": rootless} {
		got, err := json.MarshalIndent(s, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, bytes.TrimSuffix(want, []byte("\n"))) {
			t.Errorf("%s: got\n%s", name, got)
		}
		back, err := Decode(got)
		if err != nil {
			t.Fatalf("%s: decode what was written: %v", name, err)
		}
		if !reflect.DeepEqual(back, s) {
			t.Errorf("%s: got %+v back, want %+v", name, back, s)
		}
	}
}

func TestDefaultIsFresh(t *testing.T) {
	s := Default()
	s.Process.Capabilities.Bounding[0] = "CHANGED"
	s.Mounts[1].Options[0] = "CHANGED"
	s.Linux.MaskedPaths[0] = "CHANGED"
	if got := Default(); got.Process.Capabilities.Effective[0] == "CHANGED" || s.Process.Capabilities.Effective[0] == "CHANGED" ||
		got.Mounts[1].Options[0] == "CHANGED" || got.Linux.MaskedPaths[0] == "CHANGED" {
		t.Error("a change of one default config shows in another, want it not to")
	}
}

// TestDefaultAgainstRunc compares with the config of the runc on this machine,
// whatever its version, leaving out the fields that are different on purpose.
func TestDefaultAgainstRunc(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		make func() *specs.Spec
	}{
		{"default", []string{"spec"}, Default},
		{"rootless", []string{"spec", "--rootless"}, func() *specs.Spec {
			s := Default()
			Rootless(s, uint32(os.Geteuid()), uint32(os.Getegid()))
			return s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs, ours := runcSpec(t, c.args...), c.make()
			for _, path := range theirs.Linux.MaskedPaths {
				if !slices.Contains(ours.Linux.MaskedPaths, path) {
					t.Errorf("maskedPaths: got none of %s, want it as in runc", path)
				}
			}
			for _, s := range []*specs.Spec{theirs, ours} {
				s.Version, s.Hostname = "", ""
				s.Linux.MaskedPaths = nil
				s.Process.Capabilities.Ambient = nil // older runc asks for them, in vain
				without(specs.CgroupNamespace)(s)    // runc: on cgroup v2 only
			}
			if !reflect.DeepEqual(ours, theirs) {
				g, _ := json.Marshal(ours)
				w, _ := json.Marshal(theirs)
				t.Errorf("got  %s\nwant %s", g, w)
			}
		})
	}
}

func runcSpec(t *testing.T, args ...string) *specs.Spec {
	t.Helper()
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("runc is not installed: nothing to compare with")
	}
	cmd := exec.Command(runc, args...)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	data, err := os.ReadFile(filepath.Join(cmd.Dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRootless(t *testing.T) {
	s := &specs.Spec{Mounts: []specs.Mount{
		{Destination: "/sys/", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid"}},
		{Destination: "/a", Type: "tmpfs", Options: []string{"uid=1", "ro", "gid=2"}},
	}}
	Rootless(s, 7, 8)
	want := []specs.Mount{
		{Destination: "/sys", Type: "none", Source: "/sys", Options: []string{"rbind", "nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/a", Type: "tmpfs", Options: []string{"ro"}},
	}
	if !reflect.DeepEqual(s.Mounts, want) {
		t.Errorf("mounts: got %+v, want %+v", s.Mounts, want)
	}
	if u, g := s.Linux.UIDMappings, s.Linux.GIDMappings; len(u) != 1 || u[0].HostID != 7 || len(g) != 1 || g[0].HostID != 8 {
		t.Errorf("mappings: got %+v and %+v, want host ids 7 and 8", u, g)
	}
}

// TestFullConfigIsGood holds every field this release honours in one file, and
// a check that none of them is refused.
func TestFullConfigIsGood(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "full.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(s, Options{NeedProcess: true, Rootless: true}); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
