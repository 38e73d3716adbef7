package seccomp

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// maxArgs is how many arguments a system call has.
const maxArgs = 6

// operator is how a condition compares. Equality is always under a mask; it
// need not be the whole word.
type operator uint8

const (
	opEqual operator = iota
	opNotEqual
	opGreater
	opGreaterEqual
	opLess
	opLessEqual
)

// condition compares one argument, unsigned. mask is all ones but for
// SCMP_CMP_MASKED_EQ, and value has no bit outside it.
type condition struct {
	arg   uint8
	op    operator
	mask  uint64
	value uint64
}

type namedOperator struct {
	name string
	op   operator
}

// operators is sorted by name.
var operators = [...]namedOperator{
	{"SCMP_CMP_EQ", opEqual},
	{"SCMP_CMP_GE", opGreaterEqual},
	{"SCMP_CMP_GT", opGreater},
	{"SCMP_CMP_LE", opLessEqual},
	{"SCMP_CMP_LT", opLess},
	{maskedEqual, opEqual},
	{"SCMP_CMP_NE", opNotEqual},
}

const maskedEqual = "SCMP_CMP_MASKED_EQ"

// Operators returns the names of the operators that Compile takes, sorted.
func Operators() []string {
	out := make([]string, len(operators))
	for i := range operators {
		out[i] = operators[i].name
	}
	return out
}

// parseArgs returns the conditions of a rule; all must hold. An argument that
// is named twice has two conditions that must both hold, as the runtime-spec
// says.
// Compat(runc): runc turns such a rule into several, of which any suffices.
func (p *profile) parseArgs(list []specs.LinuxSeccompArg, entry int) []condition {
	if len(list) == 0 {
		return nil
	}
	out := make([]condition, 0, len(list))
next:
	for i, a := range list {
		if a.Index >= maxArgs {
			p.fail("linux.seccomp.syscalls[%d].args[%d].index: %d is above %d, the last argument", entry, i, a.Index, maxArgs-1)
			continue
		}
		for _, o := range operators {
			if o.name != string(a.Op) {
				continue
			}
			c := condition{arg: uint8(a.Index), op: o.op, mask: ^uint64(0), value: a.Value}
			if a.Op == maskedEqual {
				// As libseccomp has it: value is the mask, valueTwo is what
				// the rest must be.
				c.mask, c.value = a.Value, a.ValueTwo&a.Value
			}
			out = append(out, c)
			continue next
		}
		p.fail("linux.seccomp.syscalls[%d].args[%d].op: unknown operator %q", entry, i, a.Op)
	}
	return out
}

// outcome is what is known of conditions before any argument is.
type outcome uint8

const (
	open outcome = iota
	always
	never
)

// conditionsOn returns the conditions as they are to be tested on arguments of a width,
// and whether they can hold at all. No condition left means that the rule
// holds for every call.
func conditionsOn(w width, list []condition) ([]condition, outcome) {
	settled := func(c condition) bool { return c.settle(w) != open }
	if !slices.ContainsFunc(list, settled) {
		if len(list) == 0 {
			return nil, always
		}
		return list, open
	}
	var out []condition
	for _, c := range list {
		switch c.settle(w) {
		case never:
			return nil, never
		case open:
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, always
	}
	return out, open
}

// settle finds conditions that need no test. On a 32-bit ABI the kernel shows
// arguments with an upper half of zeros, so a condition on that half has its
// answer here. The exception is a small negative number written with 64 bits:
// whoever writes it means the 32 bits that the program passes.
// Compat(runc): libseccomp drops the upper half of every value on such ABIs,
// which turns "above 2^32" into "above 0".
func (c condition) settle(w width) outcome {
	if c.mask == 0 {
		return always
	}
	if w == wide || c.value>>32 == 0 && uint32(c.mask) != 0 {
		return open
	}
	switch c.op {
	case opEqual, opNotEqual:
		switch {
		case c.value>>32 == 0: // the mask is only in the upper half
			return always
		case c.mask == ^uint64(0) && c.value>>31 == 1<<33-1:
			return open
		case c.op == opNotEqual:
			return always
		}
		return never
	case opLess, opLessEqual:
		return always
	}
	return never
}

// test writes the code for a condition: control goes to yes if it holds, else
// to no. It returns where the code starts. Code is written from its end, so
// the lower half, which is tested last, comes first here.
func (e *emitter) test(c condition, w width, yes, no target) target {
	low, high := e.argOffsets(c.arg)
	valueLow, valueHigh := uint32(c.value), uint32(c.value>>32)
	op := c.op
	// What is left are equal, greater and greater or equal.
	switch op {
	case opNotEqual:
		op, yes, no = opEqual, no, yes
	case opLess:
		op, yes, no = opGreaterEqual, no, yes
	case opLessEqual:
		op, yes, no = opGreater, no, yes
	}
	if op == opEqual {
		if mask := uint32(c.mask); mask != 0 {
			e.jump(opJEQ, valueLow, yes, no)
			yes = e.load(low, mask)
		}
		if mask := uint32(c.mask >> 32); w == wide && mask != 0 {
			e.jump(opJEQ, valueHigh, yes, no)
			yes = e.load(high, mask)
		}
		return yes
	}
	code := uint16(opJGT)
	if op == opGreaterEqual {
		code = opJGE
	}
	e.jump(code, valueLow, yes, no)
	here := e.load(low, ^uint32(0))
	if w == wide {
		here = e.jump(opJEQ, valueHigh, here, no)
		e.jump(opJGT, valueHigh, yes, here)
		here = e.load(high, ^uint32(0))
	}
	return here
}
