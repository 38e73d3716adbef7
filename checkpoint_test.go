package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oci-rung/rung/libcontainer"
)

func TestParsePageServer(t *testing.T) {
	for _, tt := range []struct {
		text, address string
		port          int
	}{
		{"10.0.0.1:27", "10.0.0.1", 27},
		{"[::1]:65535", "::1", 65535},
		{"::1:27", "::1", 27},
		{"10.0.0.1", "", 0},
		{"10.0.0.1:", "", 0},
		{"10.0.0.1:0", "", 0},
		{"10.0.0.1:65536", "", 0},
		{"10.0.0.1:x", "", 0},
		{":27", "", 0},
		{"host:27", "", 0}, // criu takes no names
	} {
		got, err := parsePageServer(tt.text)
		switch {
		case tt.address == "":
			if want := "--page-server " + tt.text + ": want an address and a port, as 10.0.0.1:27"; fmt.Sprint(err) != want {
				t.Errorf("%s: got %+v, %v want %s", tt.text, got, err, want)
			}
		case err != nil || *got != (libcontainer.CriuPageServer{Address: tt.address, Port: tt.port}):
			t.Errorf("%s: got %+v, %v want %s and %d", tt.text, got, err, tt.address, tt.port)
		}
	}
}

func TestParseCgroupMode(t *testing.T) {
	for text, want := range map[string]libcontainer.CgroupMode{
		"": libcontainer.CgroupsSoft, "soft": libcontainer.CgroupsSoft, "full": libcontainer.CgroupsFull,
		"strict": libcontainer.CgroupsStrict, "ignore": libcontainer.CgroupsIgnore,
	} {
		if got, err := parseCgroupMode(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v want %v", text, got, err, want)
		}
	}
	if _, err := parseCgroupMode("Soft"); err == nil || !strings.Contains(err.Error(), "Invalid manage-cgroups-mode") {
		t.Errorf("got %v want a refusal", err)
	}
}

func TestCheckParent(t *testing.T) {
	dir := t.TempDir()
	images := filepath.Join(dir, "images")
	if err := os.Mkdir(filepath.Join(dir, "pre"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ parent, want string }{
		{"../pre", "<nil>"},
		{filepath.Join(dir, "pre"), "--parent-path must be relative"},
		{"../file", "invalid --parent-path: stat " + dir + "/file: not a directory"},
		{"../none", "invalid --parent-path: stat " + dir + "/none: no such file or directory"},
	} {
		// The images need not be there yet.
		if got := fmt.Sprint(checkParent(images, tt.parent)); got != tt.want {
			t.Errorf("%s: got %s want %s", tt.parent, got, tt.want)
		}
	}
}

// The flags are looked at before criu is looked for, and both before anything
// is done to a container.
func TestCheckpointRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, tt := range []struct{ line, want string }{
		{"checkpoint x", `exec: "criu": executable file not found in $PATH`},
		{"restore x", `exec: "criu": executable file not found in $PATH`},
		{"restore ../x", "invalid container ID format"},
		{"checkpoint --manage-cgroups-mode no x", "Invalid manage-cgroups-mode"},
		{"checkpoint --empty-ns uts x", `namespace "uts" is not supported`},
	} {
		got := runCall(t, append([]string{"--root", t.TempDir()}, strings.Fields(tt.line)...)...)
		if got.code != exitFailure || !strings.Contains(got.stderr, strings.ReplaceAll(tt.want, `"`, `\"`)) {
			t.Errorf("%s: got %d and %q want %q", tt.line, got.code, got.stderr, tt.want)
		}
	}
}

// TestCheckpointOptions needs a criu in PATH: any program of that name.
func TestCheckpointOptions(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "criu"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, tt := range []struct{ line, want string }{
		{"checkpoint --image-path i --parent-path /p x", "--parent-path must be relative"},
		{"checkpoint --page-server nowhere x", "--page-server nowhere: want an address and a port"},
		{"checkpoint --status-fd 987 x", "invalid --status-fd argument 987: not open for writing"},
		{"checkpoint --pre-dump --lazy-pages x", "--pre-dump: the memory is copied now, or when it is used with --lazy-pages, not both"},
		{"checkpoint x", "container does not exist"},
	} {
		got := runCall(t, append([]string{"--root", t.TempDir()}, strings.Fields(tt.line)...)...)
		if got.code != exitFailure || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%s: got %d and %q want %q", tt.line, got.code, got.stderr, tt.want)
		}
	}
}
