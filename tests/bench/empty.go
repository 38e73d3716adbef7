package main

import (
	"encoding/binary"
	goruntime "runtime"
)

// emptyProgram is an executable that writes one byte to its standard output and
// then does nothing: the least that a process can cost.
func emptyProgram() []byte {
	const base, header = 0x400000, 64 + 56
	machine, code := uint16(62), []byte{ // x86-64
		0xb8, 1, 0, 0, 0, // mov eax, write
		0xbf, 1, 0, 0, 0, // mov edi, 1
		0xbe, 0, 0, 0x40, 0, // mov esi, base
		0xba, 1, 0, 0, 0, // mov edx, 1
		0x0f, 0x05, // syscall
		0xb8, 34, 0, 0, 0, // mov eax, pause
		0x0f, 0x05, // syscall
		0xeb, 0xf7, // jmp back to the second mov eax
	}
	if goruntime.GOARCH == "arm64" {
		machine, code = 183, words(
			0xd2800020,                         // mov x0, 1
			0xd2a00801,                         // mov x1, base
			0xd2800022,                         // mov x2, 1
			0xd2800808,                         // mov x8, write
			0xd4000001,                         // svc 0
			0xd2800000, 0xd2800001, 0xd2800002, // mov x0, x1, x2: 0
			0xd2800003, 0xd2800004, // mov x3, x4: 0
			0xd2800928, // mov x8, ppoll
			0xd4000001, // svc 0
			0x17fffff9, // b back to the mov x0, 0
		)
	}
	size := uint64(header + len(code))
	le := binary.LittleEndian
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 15: 0} // 64 bits, little endian
	b = le.AppendUint16(b, 2)                        // an executable
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, base+header) // entry
	b = le.AppendUint64(b, 64)          // program header: here
	b = le.AppendUint64(b, 0)           // no sections
	b = le.AppendUint32(b, 0)
	for _, n := range []uint16{64, 56, 1, 0, 0, 0} { // sizes and counts
		b = le.AppendUint16(b, n)
	}
	b = le.AppendUint32(b, 1) // to be loaded,
	b = le.AppendUint32(b, 5) // readable and executable
	for _, n := range []uint64{0, base, base, size, size, 0x1000} {
		b = le.AppendUint64(b, n)
	}
	return append(b, code...)
}

func words(list ...uint32) []byte {
	var b []byte
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
