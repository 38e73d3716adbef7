package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"strings"

	"github.com/oci-rung/rung/libcontainer/spec"
)

//go:embed VERSION
var versionFile string

// gitCommit is set by the linker: -X main.gitCommit=...
var gitCommit string

func versionNumber() string { return strings.TrimSpace(versionFile) }

// printVersion prints what --version does. Callers take the version from the
// first line, and look for lines with the word in it: no other may have it.
func (c *call) printVersion() {
	fmt.Fprintf(c.stdout, "rung version %s\n", versionNumber())
	commit := gitCommit
	if commit == "" {
		commit = "unknown"
	}
	fmt.Fprintf(c.stdout, "commit: %s\n", commit)
	fmt.Fprintf(c.stdout, "spec: %s\n", spec.MaxVersion)
	fmt.Fprintf(c.stdout, "go: %s\n", runtime.Version())
}
