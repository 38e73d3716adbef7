package seccomp

import "encoding/binary"

// Instruction is the kernel's struct sock_filter. It has no byte order until
// Filter.Bytes gives it one.
type Instruction struct {
	Code   uint16
	JT, JF uint8
	K      uint32
}

// The part of classic BPF that Compile writes and Run understands.
const (
	opLoad = 0x20 // ld [k]
	opAnd  = 0x54 // and #k
	opJA   = 0x05 // ja k
	opJEQ  = 0x15 // jeq #k, jt, jf
	opJGT  = 0x25 // jgt #k, jt, jf
	opJGE  = 0x35 // jge #k, jt, jf
	opRet  = 0x06 // ret #k
)

// Offsets in the kernel's struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offIP   = 8
	offArgs = 16
	dataLen = 64
)

// maxInstructions is the kernel's BPF_MAXINSNS.
const maxInstructions = 4096

// Bytes returns the program as the kernel of a machine with that byte order
// wants it, 8 bytes an instruction.
func (f *Filter) Bytes(order binary.ByteOrder) []byte {
	out := make([]byte, 8*len(f.Instructions))
	for i, in := range f.Instructions {
		b := out[8*i : 8*i+8]
		order.PutUint16(b, in.Code)
		b[2], b[3] = in.JT, in.JF
		order.PutUint32(b[4:], in.K)
	}
	return out
}

// Data is what a filter sees of a system call: the kernel's struct
// seccomp_data.
type Data struct {
	Nr   int32
	Arch uint32
	IP   uint64
	Args [6]uint64
}

// word returns the 32 bits at an offset, as a kernel of that architecture's
// byte order lays them out.
func (d *Data) word(off uint32) uint32 {
	var v uint64
	switch {
	case off == offNr:
		return uint32(d.Nr)
	case off == offArch:
		return d.Arch
	case off < offArgs:
		v = d.IP
	default:
		v = d.Args[(off-offArgs)/8]
	}
	if first := off%8 == 0; first == (d.Arch&auditLittle != 0) {
		return uint32(v)
	}
	return uint32(v >> 32)
}

// Run executes a program as the kernel would and returns its verdict
// (SECCOMP_RET_* and data) and how many instructions that took. A program that
// the kernel would not have loaded gets the verdict SECCOMP_RET_KILL_PROCESS.
func Run(prog []Instruction, d Data) (verdict uint32, steps int) {
	var a uint32
	for pc := uint64(0); pc < uint64(len(prog)); pc++ {
		in := prog[pc]
		steps++
		var jump bool
		switch in.Code {
		case opRet:
			return in.K, steps
		case opJA:
			pc += uint64(in.K)
			continue
		case opLoad:
			if in.K%4 != 0 || in.K >= dataLen {
				return retKillProcess, steps
			}
			a = d.word(in.K)
			continue
		case opAnd:
			a &= in.K
			continue
		case opJEQ:
			jump = a == in.K
		case opJGT:
			jump = a > in.K
		case opJGE:
			jump = a >= in.K
		default:
			return retKillProcess, steps
		}
		if jump {
			pc += uint64(in.JT)
		} else {
			pc += uint64(in.JF)
		}
	}
	return retKillProcess, steps
}

// worst returns the length of the longest way through a program. Jumps only go
// forward, so one pass from the end suffices.
func worst(prog []Instruction) int {
	most := make([]int, len(prog))
	for i := len(prog) - 1; i >= 0; i-- {
		switch in := prog[i]; in.Code {
		case opRet:
			most[i] = 1
		case opJA:
			most[i] = 1 + most[i+1+int(in.K)]
		case opLoad, opAnd:
			most[i] = 1 + most[i+1]
		default:
			most[i] = 1 + max(most[i+1+int(in.JT)], most[i+1+int(in.JF)])
		}
	}
	return most[0]
}
