package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// memoryModes holds the names of memory policies; the index is the number that
// set_mempolicy(2) takes.
var memoryModes = [...]specs.MemoryPolicyModeType{
	specs.MpolDefault, specs.MpolPreferred, specs.MpolBind, specs.MpolInterleave,
	specs.MpolLocal, specs.MpolPreferredMany, specs.MpolWeightedInterleave,
}

// memoryFlags holds the names of flags of memory policies; the index is the
// bit, counted from memoryFlagShift.
var memoryFlags = [...]specs.MemoryPolicyFlagType{
	specs.MpolFNumaBalancing, specs.MpolFRelativeNodes, specs.MpolFStaticNodes,
}

const memoryFlagShift = 13

// MemoryMode returns the number of a memory policy.
func MemoryMode(name specs.MemoryPolicyModeType) (number uint64, ok bool) {
	for i, known := range memoryModes {
		if known == name {
			return uint64(i), true
		}
	}
	return 0, false
}

// MemoryFlag returns the bit of a flag of memory policies.
func MemoryFlag(name specs.MemoryPolicyFlagType) (bit uint64, ok bool) {
	for i, known := range memoryFlags {
		if known == name {
			return 1 << (memoryFlagShift + i), true
		}
	}
	return 0, false
}

// MemoryModeNames returns the names of all memory policies, by number.
func MemoryModeNames() []string { return names(memoryModes[:]) }

// MemoryFlagNames returns the names of all flags of memory policies, by bit.
func MemoryFlagNames() []string { return names(memoryFlags[:]) }

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = string(n)
	}
	return out
}

// checkMemoryPolicy refuses what every kernel refuses. Which nodes this host
// has, and the cgroup allows, the kernel will say.
func checkMemoryPolicy(p *problems, m *specs.LinuxMemoryPolicy) {
	if m == nil {
		return
	}
	const at = "linux.memoryPolicy"
	switch _, ok := MemoryMode(m.Mode); {
	case m.Mode == "":
		p.add(at+".mode", causeRequired)
		return
	case !ok:
		p.addf(at+".mode", "unknown memory policy %q", m.Mode)
		return
	}
	checkMemoryNodes(p, m, at+".nodes")
	var meaning specs.MemoryPolicyFlagType // of the nodes
	for i, f := range m.Flags {
		_, ok := MemoryFlag(f)
		where := element(at+".flags", i)
		switch {
		case !ok:
			p.addf(where, "unknown flag %q", f)
		case m.Mode == specs.MpolDefault || m.Mode == specs.MpolLocal:
			p.addf(where, "%s takes no flags", m.Mode)
		case f == specs.MpolFNumaBalancing && m.Mode != specs.MpolBind && m.Mode != specs.MpolPreferredMany:
			p.addf(where, "%s is for MPOL_BIND and MPOL_PREFERRED_MANY, not for %s", f, m.Mode)
		case f == specs.MpolFNumaBalancing:
		case m.Mode == specs.MpolPreferred && m.Nodes == "":
			p.addf(where, "%s says what nodes mean, and there are none", f)
		case meaning != "" && f != meaning:
			p.addf(where, "nodes cannot be relative and static at once")
		default:
			meaning = f
		}
	}
}

func checkMemoryNodes(p *problems, m *specs.LinuxMemoryPolicy, at string) {
	mask, err := Mask(m.Nodes)
	if err != nil {
		p.add(at, err.Error())
		return
	}
	switch m.Mode {
	case specs.MpolDefault, specs.MpolLocal:
		if len(mask) > 0 {
			p.addf(at, "%s takes no nodes", m.Mode)
		}
	case specs.MpolPreferred: // without nodes it is the local one
	default:
		if len(mask) == 0 {
			p.addf(at, "%s needs at least one node", m.Mode)
		}
	}
}
