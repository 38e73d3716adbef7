package libcontainer

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/criu"
)

func TestCgroupRoots(t *testing.T) {
	got := cgroupRoots("9:name=systemd:/a\n3:cpu,cpuacct:/b\n2:pids:/\n0::/c:d\n")
	want := []criu.CgroupRoot{{Controller: "name=systemd", Path: "/a"}, {Controller: "cpu", Path: "/b"}, {Controller: "cpuacct", Path: "/b"}, {Path: "/c:d"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v want %v", got, want)
	}
}

func TestStreams(t *testing.T) {
	ours := [3]linux.FD{10, 11, 12}
	for _, tt := range []struct {
		name  string
		names []string
		ours  [3]linux.FD
		want  []criu.Inherit
	}{
		{"null device", []string{"/dev/null", "/dev/null", "/dev/null"}, ours, nil},
		{"pipes", []string{"/dev/null", "pipe:[5]", "pipe:[6]"}, ours, []criu.Inherit{{Key: "pipe:[5]", FD: 11}, {Key: "pipe:[6]", FD: 12}}},
		{"one pipe twice", []string{"", "pipe:[5]", "pipe:[5]"}, ours, []criu.Inherit{{Key: "pipe:[5]", FD: 11}}},
		{"file and terminal", []string{"tty[8801:1a]", "file[1b:98e002]", "/in/the/container"}, ours,
			[]criu.Inherit{{Key: "tty[8801:1a]", FD: 10}, {Key: "file[1b:98e002]", FD: 11}}},
		{"none of ours", []string{"pipe:[1]", "pipe:[2]", "pipe:[3]"}, [3]linux.FD{linux.NoFD, 11, linux.NoFD}, []criu.Inherit{{Key: "pipe:[2]", FD: 11}}},
		{"too few and too many", []string{"pipe:[1]"}, ours, []criu.Inherit{{Key: "pipe:[1]", FD: 10}}},
		{"a fourth", []string{"", "", "", "pipe:[4]"}, ours, nil},
	} {
		if got := streams(tt.names, tt.ours); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v want %v", tt.name, got, tt.want)
		}
	}
}

func TestDescriptorsFile(t *testing.T) {
	dir := t.TempDir()
	fd, err := linux.OpenDir(linux.CWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	names := []string{"/dev/null", "pipe:[5]", "with \"quotes\""}
	for range 2 { // the second replaces the first
		if err := saveDescriptors(fd, names); err != nil {
			t.Fatal(err)
		}
		if got, err := loadDescriptors(dir); err != nil || !reflect.DeepEqual(got, names) {
			t.Errorf("got %q, %v want %q", got, err, names)
		}
	}
	for text, want := range map[string]string{
		`{"a":1}`: "descriptors.json: ", `["a",1]`: "descriptors.json: ", `["a"`: "descriptors.json: ", `[["a"]]`: "descriptors.json: ",
	} {
		if err := os.WriteFile(filepath.Join(dir, descriptorsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := loadDescriptors(dir); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %q, %v want %s", text, got, err, want)
		}
	}
}

func TestUseConfig(t *testing.T) {
	var o CriuOptions
	o.useConfig(map[string]string{configAnnotation: "/x"})
	if o.ConfigFile != "/x" {
		t.Errorf("got %q want /x", o.ConfigFile)
	}
	// Empty says that no file is to be read, not even the host's.
	o.useConfig(map[string]string{configAnnotation: ""})
	if o.ConfigFile != "" {
		t.Errorf("got %q want none", o.ConfigFile)
	}
}

func TestBelow(t *testing.T) {
	for _, tt := range []struct{ path, dir, want string }{
		{"/a/b/c", "/a", "b/c"}, {"/a/b", "/a/", "b"}, {"/ab", "/a", ""}, {"/a", "/a", ""}, {"/a", "/", "a"},
	} {
		if got, ok := below(tt.path, tt.dir); got != tt.want && ok || ok != (tt.want != "") {
			t.Errorf("%s in %s: got %q, %v want %q", tt.path, tt.dir, got, ok, tt.want)
		}
	}
}
