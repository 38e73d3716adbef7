package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The empty process says that it is there and then stays until it is killed.
func TestEmptyProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, emptyProgram(), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer limit.Stop()
	if n, err := out.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("output: got %d bytes, %v, want 1", n, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("kill: %v: it did not stay", err)
	}
	err = cmd.Wait()
	if got := err.Error(); got != "signal: killed" {
		t.Errorf("end: got %s, want signal: killed", got)
	}
}
