package structure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// entryFlag makes the assembly of libcontainer/inside the binary's entry
// point: `rung init` then runs without a Go runtime. Without it nothing
// breaks, init is only slower, so that only a test can notice its loss.
const entryFlag = "-E _rung_start"

var binaries sync.Map // by file name

// build builds the program as a release is built, for an architecture, with
// or without the symbols that the reachability test reads.
func build(t *testing.T, arch string, symbols bool) string {
	t.Helper()
	name, flags := "rung-"+arch, entryFlag
	if !symbols {
		name, flags = name+"-stripped", "-s -w "+entryFlag
	}
	file := filepath.Join(scratch, name)
	once, _ := binaries.LoadOrStore(name, &sync.Once{})
	once.(*sync.Once).Do(func() {
		run(t, []string{"GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=0", "GOFLAGS="},
			"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", file, ".")
	})
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("the build of %s failed before: %v", name, err)
	}
	return file
}

// TestReleaseUsesTheEntry looks for the flag where releases are built.
func TestReleaseUsesTheEntry(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if os.IsNotExist(err) {
		t.Skip("no Makefile yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), entryFlag) {
		t.Errorf("the Makefile does not link with %q", entryFlag)
	}
}

// TestEntryArchitectures: each architecture with an entry file is in the list
// that the reachability test walks.
func TestEntryArchitectures(t *testing.T) {
	for _, p := range modulePackages(t) {
		if p.Path != "libcontainer/inside" {
			continue
		}
		var got []string
		for _, file := range p.Assembly {
			name := strings.TrimSuffix(filepath.Base(file), ".s")
			got = append(got, strings.TrimPrefix(name, "entry_"))
		}
		if !slices.Equal(got, entryArchitectures) {
			t.Errorf("entry files for %v, the reachability test walks %v", got, entryArchitectures)
		}
	}
}
