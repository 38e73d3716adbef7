// Package seccomp turns the seccomp profile of a config.json into the program
// that the kernel runs on every system call of the container (classic BPF, see
// seccomp(2)), and says what it could not honour. It replaces libseccomp and,
// where docs/compat.md does not say otherwise, decides as libseccomp does when
// runc drives it.
//
// It runs in the parent and is pure: it asks the kernel nothing, works on any
// operating system and for any architecture, and does nothing before Compile
// is called. Loading the program is the business of the process it is for.
package seccomp

import (
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// badArch is the verdict on calls of architectures that are not in the filter:
// libseccomp's SCMP_FLTATR_ACT_BADARCH, which runc leaves at its default.
const badArch = retKillThread

// Filter is a compiled profile.
type Filter struct {
	// Instructions is the program.
	Instructions []Instruction
	// Flags are the SECCOMP_FILTER_FLAG_* for SECCOMP_SET_MODE_FILTER, less
	// NEW_LISTENER, which Notify stands for.
	Flags uint32
	// Notify says that there is a SCMP_ACT_NOTIFY: who loads the filter must
	// ask for a listener.
	Notify bool
	// Sends says, with Notify, that sendmsg(2) is let through whatever its
	// arguments are, so that the listener can be handed on by it.
	Sends bool
	// Warnings are deviations that are no errors, each with its JSON path:
	// names that are no system call, rules that cannot be honoured in full.
	// Names are a debug matter, because profiles name what some kernel has.
	Warnings []string
	// Worst is the largest number of instructions for one system call.
	Worst int
}

// Compile turns a profile into a filter for a kernel whose native architecture
// is a GOARCH. Its errors carry the JSON path of the field, and all that it
// can find are in one.
func Compile(p *specs.LinuxSeccomp, native string) (*Filter, error) {
	checked, err := parse(p, native)
	if err != nil {
		return nil, err
	}
	l := &layout{profile: checked, leaves: make([]leaf, 1, 32)}
	l.leaves[0] = leaf{rule: noRule, verdict: checked.def}
	prog := assemble(l)
	switch {
	case checked.tooLarge:
		return nil, fmt.Errorf("linux.seccomp: the profile is too large: it has more than %d different rules, and the kernel takes a filter of %d instructions", maxParts, maxInstructions)
	case len(prog) > maxInstructions:
		return nil, fmt.Errorf("linux.seccomp: the profile is too large: it needs a filter of %d instructions, the kernel takes %d", len(prog), maxInstructions)
	}
	sends := checked.notify && l.passes(l.archs[0], "sendmsg")
	return &Filter{
		Instructions: prog,
		Flags:        checked.flags,
		Notify:       checked.notify,
		Sends:        sends,
		Warnings:     checked.warnings,
		Worst:        worst(prog),
	}, nil
}

// assemble writes the program: a switch on the architecture, for each a search
// of the number, and behind them all the rules on arguments.
func assemble(l *layout) []Instruction {
	type part struct {
		audit uint32
		nodes []node
	}
	parts := make([]part, 0, len(l.archs))
	for i, a := range l.archs {
		same := func(b *arch) bool { return b.audit == a.audit }
		switch {
		case a.audit != auditX8664:
			parts = append(parts, part{a.audit, nodes(l.spansOf(a))})
		case !slices.ContainsFunc(l.archs[:i], same):
			parts = append(parts, part{a.audit, nodes(l.spansX86(l.archs[i:]))})
		}
	}
	used := make([]bool, len(l.leaves))
	for _, p := range parts {
		for _, n := range p.nodes {
			used[n.leaf] = true
			for _, x := range n.except[:n.exceptions] {
				used[x.leaf] = true
			}
		}
	}

	e := &emitter{code: make([]Instruction, 0, 512), little: l.archs[0].littleEndian()}
	leaves := make([]target, len(l.leaves))
	for id := range l.leaves {
		if used[id] {
			leaves[id] = e.chain(l, leafID(id))
		}
	}
	start := verdict(badArch)
	for i := len(parts) - 1; i >= 0; i-- {
		root := e.search(parts[i].nodes, leaves)
		if !root.ret {
			root = e.load(offNr, ^uint32(0))
		}
		start = e.jump(opJEQ, parts[i].audit, root, start)
	}
	e.load(offArch, ^uint32(0))
	return e.program()
}
