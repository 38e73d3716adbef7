package seccomp

// arch is one ABI by its name in the runtime-spec. Several may share a kernel
// (x86_64, x86, x32), and x86_64 and x32 even the audit number.
type arch struct {
	name   string
	goarch string // GOARCH of the kernel that calls it native, or ""
	audit  uint32 // AUDIT_ARCH_*, what the kernel puts into seccomp_data.arch
	base   uint32 // number of slot 0
	column uint8  // in numbers
	width  width
	enosys uint16

	// Slots of the two calls that offer many others by a number in their
	// first argument; 0 where the ABI has none.
	socketcall, ipc uint16
}

// width tells how much of an argument the kernel sees. x32 and n32 are wide:
// they have 32-bit pointers, but their system calls get 64-bit registers, so a
// comparison of 32 bits could be deceived.
type width uint8

const (
	narrow width = iota
	wide
	widths
)

// From linux/audit.h: the ELF machine, and what tells its variants apart.
const (
	audit64     = 0x80000000
	auditLittle = 0x40000000
	auditN32    = 0x20000000
)

const (
	auditI386   = auditLittle | 3
	auditX8664  = audit64 | auditLittle | 62
	auditARM    = auditLittle | 40
	auditARM64  = audit64 | auditLittle | 183
	auditLoong  = audit64 | auditLittle | 258
	auditM68K   = 4
	auditMIPS   = 8
	auditMIPS64 = audit64 | 8
	auditPARISC = 15
	auditPPC    = 20
	auditPPC64  = audit64 | 21
	auditRISCV  = audit64 | auditLittle | 243
	auditS390   = 22
	auditS390X  = audit64 | 22
	auditSH     = 42
)

// x32Bit in a system call number says that the caller is x32.
const x32Bit = 0x40000000

// ENOSYS is 38 in asm-generic; MIPS has the numbers of IRIX, PA-RISC those of
// HP-UX.
const (
	enosys       = 38
	enosysMIPS   = 89
	enosysPARISC = 251
)

//go:generate go run gen/main.go

// archs is sorted by name.
var archs = [...]arch{
	{name: "SCMP_ARCH_AARCH64", goarch: "arm64", audit: auditARM64, column: colARM64, width: wide, enosys: enosys},
	{name: "SCMP_ARCH_ARM", goarch: "arm", audit: auditARM, column: colARM, enosys: enosys},
	{name: "SCMP_ARCH_LOONGARCH64", goarch: "loong64", audit: auditLoong, column: colLoongArch64, width: wide, enosys: enosys},
	{name: "SCMP_ARCH_M68K", audit: auditM68K, column: colM68K, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_MIPS", goarch: "mips", audit: auditMIPS, base: 4000, column: colMIPS, enosys: enosysMIPS, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_MIPS64", goarch: "mips64", audit: auditMIPS64, base: 5000, column: colMIPS64, width: wide, enosys: enosysMIPS},
	{name: "SCMP_ARCH_MIPS64N32", audit: auditMIPS64 | auditN32, base: 6000, column: colMIPS64N32, width: wide, enosys: enosysMIPS},
	{name: "SCMP_ARCH_MIPSEL", goarch: "mipsle", audit: auditMIPS | auditLittle, base: 4000, column: colMIPS, enosys: enosysMIPS, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_MIPSEL64", goarch: "mips64le", audit: auditMIPS64 | auditLittle, base: 5000, column: colMIPS64, width: wide, enosys: enosysMIPS},
	{name: "SCMP_ARCH_MIPSEL64N32", audit: auditMIPS64 | auditN32 | auditLittle, base: 6000, column: colMIPS64N32, width: wide, enosys: enosysMIPS},
	{name: "SCMP_ARCH_PARISC", audit: auditPARISC, column: colPARISC, enosys: enosysPARISC},
	{name: "SCMP_ARCH_PARISC64", audit: auditPARISC | audit64, column: colPARISC64, width: wide, enosys: enosysPARISC},
	{name: "SCMP_ARCH_PPC", goarch: "ppc", audit: auditPPC, column: colPPC, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_PPC64", goarch: "ppc64", audit: auditPPC64, column: colPPC64, width: wide, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_PPC64LE", goarch: "ppc64le", audit: auditPPC64 | auditLittle, column: colPPC64, width: wide, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_RISCV64", goarch: "riscv64", audit: auditRISCV, column: colRISCV64, width: wide, enosys: enosys},
	{name: "SCMP_ARCH_S390", audit: auditS390, column: colS390, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_S390X", goarch: "s390x", audit: auditS390X, column: colS390X, width: wide, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_SH", audit: auditSH | auditLittle, column: colSH, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_SHEB", audit: auditSH, column: colSH, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_X32", audit: auditX8664, base: x32Bit, column: colX32, width: wide, enosys: enosys},
	{name: "SCMP_ARCH_X86", goarch: "386", audit: auditI386, column: colX86, enosys: enosys, socketcall: 102, ipc: 117},
	{name: "SCMP_ARCH_X86_64", goarch: "amd64", audit: auditX8664, column: colX8664, width: wide, enosys: enosys},
}

func archByName(name string) *arch {
	for i := range archs {
		if archs[i].name == name {
			return &archs[i]
		}
	}
	return nil
}

func archByPort(goarch string) *arch {
	for i := range archs {
		if archs[i].goarch == goarch && goarch != "" {
			return &archs[i]
		}
	}
	return nil
}

func (a *arch) littleEndian() bool { return a.audit&auditLittle != 0 }

// isS390 tells the ABIs on which the kernel turns numbers it does not know
// into 0.
func (a *arch) isS390() bool { return a.audit == auditS390 || a.audit == auditS390X }

// A slot is a system call number as the tables have it: less the ABI's base,
// and with ARM's private calls moved down behind all others.
const (
	slotCount   = 1024
	privateSlot = 992
	privateBase = 0xf0000
	noSlot      = 0xffff
)

// call is the index of a name in the generated tables.
type call uint16

// lookup finds a name, on whichever architecture it is a system call.
func lookup(name string) (call, bool) {
	lo, hi := 0, callCount
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		switch s := call(mid).String(); {
		case s == name:
			return call(mid), true
		case s < name:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0, false
}

func (c call) String() string {
	start := uint16(0)
	if c > 0 {
		start = nameEnds[c-1]
	}
	return nameText[start:nameEnds[c]]
}

// slot returns the call's place on an architecture, or noSlot.
func (a *arch) slot(c call) uint16 { return numbers[a.column][c] }

// number is the kernel's number of a slot.
func (a *arch) number(slot uint16) uint32 {
	if slot >= privateSlot {
		return privateBase + uint32(slot-privateSlot)
	}
	return a.base + uint32(slot)
}
