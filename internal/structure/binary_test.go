package structure

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// maxBinary is the size of the static, stripped binary.
const maxBinary = 8 << 20

// TestBinarySize keeps the binary small: it is copied or mapped for every
// container, and each library that comes along is code that could be reached.
func TestBinarySize(t *testing.T) {
	for _, arch := range entryArchitectures {
		info, err := os.Stat(build(t, arch, false))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, budget %d", arch, info.Size(), maxBinary)
		if info.Size() > maxBinary {
			t.Errorf("%s: the binary has %d bytes, at most %d; go tool nm -size -sort size tells of what", arch, info.Size(), maxBinary)
		}
	}
}

// TestStatic: no interpreter, so that the binary runs on any host and is no
// script of the dynamic linker's environment.
func TestStatic(t *testing.T) {
	out := run(t, nil, "go", "version", "-m", build(t, "amd64", false))
	if !bytes.Contains(out, []byte("CGO_ENABLED=0")) || bytes.Contains(out, []byte("-buildmode=pie")) {
		t.Errorf("not a static, position-dependent build:\n%s", out)
	}
}

// What runs before main, counted over all packages. Counts are exact and the
// same everywhere; the time is for a busy machine.
const (
	maxInitPackages = 70
	maxInitAllocs   = 220
	maxInitBytes    = 36 << 10
	maxInitMillis   = 2.0
)

var inittrace = regexp.MustCompile(`(?m)^init (\S+) @[0-9.]+ ms, ([0-9.]+) ms clock, (\d+) bytes, (\d+) allocs$`)

// TestInitialisers measures what the start of every command pays before main.
func TestInitialisers(t *testing.T) {
	file := build(t, "amd64", false)
	if out := run(t, nil, "go", "env", "GOHOSTARCH"); string(bytes.TrimSpace(out)) != "amd64" {
		t.Skipf("the binary for amd64 does not run on %s", bytes.TrimSpace(out))
	}
	var count, allocs, size int
	best := -1.0
	for range 5 {
		cmd := exec.Command(file, "--version")
		cmd.Env = []string{"GODEBUG=inittrace=1"}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, errs.Bytes())
		}
		count, allocs, size = 0, 0, 0
		clock := 0.0
		for _, m := range inittrace.FindAllStringSubmatch(errs.String(), -1) {
			count++
			clock += number(t, m[2])
			size += int(number(t, m[3]))
			allocs += int(number(t, m[4]))
		}
		if count == 0 {
			t.Fatalf("no trace in %q", errs.String())
		}
		if best < 0 || clock < best {
			best = clock
		}
	}
	t.Logf("%d packages, %d allocations, %d bytes, %.3f ms", count, allocs, size, best)
	for _, m := range []struct {
		what     string
		got, max float64
	}{
		{"packages with initialisers", float64(count), maxInitPackages},
		{"allocations", float64(allocs), maxInitAllocs},
		{"bytes", float64(size), maxInitBytes},
		{"milliseconds", best, maxInitMillis},
	} {
		if m.got > m.max {
			t.Errorf("before main: %v %s, at most %v; GODEBUG=inittrace=1 tells whose", m.got, m.what, m.max)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
