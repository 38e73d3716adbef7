package rdt

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// written is what was last written to a file that, other than the kernel's,
// keeps what was there behind it.
func written(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

func TestUpdate(t *testing.T) {
	root := tree(t, map[string]string{"c": shared})
	dir := filepath.Join(root, "c")
	c, err := update(root, dir, []string{dir}, &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=3;1=3"})
	if err != nil {
		t.Fatal(err)
	}
	if got := written(t, dir, schemata); got != "L3:0=3;1=3" {
		t.Errorf("got %q", got)
	}
	if len(c.Changed) != 1 || !strings.Contains(c.Changed[0], `linux.intelRdt.l3CacheSchema: `+dir+`: "L3:0=3;1=3", was "L3:0=07ff;1=7ff"`) {
		t.Errorf("got %q", c.Changed)
	}
	if err := c.Undo(); err != nil {
		t.Fatal(err)
	}
	if got := written(t, dir, schemata); got != "L3:0=07ff;1=7ff" {
		t.Errorf("after Undo: got %q", got)
	}
}

func TestUpdateIsWhole(t *testing.T) {
	root := tree(t, map[string]string{"c": "L3:0=7ff\n"})
	dir := filepath.Join(root, "c")
	_, err := update(root, dir, []string{dir}, &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=3", MemBwSchema: "MB:0=50"})
	wantError(t, err, `linux.intelRdt.memBwSchema: "MB:0=50": this machine has no MB`)
	if got := written(t, dir, schemata); got != "L3:0=7ff" {
		t.Errorf("got %q want what was there", got)
	}
}

func TestUpdateRefused(t *testing.T) {
	root := tree(t, map[string]string{"c": shared})
	dir := filepath.Join(root, "c")
	schema := &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=3"}
	_, err := update(root, dir, nil, schema)
	wantError(t, err, "linux.intelRdt.closID: "+dir+" is not the container's alone")
	_, err = update(root, dir, []string{dir}, &specs.LinuxIntelRdt{L3CacheSchema: "much"})
	wantError(t, err, `linux.intelRdt.l3CacheSchema: "much": not of the form`)
	gone := filepath.Join(root, "gone")
	_, err = update(root, gone, []string{gone}, schema)
	wantError(t, err, "no such file or directory")
	if got := written(t, dir, schemata); got != "    L3:0=07ff;1=7ff" {
		t.Errorf("got %q want what was there", got)
	}
}

func TestJoin(t *testing.T) {
	root := tree(t, map[string]string{"c": shared, "d": shared})
	dirs := []string{filepath.Join(root, "c"), filepath.Join(root, "d")}
	calls := 0
	list := func() ([]int, error) {
		calls++
		return []int{os.Getpid(), 1 << 30}, nil // the second is no process
	}
	if err := Join(dirs, list); err != nil {
		t.Fatal(err)
	}
	if calls < 2 {
		t.Error("not looked again for threads that were started meanwhile")
	}
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, tasks))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), strconv.Itoa(os.Getpid())) || len(b) < len(entries) {
			t.Errorf("%s: got %q, want %d threads", dir, b, len(entries))
		}
	}
}

func TestReadStats(t *testing.T) {
	root := tree(t, map[string]string{"": "L3:0=7ff;1=7ff\nMB:0=100\n", "c": "    L3:0=3;1=7ff\n    MB:0= 50\n"})
	for name, text := range map[string]string{
		"info/L3/cbm_mask": "7ff\n", "info/L3/min_cbm_bits": "2\n", "info/L3/num_closids": "16\n",
		"info/MB/bandwidth_gran": "10\n", "info/MB/delay_linear": "1\n", "info/MB/min_bandwidth": "10\n", "info/MB/num_closids": "8\n",
		"info/L3_MON/mon_features":             "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n",
		"c/mon_data/mon_L3_00/llc_occupancy":   "4096\n",
		"c/mon_data/mon_L3_00/mbm_total_bytes": "11\n",
		"c/mon_data/mon_L3_00/mbm_local_bytes": "Unavailable\n",
		"c/mon_data/mon_L3_01/llc_occupancy":   "0\n",
		"c/mon_data/mon_L3_01/mbm_total_bytes": "13\n",
		"c/mon_data/mon_L3_01/mbm_local_bytes": "14\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := readStats(root, []string{filepath.Join(root, "c")})
	if s.L3CacheInfo == nil || *s.L3CacheInfo != (CacheInfo{"7ff", 2, 16}) {
		t.Errorf("got %+v", s.L3CacheInfo)
	}
	if s.MemBwInfo == nil || *s.MemBwInfo != (BandwidthInfo{10, 1, 10, 8}) {
		t.Errorf("got %+v", s.MemBwInfo)
	}
	got := []string{s.L3CacheSchemaRoot, s.L3CacheSchema, s.MemBwSchemaRoot, s.MemBwSchema}
	if want := []string{"L3:0=7ff;1=7ff", "L3:0=3;1=7ff", "MB:0=100", "MB:0= 50"}; !slices.Equal(got, want) {
		t.Errorf("got %q want %q", got, want)
	}
	if want := []Bandwidth{{11, 0}, {13, 14}}; !slices.Equal(s.MBMStats, want) {
		t.Errorf("got %v want %v", s.MBMStats, want)
	}
	if want := []Occupancy{{4096}, {0}}; !slices.Equal(s.CMTStats, want) {
		t.Errorf("got %v want %v", s.CMTStats, want)
	}
	if s := ReadStats(nil); s.L3CacheInfo != nil || s.CMTStats != nil {
		t.Errorf("of a container without a class: got %+v", s)
	}
}
