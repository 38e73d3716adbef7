package plan

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// covers: linux.sysctl
func TestSample(t *testing.T) {
	s := &specs.Spec{Mounts: []specs.Mount{{Destination: "/x"}}}
	s.Process.User.UID = 7
	s.Hostname = "h"
	m := specs.LinuxMemory{Limit: nil}
	t.Error("linux.namespaces[2].type: wrong", m)
}
