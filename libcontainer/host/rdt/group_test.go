package rdt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// tree is a directory that looks like a resctrl filesystem to who only reads
// and makes directories; the files in a group, which the kernel makes, are
// made for the groups that are given.
func tree(t *testing.T, groups map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range groups {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Join(dir, monitors), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string]string{schemata: text, tasks: ""} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func below(root string, dirs []string) []string {
	out := []string{}
	for _, d := range dirs {
		rel, err := filepath.Rel(root, d)
		if err != nil {
			rel = d
		}
		out = append(out, rel)
	}
	return out
}

const shared = "    L3:0=07ff;1=7ff\n    MB:0=100;1= 70\n"

func TestNew(t *testing.T) {
	for _, test := range []struct {
		name   string
		config specs.LinuxIntelRdt
		dirs   []string
		ours   []string
		fresh  bool
		fails  string
	}{
		{"without a closID: its own", specs.LinuxIntelRdt{}, []string{"c"}, []string{"c"}, true, ""},
		{"and a monitoring group in it", specs.LinuxIntelRdt{EnableMonitoring: true},
			[]string{"c", "c/mon_groups/c"}, []string{"c/mon_groups/c", "c"}, true, ""},
		{"a closID with a schema: made, and stays", specs.LinuxIntelRdt{ClosID: "gold", L3CacheSchema: "L3:0=f"}, []string{"gold"}, []string{}, true, ""},
		{"a closID without a schema has to be there", specs.LinuxIntelRdt{ClosID: "gold"}, nil, nil, false, "closID: "},
		{"it is there", specs.LinuxIntelRdt{ClosID: "shared"}, []string{"shared"}, []string{}, false, ""},
		{"monitored apart", specs.LinuxIntelRdt{ClosID: "shared", EnableMonitoring: true},
			[]string{"shared", "shared/mon_groups/c"}, []string{"shared/mon_groups/c"}, false, ""},
		{"the default one", specs.LinuxIntelRdt{ClosID: "/"}, []string{"."}, []string{}, false, ""},
		{"the default one, monitored", specs.LinuxIntelRdt{ClosID: "/", EnableMonitoring: true}, []string{".", "mon_groups/c"}, []string{"mon_groups/c"}, false, ""},
		{"it is as described", specs.LinuxIntelRdt{ClosID: "shared", L3CacheSchema: "L3:0=7ff;1=7FF", MemBwSchema: "MB:0=100"}, []string{"shared"}, []string{}, false, ""},
		{"also by lines", specs.LinuxIntelRdt{ClosID: "shared", Schemata: []string{"MB:1=70", "L3:1=7ff"}}, []string{"shared"}, []string{}, false, ""},
		{"another cache", specs.LinuxIntelRdt{ClosID: "shared", L3CacheSchema: "L3:0=7ff;1=7fe"}, nil, nil, false,
			"linux.intelRdt.l3CacheSchema: group shared is there already and differs: L3:1=7ff, not 7fe"},
		{"another bandwidth", specs.LinuxIntelRdt{ClosID: "shared", L3CacheSchema: "L3:0=7ff", MemBwSchema: "MB:1=71"}, nil, nil, false,
			"linux.intelRdt.memBwSchema: group shared is there already and differs: MB:1=70, not 71"},
		{"another line", specs.LinuxIntelRdt{ClosID: "shared", Schemata: []string{"L3:0=7ff", "MB:0=10"}}, nil, nil, false,
			"linux.intelRdt.schemata[1]: group shared is there already and differs: MB:0=100, not 10"},
		{"a resource that is not there", specs.LinuxIntelRdt{ClosID: "shared", Schemata: []string{"L2:0=f"}}, nil, nil, false, "differs: it has no L2"},
		{"a cache that is not there", specs.LinuxIntelRdt{ClosID: "shared", L3CacheSchema: "L3:2=7ff"}, nil, nil, false, "differs: L3 has no 2"},
		{"not a schema", specs.LinuxIntelRdt{ClosID: "shared", L3CacheSchema: "L3"}, nil, nil, false, `l3CacheSchema: "L3": not of the form`},
		{"the default one differs", specs.LinuxIntelRdt{ClosID: "/", L3CacheSchema: "L3:0=1"}, nil, nil, false, "differs: L3:0=07ff, not 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := tree(t, map[string]string{".": shared, "shared": shared})
			g, err := newBelow(root, "c", &test.config)
			wantError(t, err, test.fails)
			if err != nil {
				return
			}
			if got := below(root, g.Dirs()); !slices.Equal(got, test.dirs) {
				t.Errorf("joins %q, want %q", got, test.dirs)
			}
			if got := below(root, g.Ours()); !slices.Equal(got, test.ours) {
				t.Errorf("removes %q, want %q", got, test.ours)
			}
			if g.fresh != test.fresh {
				t.Errorf("makes it: %t", g.fresh)
			}
			if _, err := os.Stat(filepath.Join(root, "c")); err == nil {
				t.Error("something was made")
			}
		})
	}
	root := tree(t, map[string]string{".": shared, "c": shared})
	_, err := newBelow(root, "c", &specs.LinuxIntelRdt{})
	wantError(t, err, "a group of this name is there already")
	if err = os.Mkdir(filepath.Join(root, monitors, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = newBelow(root, "c", &specs.LinuxIntelRdt{ClosID: "/", EnableMonitoring: true})
	wantError(t, err, "linux.intelRdt.enableMonitoring: ")
}

func TestLines(t *testing.T) {
	g := &Group{config: &specs.LinuxIntelRdt{
		Schemata: []string{"L2:0=f", "", "MB:0=50"}, MemBwSchema: "MB:0=20", L3CacheSchema: "L3:0=f\nL3DATA:0=3\n",
	}}
	want := []line{
		{"linux.intelRdt.l3CacheSchema", "L3:0=f"}, {"linux.intelRdt.l3CacheSchema", "L3DATA:0=3"},
		{"linux.intelRdt.memBwSchema", "MB:0=20"},
		{"linux.intelRdt.schemata[0]", "L2:0=f"}, {"linux.intelRdt.schemata[2]", "MB:0=50"},
	}
	if got := g.lines(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestMake: what cannot be finished is taken back. A directory of this test has
// no files in it, unlike a group of the kernel's, so writing fails.
func TestMake(t *testing.T) {
	root := tree(t, map[string]string{".": shared, "shared": shared})
	gone := func(name string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(root, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v, want it gone", name, err)
		}
	}
	g, err := newBelow(root, "c", &specs.LinuxIntelRdt{L3CacheSchema: "L3:0=f"})
	wantError(t, err, "")
	wantError(t, g.Make(), "linux.intelRdt.l3CacheSchema: open "+filepath.Join(root, "c", schemata))
	gone("c")

	g, err = newBelow(root, "c", &specs.LinuxIntelRdt{ClosID: "shared", EnableMonitoring: true})
	wantError(t, err, "")
	wantError(t, g.Make(), "")
	if _, err = os.Stat(filepath.Join(root, "shared", monitors, "c")); err != nil {
		t.Error(err)
	}
	wantError(t, g.Undo(), "")
	gone("shared/mon_groups/c")

	// A group that this container made and does not keep for itself goes
	// when the container could not be made, and stays when it could.
	g, err = newBelow(root, "c", &specs.LinuxIntelRdt{})
	wantError(t, err, "")
	wantError(t, g.Make(), "")
	wantError(t, Remove(g.Ours()), "")
	gone("c")
	wantError(t, Remove(g.Ours()), "")

	// A group that somebody made meanwhile is not taken away.
	g, err = newBelow(root, "c", &specs.LinuxIntelRdt{})
	wantError(t, err, "")
	if err = os.Mkdir(filepath.Join(root, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantError(t, g.Make(), "file exists")
	if _, err = os.Stat(filepath.Join(root, "c")); err != nil {
		t.Errorf("the other's group: %v", err)
	}
}

// TestKernelsWords: the kernel tells in a file what it did not like.
func TestKernelsWords(t *testing.T) {
	root := tree(t, map[string]string{".": shared})
	if err := os.Mkdir(filepath.Join(root, "info"), 0o755); err != nil {
		t.Fatal(err)
	}
	g := &Group{root: root, path: filepath.Join(root, "none", "c"), config: &specs.LinuxIntelRdt{}, fresh: true}
	for status, want := range map[string]string{
		"Out of CLOSIDs\n": "no such file or directory (Out of CLOSIDs)", "ok\n": "no such file or directory", "": "no such file or directory",
	} {
		if err := os.WriteFile(filepath.Join(root, "info", "last_cmd_status"), []byte(status), 0o644); err != nil {
			t.Fatal(err)
		}
		err := g.Make()
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: got %v, want … %s", status, err, want)
		}
	}
}

func TestTasks(t *testing.T) {
	root := tree(t, map[string]string{".": shared, "shared": shared})
	files, err := Tasks([]string{root, filepath.Join(root, "shared")})
	if err != nil || len(files) != 2 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, f := range files {
		if err = f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = Tasks([]string{root, filepath.Join(root, "none")})
	wantError(t, err, "linux.intelRdt: open ")
}

func TestMountpoint(t *testing.T) {
	const others = "22 1 0:20 / /proc rw,relatime - proc proc rw\n30 22 0:25 /sub /bound rw - resctrl resctrl rw\n"
	for table, want := range map[string]string{
		others: "",
		others + "31 22 0:25 / /sys/fs/resctrl rw,relatime shared:3 - resctrl resctrl rw\n": "/sys/fs/resctrl",
		"31 22 0:25 / /a\\040b rw - resctrl none rw,cdp\n":                                  "/a b",
		"31 22 0:25 / /resctrl rw - tmpfs resctrl rw\n":                                     "",
	} {
		got, ok := mountpoint(table)
		if got != want || ok != (want != "") {
			t.Errorf("got %q, %t, want %q", got, ok, want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"L3:0=7ff;1=0f0": "L3 0=7ff 1=0f0", "  MB:0=100; 1= 70 \n": "MB 0=100 1=70", "L3": "", ":0=1": "", "L3:": "", "L3:0": "", "": "",
	} {
		resource, s, err := parse(text)
		got := resource
		for _, id := range []string{"0", "1"} {
			if v, ok := s[id]; ok {
				got += " " + id + "=" + v
			}
		}
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, test := range []struct {
		resource, a, b string
		want           bool
	}{
		{"L3", "0f", "f", true}, {"L3", "F", "f", true}, {"L3CODE", "10", "0010", true}, {"L3", "10", "a", false},
		{"MB", "10", "010", true}, {"MB", "10", "a", false}, {"SMBA", "10", "10", true}, {"MB", "max", "max", true},
	} {
		if got := sameValue(test.resource, test.a, test.b); got != test.want {
			t.Errorf("%s %s %s: got %t", test.resource, test.a, test.b, got)
		}
	}
}
