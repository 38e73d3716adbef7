package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestUncovered(t *testing.T) {
	for _, test := range []struct {
		name string
		want idRange
		have []idRange
		gaps string
	}{
		{"nothing there", idRange{10, 5}, nil, "10-14"},
		{"all there", idRange{10, 5}, []idRange{{0, 100}}, "none"},
		{"exactly", idRange{10, 5}, []idRange{{10, 5}}, "none"},
		{"in two pieces, any order", idRange{10, 5}, []idRange{{12, 5}, {8, 4}}, "none"},
		{"begins too late", idRange{10, 5}, []idRange{{12, 50}}, "10-11"},
		{"ends too early", idRange{10, 5}, []idRange{{0, 13}}, "13-14"},
		{"a hole", idRange{10, 5}, []idRange{{10, 1}, {14, 9}}, "11-13"},
		{"a hole of one", idRange{10, 5}, []idRange{{10, 2}, {13, 9}}, "12"},
		{"three holes", idRange{10, 10}, []idRange{{11, 2}, {15, 1}}, "10, 13-14, 16-19"},
		{"overlapping ones", idRange{10, 10}, []idRange{{5, 10}, {6, 3}, {12, 100}}, "none"},
		{"beside it", idRange{10, 5}, []idRange{{0, 10}, {15, 10}}, "10-14"},
		{"the last ids", idRange{4294967290, 5}, []idRange{{4294967292, 3}}, "4294967290-4294967291"},
		{"a range of nothing", idRange{10, 5}, []idRange{{12, 0}}, "10-14"},
	} {
		if got := listRanges(uncovered(test.want, test.have)); got != test.gaps {
			t.Errorf("%s: got %s, want %s", test.name, got, test.gaps)
		}
	}
}

func TestSubIDs(t *testing.T) {
	text := "ann:100:10\nben:200:10\n1000:300:5\n ann : 1 : 2\nann:x:5\nann:7\nann:400:1\n\nannie:500:5"
	if got := listRanges(subIDs(text, "ann", 1000)); got != "100-109, 300-304, 400" {
		t.Errorf("got %s", got)
	}
	if got := listRanges(subIDs(text, "eve", 2000)); got != "none" {
		t.Errorf("got %s", got)
	}
}

// TestAdvice: root has no line in either file for ids like these.
func TestAdvice(t *testing.T) {
	name := userName(os.Getuid())
	ids := []specs.LinuxIDMapping{{HostID: uint32(os.Getuid()), Size: 1}, {ContainerID: 1, HostID: 4100000000, Size: 7}}
	if got, want := userIDs.advice(ids), fmt.Sprintf("add this line to /etc/subuid: %s:4100000000:7", name); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	ids = append(ids, specs.LinuxIDMapping{ContainerID: 10, HostID: 4200000000, Size: 1})
	if got, want := groupIDs.advice(ids), fmt.Sprintf("add these lines to /etc/subgid: %s:4100000000:7 and %[1]s:4200000000:1", name); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := userIDs.advice(ids[:1]); !strings.Contains(got, "newuidmap has to be set-user-id root, or have cap_setuid") {
		t.Errorf("got %s", got)
	}
	if got := userName(4100000000); got != "4100000000" {
		t.Errorf("got %s for who has no name", got)
	}
}

func TestRunHelper(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name, text, said, err string
	}{
		{"silent", "exit 0", "", ""},
		{"arguments", `echo "$0 $*"; cat; ls /proc/$$/fd | wc -l`, "", ""},
		{"refuses", "echo not you >&2; exit 3", "not you", "exit status 3"},
		{"killed", "kill -9 $$", "", "killed by signal 9"},
	} {
		said, err := runHelper(script(test.name, test.text, 0o755), []string{test.name, "1", "2"})
		if test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.err)
		}
		if test.said != "" && said != test.said {
			t.Errorf("%s: it said %q, want %q", test.name, said, test.said)
		}
	}
	script("plain", "exit 0", 0o644)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for path, want := range map[string]string{
		dir: "", ".": "", "": "", "/nowhere:" + dir: "",
	} {
		t.Setenv("PATH", path)
		for _, name := range []string{"plain", "folder", "none"} {
			if got := findProgram(name); got != want {
				t.Errorf("PATH=%s: got %q for %s", path, got, name)
			}
		}
		want = ""
		if strings.HasSuffix(path, dir) {
			want = filepath.Join(dir, "silent")
		}
		if got := findProgram("silent"); got != want {
			t.Errorf("PATH=%s: got %q, want %q", path, got, want)
		}
	}
}
