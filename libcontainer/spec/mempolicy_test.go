package spec

import (
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestMemoryPolicyNumbers(t *testing.T) {
	want := []string{"MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"}
	if got := MemoryModeNames(); !slices.Equal(got, want) {
		t.Errorf("modes: got %q, want %q", got, want)
	}
	for i, name := range want {
		if got, ok := MemoryMode(specs.MemoryPolicyModeType(name)); got != uint64(i) || !ok {
			t.Errorf("%s: got %d, %t, want %d", name, got, ok, i)
		}
	}
	wantFlags := []string{"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"}
	if got := MemoryFlagNames(); !slices.Equal(got, wantFlags) {
		t.Errorf("flags: got %q, want %q", got, wantFlags)
	}
	for i, name := range wantFlags {
		if got, ok := MemoryFlag(specs.MemoryPolicyFlagType(name)); got != 1<<(13+i) || !ok {
			t.Errorf("%s: got %#x, %t, want %#x", name, got, ok, 1<<(13+i))
		}
	}
}

func TestCheckMemoryPolicy(t *testing.T) {
	policy := func(mode specs.MemoryPolicyModeType, nodes string, flags ...specs.MemoryPolicyFlagType) edit {
		return linux(func(l *specs.Linux) {
			l.MemoryPolicy = &specs.LinuxMemoryPolicy{Mode: mode, Nodes: nodes, Flags: flags}
		})
	}
	const static, relative, balancing = specs.MpolFStaticNodes, specs.MpolFRelativeNodes, specs.MpolFNumaBalancing
	runCheckCases(t, []checkCase{
		{"empty", policy("", ""), []string{"linux.memoryPolicy.mode: required"}},
		{"unknown", policy("MPOL_ANY", "0"), []string{`linux.memoryPolicy.mode: unknown memory policy "MPOL_ANY"`}},
		{"default", policy(specs.MpolDefault, ""), nil},
		{"default with nodes", policy(specs.MpolDefault, "0"), []string{"linux.memoryPolicy.nodes: MPOL_DEFAULT takes no nodes"}},
		{"local with flags", policy(specs.MpolLocal, "", static), []string{"linux.memoryPolicy.flags[0]: MPOL_LOCAL takes no flags"}},
		{"bind", policy(specs.MpolBind, "0-1,7", static, balancing), nil},
		{"bind to nothing", policy(specs.MpolBind, ""), []string{"linux.memoryPolicy.nodes: MPOL_BIND needs at least one node"}},
		{"interleave", policy(specs.MpolInterleave, "0", relative, relative), nil},
		{"weighted without nodes", policy(specs.MpolWeightedInterleave, ","), []string{"linux.memoryPolicy.nodes: MPOL_WEIGHTED_INTERLEAVE needs at least one node"}},
		{"preferred without nodes", policy(specs.MpolPreferred, ""), nil},
		{"preferred, placed without nodes", policy(specs.MpolPreferred, "", static),
			[]string{"linux.memoryPolicy.flags[0]: MPOL_F_STATIC_NODES says what nodes mean, and there are none"}},
		{"preferred many", policy(specs.MpolPreferredMany, "0", balancing), nil},
		{"no list", policy(specs.MpolBind, "first"), []string{`linux.memoryPolicy.nodes: "first" is not a list like 0-3,7`}},
		{"flags", policy(specs.MpolInterleave, "0", relative, "MPOL_F_X", balancing, static), []string{
			`linux.memoryPolicy.flags[1]: unknown flag "MPOL_F_X"`,
			"linux.memoryPolicy.flags[2]: MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY, not for MPOL_INTERLEAVE",
			"linux.memoryPolicy.flags[3]: nodes cannot be relative and static at once",
		}},
	})
}

func TestCheckPersonality(t *testing.T) {
	personality := func(domain specs.LinuxPersonalityDomain, flags ...specs.LinuxPersonalityFlag) edit {
		return linux(func(l *specs.Linux) { l.Personality = &specs.LinuxPersonality{Domain: domain, Flags: flags} })
	}
	runCheckCases(t, []checkCase{
		{"linux", personality("LINUX"), nil},
		{"linux32", personality("LINUX32"), nil},
		{"empty", personality(""), []string{"linux.personality.domain: required"}},
		{"unknown", personality("SVR4"), []string{`linux.personality.domain: unknown domain "SVR4": it is LINUX or LINUX32`}},
		{"flags", personality("LINUX", "ADDR_NO_RANDOMIZE"),
			[]string{`linux.personality.flags[0]: unknown flag "ADDR_NO_RANDOMIZE": the runtime-spec defines none`}},
	})
	for domain, want := range map[specs.LinuxPersonalityDomain]uint64{"LINUX": 0, "LINUX32": 8} {
		if got, ok := Personality(domain); got != want || !ok {
			t.Errorf("%s: got %#x, %t, want %#x", domain, got, ok, want)
		}
	}
}
