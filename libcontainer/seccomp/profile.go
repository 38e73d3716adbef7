package seccomp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// profile is a specs.LinuxSeccomp with words turned into numbers.
type profile struct {
	def      uint32 // verdict for calls without a rule
	archs    []*arch
	flags    uint32
	notify   bool
	entries  []entry
	calls    []call // of all entries, one after the other
	rules    []rule // different ones of the entries, see intern
	warnings []string
	errs     []error
	tooLarge bool // beyond maxParts, so that the rest is not looked at
}

// maxParts bounds the different rules, and the different lists of rules, that
// are looked at. Each that counts in the end needs an instruction on each of
// the two widths of arguments, and the kernel takes 4096.
const maxParts = 2 * maxInstructions

// entry is one element of syscalls.
type entry struct {
	index int // in the profile
	rule  int // in rules, or noRule
	end   int // of its part of calls
}

// rule gives a verdict, on conditions. The conditions are kept for each width
// of arguments, together with what is known of them beforehand.
type rule struct {
	action     uint32
	conditions []condition
	on         [widths][]condition
	outcome    [widths]outcome
}

// noRule marks an entry whose verdict is the default's. It adds nothing, but
// its calls still are calls that the profile knows.
const noRule = -1

func (p *profile) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

func (p *profile) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// parse checks a profile and reports everything that is wrong with it at once.
func parse(s *specs.LinuxSeccomp, native string) (*profile, error) {
	p := &profile{}
	var fault *actionFault
	p.def, fault = parseAction(s.DefaultAction, s.DefaultErrnoRet)
	switch {
	case fault != nil && fault.errno:
		p.fail("linux.seccomp.defaultErrnoRet: %s", fault.text)
	case fault != nil:
		p.fail("linux.seccomp.defaultAction: %s", fault.text)
	case p.def == retNotify:
		p.fail("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action, because " + notifyWrite)
	}
	p.parseArchs(s.Architectures, native)

	count := 0
	for i := range s.Syscalls {
		count += len(s.Syscalls[i].Names)
	}
	p.calls = make([]call, 0, count)
	p.entries = make([]entry, 0, len(s.Syscalls))
	for i := range s.Syscalls {
		p.parseEntry(&s.Syscalls[i], i)
	}
	p.parseFlags(s.Flags)
	if p.errs != nil {
		return nil, errors.Join(p.errs...)
	}
	return p, nil
}

// parseArchs collects the architectures of the filter: the native one first,
// whether it is listed or not, then the others as listed.
func (p *profile) parseArchs(list []specs.Arch, native string) {
	first := archByPort(native)
	if first == nil {
		p.fail("linux.seccomp: no table of system calls for %s", native)
		return
	}
	p.archs = append(p.archs, first)
	for i, name := range list {
		a := archByName(string(name))
		switch {
		case a == nil:
			p.fail("linux.seccomp.architectures[%d]: unknown architecture %q", i, name)
		case a.littleEndian() != first.littleEndian():
			// One program cannot look for the halves of an argument in two
			// places, and no kernel serves both.
			p.fail("linux.seccomp.architectures[%d]: %s has another byte order than %s", i, name, first.name)
		case !slices.Contains(p.archs, a):
			p.archs = append(p.archs, a)
		}
	}
}

const notifyWrite = "SCMP_ACT_NOTIFY cannot be used for the write syscall"

func (p *profile) parseEntry(s *specs.LinuxSyscall, index int) {
	action, fault := parseAction(s.Action, s.ErrnoRet)
	switch {
	case fault != nil && fault.errno:
		p.fail("linux.seccomp.syscalls[%d].errnoRet: %s", index, fault.text)
	case fault != nil:
		p.fail("linux.seccomp.syscalls[%d].action: %s", index, fault.text)
	}
	conditions := p.parseArgs(s.Args, index)
	e := entry{index: index, rule: noRule}
	if action != p.def {
		// A rule that says what the default says is no rule, as in libseccomp:
		// else it would take the place of a later one for the same call.
		e.rule = p.intern(action, conditions)
	}
	if len(s.Names) == 0 {
		p.warn("linux.seccomp.syscalls[%d].names: empty, so the rule has no effect", index)
	}
	for i, name := range s.Names {
		if action == retNotify {
			p.notify = true
			if name == "write" {
				// Compat(runc): there the agent who could answer learns of the
				// listener by a write(2) of a process under the filter.
				p.fail("linux.seccomp.syscalls[%d].names[%d]: %s", index, i, notifyWrite)
			}
		}
		c, ok := lookup(name)
		if !ok {
			p.warn("linux.seccomp.syscalls[%d].names[%d]: unknown system call %q ignored", index, i, name)
			continue
		}
		p.calls = append(p.calls, c)
	}
	e.end = len(p.calls)
	p.entries = append(p.entries, e)
}

// intern returns the place of a rule in rules. Equal ones share it, so that
// calls with equal rules share the code.
func (p *profile) intern(action uint32, conditions []condition) int {
	for i := range p.rules {
		if p.rules[i].action == action && slices.Equal(p.rules[i].conditions, conditions) {
			return i
		}
	}
	if len(p.rules) > maxParts {
		p.tooLarge = true
		return noRule
	}
	r := rule{action: action, conditions: conditions}
	for w := range widths {
		r.on[w], r.outcome[w] = conditionsOn(w, conditions)
	}
	p.rules = append(p.rules, r)
	return len(p.rules) - 1
}
