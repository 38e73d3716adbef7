package seccomp

// target is where a jump goes: to an instruction, or to a return of a verdict
// that need not exist yet.
type target struct {
	ret     bool
	verdict uint32
	at      int // counted from the end of the program
}

func verdict(v uint32) target { return target{ret: true, verdict: v} }

// reach is how far a conditional jump may go. The format allows 255; the rest
// is room for what jump puts in between for its other target.
const reach = 253

// copied is the latest place from which a target that is too far away, or a
// verdict, can be reached.
type copied struct {
	of target
	at int
}

// emitter writes a program from its end to its beginning, so that the targets
// of all jumps, which BPF only allows forward, are known when a jump is
// written.
type emitter struct {
	code   []Instruction // reversed
	copies []copied
	little bool
}

// put writes an instruction before all others.
func (e *emitter) put(in Instruction) target {
	e.code = append(e.code, in)
	return target{at: len(e.code) - 1}
}

// distance is the offset in a jump that will be the next instruction.
func (e *emitter) distance(at int) int { return len(e.code) - 1 - at }

// near returns the place of an instruction, close to the next one, that leads
// to t: t itself, a copy of its return, or an unconditional jump.
func (e *emitter) near(t target) int {
	if !t.ret && e.distance(t.at) <= reach {
		return t.at
	}
	i := 0
	for i < len(e.copies) && e.copies[i].of != t {
		i++
	}
	if i == len(e.copies) {
		e.copies = append(e.copies, copied{of: t, at: -1})
	} else if e.distance(e.copies[i].at) <= reach {
		return e.copies[i].at
	}
	in := Instruction{Code: opRet, K: t.verdict}
	if !t.ret {
		in = Instruction{Code: opJA, K: uint32(e.distance(t.at))}
	}
	e.copies[i].at = e.put(in).at
	return e.copies[i].at
}

// jump writes a conditional jump.
func (e *emitter) jump(code uint16, k uint32, yes, no target) target {
	y, n := e.near(yes), e.near(no)
	return e.put(Instruction{Code: code, JT: uint8(e.distance(y)), JF: uint8(e.distance(n)), K: k})
}

// load writes a load of a word, under a mask, for the instruction written
// last.
func (e *emitter) load(offset, mask uint32) target {
	if mask != ^uint32(0) {
		e.put(Instruction{Code: opAnd, K: mask})
	}
	return e.put(Instruction{Code: opLoad, K: offset})
}

// argOffsets returns where the kernel puts the halves of an argument.
func (e *emitter) argOffsets(arg uint8) (low, high uint32) {
	first := offArgs + 8*uint32(arg)
	if e.little {
		return first, first + 4
	}
	return first + 4, first
}

// program returns what was written, in the order of execution.
func (e *emitter) program() []Instruction {
	for i, j := 0, len(e.code)-1; i < j; i, j = i+1, j-1 {
		e.code[i], e.code[j] = e.code[j], e.code[i]
	}
	return e.code
}
