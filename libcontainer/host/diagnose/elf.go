// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package diagnose

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/oci-rung/rung/internal/linux"
)

// Numbers of the ELF format, under the names of elf(5).
const (
	class32, class64   = 1, 2
	dataLittle         = 1
	typeExec, typeDyn  = 2, 3
	segmentInterpreter = 3

	machine386, machineMIPS, machinePPC, machinePPC64 = 3, 8, 20, 21
	machineS390, machineARM, machineX86               = 22, 40, 62
	machineARM64, machineRISCV, machineLoong          = 183, 243, 258
)

// mostSegments and longestName bound what is read of a file.
const (
	mostSegments = 128
	longestName  = 4096
)

// header is what matters of an ELF file's header.
type header struct {
	class         byte
	order         binary.ByteOrder
	kind, machine uint16
	segments      uint64 // offset of the program headers
	size, count   uint16 // of them
}

// elf says what is wrong with an ELF program or with the interpreter it names.
func (l *look) elf(f *file) string {
	h, ok := readHeader(f.block)
	if !ok {
		return l.onlyFor(linux.ENOEXEC, "a truncated ELF file")
	}
	if why := h.foreign(); why != "" {
		if l.errno == linux.ENOENT {
			// The kernel knows what to run it with (binfmt_misc), and that
			// is not there.
			return why + ", and the emulator registered for such programs is missing"
		}
		return l.onlyFor(linux.ENOEXEC, why)
	}
	switch {
	case h.kind != typeExec && h.kind != typeDyn:
		return l.onlyFor(linux.ENOEXEC, "an ELF file, but not a program")
	case h.count == 0:
		return l.onlyFor(linux.ENOEXEC, "an ELF file without program headers")
	}
	name := h.interpreter(f)
	if name == "" {
		return ""
	}
	return l.interpreter("ELF interpreter", name, func(f *file) string {
		if f.head() == nil && !f.starts("\x7fELF") {
			return l.onlyFor(linux.ELIBBAD, "not an ELF file")
		}
		return ""
	})
}

func (l *look) onlyFor(errno linux.Errno, why string) string {
	if l.errno != errno {
		return ""
	}
	return why
}

// readHeader reads an ELF header of either class and byte order.
func readHeader(b []byte) (header, bool) {
	const ident, size32, size64 = 16, 52, 64
	if len(b) < size32 {
		return header{}, false
	}
	h := header{class: b[4], order: binary.BigEndian}
	if b[5] == dataLittle {
		h.order = binary.LittleEndian
	}
	h.kind, h.machine = h.order.Uint16(b[ident:]), h.order.Uint16(b[ident+2:])
	if h.class == class32 {
		h.segments = uint64(h.order.Uint32(b[28:]))
		h.size, h.count = h.order.Uint16(b[42:]), h.order.Uint16(b[44:])
		return h, true
	}
	if len(b) < size64 {
		return header{}, false
	}
	h.segments = h.order.Uint64(b[32:])
	h.size, h.count = h.order.Uint16(b[54:]), h.order.Uint16(b[56:])
	return h, true
}

// interpreter reads the name of the program's interpreter; a static program has
// none.
func (h *header) interpreter(f *file) string {
	const size32, size64 = 32, 56
	want := size64
	if h.class == class32 {
		want = size32
	}
	if int(h.size) != want {
		return ""
	}
	table, err := f.at(h.segments, want*min(int(h.count), mostSegments))
	if err != nil {
		return ""
	}
	for ; len(table) >= want; table = table[want:] {
		if h.order.Uint32(table) != segmentInterpreter {
			continue
		}
		var offset, length uint64
		if h.class == class32 {
			offset, length = uint64(h.order.Uint32(table[4:])), uint64(h.order.Uint32(table[16:]))
		} else {
			offset, length = h.order.Uint64(table[8:]), h.order.Uint64(table[32:])
		}
		name, err := f.at(offset, int(min(length, longestName)))
		if err != nil {
			return ""
		}
		name, _, _ = bytes.Cut(name, []byte{0})
		return string(name)
	}
	return ""
}

// foreign says for which machine the program is, if it is not for this one.
func (h *header) foreign() string {
	machine, class, order := thisMachine()
	if h.machine == machine && h.class == class && h.order == order || machine == 0 {
		return ""
	}
	if h.order == order && h.class == class32 && class == class64 && h.machine == compatible(machine) {
		return fmt.Sprintf("a program for %s, which this kernel does not run", h.name())
	}
	here := header{machine: machine, class: class, order: order}
	return fmt.Sprintf("a program for %s, and this machine is %s", h.name(), here.name())
}

// thisMachine is what this program was built for, so what this machine runs.
func thisMachine() (machine uint16, class byte, order binary.ByteOrder) {
	switch runtime.GOARCH {
	case "amd64":
		return machineX86, class64, binary.LittleEndian
	case "arm64":
		return machineARM64, class64, binary.LittleEndian
	case "riscv64":
		return machineRISCV, class64, binary.LittleEndian
	case "ppc64le":
		return machinePPC64, class64, binary.LittleEndian
	case "s390x":
		return machineS390, class64, binary.BigEndian
	case "loong64":
		return machineLoong, class64, binary.LittleEndian
	}
	return 0, 0, nil
}

// compatible is the machine whose 32-bit programs a 64-bit one may run too.
func compatible(machine uint16) uint16 {
	switch machine {
	case machineX86:
		return machine386
	case machineARM64:
		return machineARM
	}
	return machine
}

// name is what uname -m calls the machine, or near to that.
func (h *header) name() string {
	big := h.order == binary.BigEndian
	switch h.machine {
	case machine386:
		return "i386"
	case machineX86:
		if h.class == class32 {
			return "x32"
		}
		return "x86_64"
	case machineARM:
		return "arm"
	case machineARM64:
		if big {
			return "aarch64_be"
		}
		return "aarch64"
	case machineRISCV:
		return bits("riscv", h.class)
	case machinePPC:
		return "ppc"
	case machinePPC64:
		if big {
			return "ppc64"
		}
		return "ppc64le"
	case machineS390:
		if h.class == class32 {
			return "s390"
		}
		return "s390x"
	case machineMIPS:
		if big {
			return "mips"
		}
		return "mipsel"
	case machineLoong:
		return bits("loongarch", h.class)
	}
	return fmt.Sprintf("ELF machine %d", h.machine)
}

func bits(name string, class byte) string {
	if class == class32 {
		return name + "32"
	}
	return name + "64"
}
