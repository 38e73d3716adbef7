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

// buildTags are a release's: without them the command line's library brings
// text/template, for which the linker keeps every method of every type.
const buildTags = "urfave_cli_no_template"

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
			"go", "build", "-trimpath", "-buildvcs=false", "-tags", buildTags, "-ldflags", flags, "-o", file, ".")
	})
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("the build of %s failed before: %v", name, err)
	}
	return file
}

// TestReleaseBuild looks for the flags where releases are built: these tests
// are of that binary.
func TestReleaseBuild(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "-buildvcs=false", "-tags " + buildTags, entryFlag} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the Makefile does not build with %q", want)
		}
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
