package libcontainer

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/spec"
)

const updatable = `{"ociVersion":"1.3.0","root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}],
	"resources":{"memory":{"limit":8388608},"devices":[{"allow":false,"access":"rwm"}]},"intelRdt":{"l3CacheSchema":"L3:0=f"}}}`

func decodeSpec(t *testing.T, text string) *specs.Spec {
	t.Helper()
	s, err := spec.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func number[T any](v T) *T { return &v }

func TestNewUpdate(t *testing.T) {
	s := decodeSpec(t, updatable)
	u, err := newUpdate(s, UpdateOptions{
		Resources:   &specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: number[int64](16777216)}},
		MemBwSchema: "MB:0=50",
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := u.resources.Merged.Memory; *m.Limit != 8388608 || *m.Swap != 16777216 {
		t.Errorf("memory: got %d, %d", *m.Limit, *m.Swap)
	}
	if want := (&specs.LinuxIntelRdt{L3CacheSchema: "L3:0=f", MemBwSchema: "MB:0=50"}); !reflect.DeepEqual(u.merged, want) {
		t.Errorf("class: got %+v want %+v", u.merged, want)
	}
	if want := (&specs.LinuxIntelRdt{MemBwSchema: "MB:0=50"}); !reflect.DeepEqual(u.class, want) {
		t.Errorf("class to write: got %+v want %+v", u.class, want)
	}
	if !reflect.DeepEqual(s, decodeSpec(t, updatable)) {
		t.Error("the kept config was changed")
	}

	// Everything that is wrong is said.
	_, err = newUpdate(s, UpdateOptions{
		Resources:   &specs.LinuxResources{Memory: &specs.LinuxMemory{Swap: number[int64](4096)}, Pids: &specs.LinuxPids{Limit: number[int64](-7)}},
		MemBwSchema: "L3:0=50",
	})
	for _, want := range []string{"linux.resources.memory.swap: ", "linux.resources.pids.limit: ", "linux.intelRdt.memBwSchema: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v want %s", err, want)
		}
	}

	// A config without either section, and nothing asked for.
	u, err = newUpdate(decodeSpec(t, `{"linux":{}}`), UpdateOptions{})
	if err != nil || u.resources.Asked == nil || u.resources.Merged == nil || u.class != nil || u.merged != nil {
		t.Errorf("got %+v, %v", u, err)
	}
}

// TestUpdateIsKept writes an update down, and reads the config with it.
func TestUpdateIsKept(t *testing.T) {
	dir, err := statedir.Create(t.TempDir(), "c")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := dir.SaveConfig([]byte(updatable)); err != nil {
		t.Fatal(err)
	}
	c := &Container{dir: dir, state: &statedir.State{ID: "c"}}
	want := decodeSpec(t, updatable)
	for _, limit := range []int64{16777216, 33554432} {
		s, err := c.Spec()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s, want) {
			t.Errorf("got %s want %s", specText(t, s), specText(t, want))
		}
		u, err := newUpdate(s, UpdateOptions{
			Resources: &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit}, Unified: map[string]string{"memory.high": "max"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.keep(u); err != nil {
			t.Fatal(err)
		}
		want.Linux.Resources.Memory.Limit = number(limit)
		want.Linux.Resources.Unified = map[string]string{"memory.high": "max"}
	}
	if err := dir.SaveUpdate([]byte(`{"linux":{"resources":7}}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Container{dir: dir, state: c.state}).Spec(); err == nil || !strings.Contains(err.Error(), "updated resources of container c: linux.resources: ") {
		t.Errorf("of a broken file: got %v", err)
	}
}

func specText(t *testing.T, s *specs.Spec) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
