package plan

import (
	"bytes"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestMemoryPolicyAndPersonality(t *testing.T) {
	for _, test := range []struct {
		name   string
		memory *specs.LinuxMemoryPolicy
		domain specs.LinuxPersonalityDomain
		policy []string
		nodes  []byte
		person []string
	}{
		{"nothing", nil, "", nil, nil, nil},
		{"default", &specs.LinuxMemoryPolicy{Mode: specs.MpolDefault}, "LINUX", []string{"0 … 1"}, nil, []string{"0"}},
		{"bind", &specs.LinuxMemoryPolicy{
			Mode: specs.MpolBind, Nodes: "0,2",
			Flags: []specs.MemoryPolicyFlagType{specs.MpolFStaticNodes, specs.MpolFNumaBalancing},
		}, "LINUX32", []string{"0xa002 … 65"}, words(5), []string{"8"}},
		{"more nodes than a word holds", &specs.LinuxMemoryPolicy{Mode: specs.MpolInterleave, Nodes: "64"}, "",
			[]string{"3 … 0x81"}, words(0, 1), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.MemoryPolicy = test.memory
			if test.domain != "" {
				s.Linux.Personality = &specs.LinuxPersonality{Domain: test.domain}
			}
			exec, err := BuildExec(s, s.Process, hostV1(), Options{ID: "c"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*Plan{build(t, s, hostV1(), options()), exec} {
				wantSteps(t, p, wire.Mempolicy, test.policy...)
				wantSteps(t, p, wire.Personality, test.person...)
				for _, step := range p.Steps {
					if step.Kind == wire.Mempolicy && !bytes.Equal(step.Args[1].([]byte), test.nodes) {
						t.Errorf("got nodes %x, want %x", step.Args[1], test.nodes)
					}
				}
			}
		})
	}
}
