package seccomp

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func defaultProfile(t testing.TB) *specs.LinuxSeccomp {
	t.Helper()
	text, err := os.ReadFile("testdata/default.json")
	if err != nil {
		t.Fatal(err)
	}
	p := &specs.LinuxSeccomp{}
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	return p
}

func parseJSON(t *testing.T, text string) *specs.LinuxSeccomp {
	t.Helper()
	p := &specs.LinuxSeccomp{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func compile(t testing.TB, p *specs.LinuxSeccomp, native string) *Filter {
	t.Helper()
	f, err := Compile(p, native)
	if err != nil {
		t.Fatal(err)
	}
	checkProgram(t, f)
	return f
}

// checkProgram does what the kernel does before it takes a filter.
func checkProgram(t testing.TB, f *Filter) {
	t.Helper()
	n := len(f.Instructions)
	if n == 0 || n > maxInstructions {
		t.Fatalf("%d instructions", n)
	}
	for i, in := range f.Instructions {
		far := 0
		switch in.Code {
		case opRet:
			continue
		case opLoad:
			if in.K%4 != 0 || in.K >= dataLen {
				t.Fatalf("instruction %d loads offset %d", i, in.K)
			}
		case opAnd:
		case opJA:
			far = int(in.K)
		case opJEQ, opJGT, opJGE:
			far = max(int(in.JT), int(in.JF))
		default:
			t.Fatalf("instruction %d has code %#x", i, in.Code)
		}
		if i+1+far >= n {
			t.Fatalf("instruction %d leaves the program", i)
		}
	}
	if f.Instructions[n-1].Code != opRet {
		t.Fatal("the last instruction is no return")
	}
}

// number returns a call's number on an architecture.
func number(t *testing.T, arch, name string) int32 {
	t.Helper()
	n := refNumber(archByName(arch), name)
	if n < 0 {
		t.Fatalf("%s has no %s", arch, name)
	}
	return int32(n)
}

const (
	allow  = 0x7fff0000
	logged = 0x7ffc0000
	kill   = 0
	eNoSys = 0x00050000 + 38
	ePerm  = 0x00050000 + 1
)

// covers: linux.seccomp.syscalls.args.valueTwo
func TestVerdicts(t *testing.T) {
	const x8664, x86, x32 = "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"
	type call struct {
		arch, name string
		nr         int32 // if there is no name
		args       [6]uint64
		want       uint32
	}
	for _, tc := range []struct {
		title, profile, native string
		calls                  []call
	}{
		{"actions", `{"defaultAction":"SCMP_ACT_LOG","syscalls":[
			{"names":["read"],"action":"SCMP_ACT_ALLOW"},
			{"names":["write"],"action":"SCMP_ACT_ERRNO"},
			{"names":["open"],"action":"SCMP_ACT_ERRNO","errnoRet":77},
			{"names":["close"],"action":"SCMP_ACT_TRACE"},
			{"names":["stat"],"action":"SCMP_ACT_TRACE","errnoRet":65535},
			{"names":["fstat"],"action":"SCMP_ACT_KILL"},
			{"names":["lstat"],"action":"SCMP_ACT_KILL_THREAD"},
			{"names":["poll"],"action":"SCMP_ACT_KILL_PROCESS"},
			{"names":["lseek"],"action":"SCMP_ACT_TRAP"},
			{"names":["mmap"],"action":"SCMP_ACT_NOTIFY"},
			{"names":["dup"],"action":"SCMP_ACT_ERRNO","errnoRet":0}]}`, "amd64", []call{
			{x8664, "read", 0, [6]uint64{}, allow},
			{x8664, "write", 0, [6]uint64{}, ePerm},
			{x8664, "open", 0, [6]uint64{}, 0x00050000 + 77},
			{x8664, "close", 0, [6]uint64{}, 0x7ff00001},
			{x8664, "stat", 0, [6]uint64{}, 0x7ff0ffff},
			{x8664, "fstat", 0, [6]uint64{}, kill},
			{x8664, "lstat", 0, [6]uint64{}, kill},
			{x8664, "poll", 0, [6]uint64{}, 0x80000000},
			{x8664, "lseek", 0, [6]uint64{}, 0x00030000},
			{x8664, "mmap", 0, [6]uint64{}, 0x7fc00000},
			{x8664, "dup", 0, [6]uint64{}, 0x00050000},
			{x8664, "", 9999, [6]uint64{}, logged},
			{x86, "read", 0, [6]uint64{}, kill},
			{x32, "read", 0, [6]uint64{}, kill},
		}},
		{"calls newer than the profile", `{"defaultAction":"SCMP_ACT_KILL_PROCESS","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X32"],"syscalls":[
			{"names":["getrandom","readv"],"action":"SCMP_ACT_ALLOW"}]}`, "amd64", []call{
			{x8664, "getrandom", 0, [6]uint64{}, allow},
			{x8664, "renameat2", 0, [6]uint64{}, 0x80000000},
			{x8664, "memfd_create", 0, [6]uint64{}, eNoSys},
			{x8664, "", 9999, [6]uint64{}, eNoSys},
			{x8664, "", 0x3fffffff, [6]uint64{}, eNoSys},
			{x32, "read", 0, [6]uint64{}, 0x80000000},
			{x32, "getrandom", 0, [6]uint64{}, allow},
			{x32, "readv", 0, [6]uint64{}, allow},
			{x32, "ioctl", 0, [6]uint64{}, 0x80000000},
			{x32, "writev", 0, [6]uint64{}, eNoSys},
			{x32, "", -1, [6]uint64{}, eNoSys},
		}},
		{"number -1 is no x32 call", `{"defaultAction":"SCMP_ACT_ALLOW"}`, "amd64", []call{
			{x8664, "", -1, [6]uint64{}, allow},
			{x8664, "", -2, [6]uint64{}, kill},
			{x8664, "", x32Bit, [6]uint64{}, kill},
			{x8664, "", x32Bit - 1, [6]uint64{}, allow},
		}},
		{"a rule like the default does not stand in the way", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
			{"names":["setns"],"action":"SCMP_ACT_ERRNO","errnoRet":1},
			{"names":["setns"],"action":"SCMP_ACT_ALLOW"},
			{"names":["mount"],"action":"SCMP_ACT_ERRNO","errnoRet":2},
			{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]}`, "amd64", []call{
			{x8664, "setns", 0, [6]uint64{}, allow},
			{x8664, "mount", 0, [6]uint64{}, 0x00050002},
		}},
		{"conditions lose against none", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
			{"names":["dup"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":3,"op":"SCMP_CMP_EQ"}]},
			{"names":["dup"],"action":"SCMP_ACT_ALLOW"},
			{"names":["dup"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":4,"op":"SCMP_CMP_EQ"}]}]}`, "amd64", []call{
			{x8664, "dup", 0, [6]uint64{3}, allow},
			{x8664, "dup", 0, [6]uint64{4}, allow},
		}},
		{"an argument named twice: both must hold", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
			{"names":["dup"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":3,"op":"SCMP_CMP_GE"},{"index":0,"value":5,"op":"SCMP_CMP_LE"}]}]}`, "amd64", []call{
			{x8664, "dup", 0, [6]uint64{2}, ePerm},
			{x8664, "dup", 0, [6]uint64{3}, allow},
			{x8664, "dup", 0, [6]uint64{5}, allow},
			{x8664, "dup", 0, [6]uint64{6}, ePerm},
		}},
		{"masked equal", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
			{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]},
			{"names":["dup"],"action":"SCMP_ACT_ALLOW","args":[{"index":5,"value":1095216660735,"valueTwo":72057594037927937,"op":"SCMP_CMP_MASKED_EQ"}]}]}`, "amd64", []call{
			{x8664, "clone", 0, [6]uint64{0x11}, allow},
			{x8664, "clone", 0, [6]uint64{0xffffffff81fdffff}, allow},
			{x8664, "clone", 0, [6]uint64{0x10000000}, ePerm},
			{x8664, "dup", 0, [6]uint64{5: 0x01}, allow},
			{x8664, "dup", 0, [6]uint64{5: 0xffffff00ffffff01}, allow},
			{x8664, "dup", 0, [6]uint64{5: 0x0000000100000001}, ePerm},
			{x8664, "dup", 0, [6]uint64{5: 0x0000000000000003}, ePerm},
		}},
		{"socketcall", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[
			{"names":["socket","shmat"],"action":"SCMP_ACT_ERRNO"},
			{"names":["bind"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":3,"op":"SCMP_CMP_EQ"}]}]}`, "amd64", []call{
			{x86, "socketcall", 0, [6]uint64{1}, ePerm},
			{x86, "socketcall", 0, [6]uint64{2}, kill},
			{x86, "socketcall", 0, [6]uint64{3}, allow},
			{x86, "ipc", 0, [6]uint64{21}, ePerm},
			{x86, "ipc", 0, [6]uint64{1<<16 + 21}, ePerm},
			{x86, "ipc", 0, [6]uint64{22}, allow},
			{x86, "socket", 0, [6]uint64{1}, ePerm},
			{x8664, "socket", 0, [6]uint64{1}, ePerm},
		}},
		{"socketcall is not let through by conditions it cannot show", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"syscalls":[
			{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":40,"op":"SCMP_CMP_NE"}]},
			{"names":["bind"],"action":"SCMP_ACT_ALLOW"}]}`, "amd64", []call{
			{x86, "socketcall", 0, [6]uint64{1}, ePerm},
			{x86, "socketcall", 0, [6]uint64{2}, allow},
			{x86, "socket", 0, [6]uint64{1}, allow},
			{x86, "socket", 0, [6]uint64{40}, ePerm},
		}},
		{"32-bit arguments", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"syscalls":[
			{"names":["dup"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]},
			{"names":["dup2"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967297,"op":"SCMP_CMP_EQ"}]},
			{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967297,"op":"SCMP_CMP_LT"}]},
			{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967297,"op":"SCMP_CMP_GT"}]}]}`, "amd64", []call{
			{x86, "dup", 0, [6]uint64{0xffffffff}, allow},
			{x86, "dup", 0, [6]uint64{1}, ePerm},
			{x8664, "dup", 0, [6]uint64{0xffffffff}, ePerm},
			{x8664, "dup", 0, [6]uint64{0xffffffffffffffff}, allow},
			{x86, "dup2", 0, [6]uint64{1}, ePerm},
			{x8664, "dup2", 0, [6]uint64{0x100000001}, allow},
			{x86, "read", 0, [6]uint64{7}, allow},
			{x8664, "read", 0, [6]uint64{0x100000001}, ePerm},
			{x86, "write", 0, [6]uint64{7}, ePerm},
			{x8664, "write", 0, [6]uint64{0x100000002}, allow},
		}},
		{"x32 and n32 have 64-bit arguments", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X32"],"syscalls":[
			{"names":["dup"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`, "amd64", []call{
			{x32, "dup", 0, [6]uint64{1}, allow},
			{x32, "dup", 0, [6]uint64{0x100000001}, ePerm},
		}},
		{"big-endian", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_S390"],"syscalls":[
			{"names":["dup"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":8589934595,"op":"SCMP_CMP_EQ"}]},
			{"names":["dup2"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":3,"op":"SCMP_CMP_EQ"}]}]}`, "s390x", []call{
			{"SCMP_ARCH_S390X", "dup", 0, [6]uint64{1: 0x200000003}, allow},
			{"SCMP_ARCH_S390X", "dup", 0, [6]uint64{1: 0x300000002}, ePerm},
			{"SCMP_ARCH_S390", "dup2", 0, [6]uint64{1: 3}, allow},
			{"SCMP_ARCH_S390", "dup2", 0, [6]uint64{1: 4}, ePerm},
			{"SCMP_ARCH_S390X", "", 0, [6]uint64{}, eNoSys},
		}},
		{"MIPS has its own ENOSYS and numbers", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_MIPS64N32"],"syscalls":[
			{"names":["read","openat"],"action":"SCMP_ACT_ALLOW"}]}`, "mips64", []call{
			{"SCMP_ARCH_MIPS64", "read", 0, [6]uint64{}, allow},
			{"SCMP_ARCH_MIPS64", "", 0, [6]uint64{}, ePerm},
			{"SCMP_ARCH_MIPS64", "", 5500, [6]uint64{}, 0x00050000 + 89},
			{"SCMP_ARCH_MIPS64N32", "openat", 0, [6]uint64{}, allow},
			{"SCMP_ARCH_MIPS64N32", "", 6252, [6]uint64{}, 0x00050000 + 89},
			{"SCMP_ARCH_MIPS", "read", 0, [6]uint64{}, kill},
		}},
		{"ARM's private calls are not the newest", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
			{"names":["read","set_tls"],"action":"SCMP_ACT_ALLOW"}]}`, "arm", []call{
			{"SCMP_ARCH_ARM", "set_tls", 0, [6]uint64{}, allow},
			{"SCMP_ARCH_ARM", "cacheflush", 0, [6]uint64{}, ePerm},
			{"SCMP_ARCH_ARM", "write", 0, [6]uint64{}, eNoSys},
			{"SCMP_ARCH_ARM", "", 0xeffff, [6]uint64{}, eNoSys},
			{"SCMP_ARCH_ARM", "", 0xf0020, [6]uint64{}, eNoSys},
		}},
		{"x32 alone", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X32"]}`, "arm64", []call{
			{x8664, "read", 0, [6]uint64{}, kill},
			{x32, "read", 0, [6]uint64{}, allow},
			{"SCMP_ARCH_AARCH64", "read", 0, [6]uint64{}, allow},
		}},
	} {
		t.Run(tc.title, func(t *testing.T) {
			p := parseJSON(t, tc.profile)
			f := compile(t, p, tc.native)
			for _, c := range tc.calls {
				nr := c.nr
				if c.name != "" {
					nr = number(t, c.arch, c.name)
				}
				d := Data{Nr: nr, Arch: archByName(c.arch).audit, Args: c.args}
				got, steps := Run(f.Instructions, d)
				if got != c.want {
					t.Errorf("%s %s%d(%#x): got %#x, want %#x", c.arch, c.name, nr, c.args, got, c.want)
				}
				if steps > f.Worst {
					t.Errorf("%s %s: %d steps, but Worst is %d", c.arch, c.name, steps, f.Worst)
				}
				if ref := reference(p, tc.native, d); ref != c.want {
					t.Errorf("%s %s%d(%#x): reference says %#x, want %#x", c.arch, c.name, nr, c.args, ref, c.want)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct{ profile, native, want string }{
		{`{"defaultAction":""}`, "amd64", `linux.seccomp.defaultAction: unknown action ""`},
		{`{"defaultAction":"SCMP_ACT_NOTIFY"}`, "amd64", `linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action, because SCMP_ACT_NOTIFY cannot be used for the write syscall`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}`, "amd64", `linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno`},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, "amd64", `linux.seccomp.defaultErrnoRet: 4096 is above 4095, the largest that SCMP_ACT_ERRNO takes`},
		{`{"defaultAction":"SCMP_ACT_TRACE","defaultErrnoRet":65536}`, "amd64", `linux.seccomp.defaultErrnoRet: 65536 is above 65535, the largest that SCMP_ACT_TRACE takes`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86","SCMP_ARCH_VAX"]}`, "amd64", `linux.seccomp.architectures[1]: unknown architecture "SCMP_ARCH_VAX"`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_PARISC"]}`, "amd64", `linux.seccomp.architectures[0]: SCMP_ARCH_PARISC has another byte order than SCMP_ARCH_X86_64`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_S390X"]}`, "amd64", `linux.seccomp.architectures[0]: SCMP_ARCH_S390X has another byte order than SCMP_ARCH_X86_64`},
		{`{"defaultAction":"SCMP_ACT_ALLOW"}`, "sparc64", `linux.seccomp: no table of system calls for sparc64`},
		{`{"defaultAction":"SCMP_ACT_ALLOW"}`, "", `linux.seccomp: no table of system calls for `},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_FAST"]}`, "amd64", `linux.seccomp.flags[1]: unknown flag "SECCOMP_FILTER_FLAG_FAST"`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LAUGH"}]}`, "amd64", `linux.seccomp.syscalls[0].action: unknown action "SCMP_ACT_LAUGH"`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_KILL","errnoRet":1}]}`, "amd64", `linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL takes no errno`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["dup"],"action":"SCMP_ACT_NOTIFY"},{"names":["read","write"],"action":"SCMP_ACT_NOTIFY","args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]}]}`, "amd64", `linux.seccomp.syscalls[1].names[1]: SCMP_ACT_NOTIFY cannot be used for the write syscall`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":5,"value":0,"op":"SCMP_CMP_EQ"},{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}`, "amd64", `linux.seccomp.syscalls[0].args[1].index: 6 is above 5, the last argument`},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":0,"op":"="}]}]}`, "amd64", `linux.seccomp.syscalls[0].args[0].op: unknown operator "="`},
		{`{"defaultAction":"x","architectures":["y"],"flags":["z"],"syscalls":[{"names":["read"],"action":"w"}]}`, "amd64", strings.Join([]string{
			`linux.seccomp.defaultAction: unknown action "x"`, `linux.seccomp.architectures[0]: unknown architecture "y"`,
			`linux.seccomp.syscalls[0].action: unknown action "w"`, `linux.seccomp.flags[0]: unknown flag "z"`,
		}, "\n")},
	} {
		f, err := Compile(parseJSON(t, tc.profile), tc.native)
		if err == nil {
			t.Errorf("%s: got %d instructions, want error %q", tc.profile, len(f.Instructions), tc.want)
		} else if err.Error() != tc.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tc.profile, err, tc.want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	rules := func(n int) *specs.LinuxSeccomp {
		p := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
		for i := range n {
			p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{
				Names: []string{"ioctl"}, Action: specs.ActAllow,
				Args: []specs.LinuxSeccompArg{{Index: 1, Value: uint64(i) << 32, Op: specs.OpEqualTo}},
			})
		}
		return p
	}
	f := compile(t, rules(900), "amd64")
	if n := len(f.Instructions); n < 3600 {
		t.Errorf("got %d instructions, want about 3600: the case does not come near the limit", n)
	}
	for n, want := range map[int]string{
		1100:  "linux.seccomp: the profile is too large: it needs a filter of 44",
		20000: "linux.seccomp: the profile is too large: it has more than 8192 different rules",
	} {
		if _, err := Compile(rules(n), "amd64"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%d rules: got %v, want %s…", n, err, want)
		}
	}
}

// TestLongJumps has programs in which a conditional jump does not reach.
func TestLongJumps(t *testing.T) {
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Architectures: []specs.Arch{specs.ArchX86}}
	x8664 := archByName("SCMP_ARCH_X86_64")
	for c := range call(callCount) {
		if n := refNumber(x8664, c.String()); n < 0 || n > 70 {
			continue
		}
		s := specs.LinuxSyscall{Names: []string{c.String()}, Action: specs.ActErrno}
		for i := range 3 {
			ret := uint(1000 + 10*int(c)%3000 + i)
			s.ErrnoRet = &ret
			s.Args = []specs.LinuxSeccompArg{
				{Index: uint(i), Value: uint64(c), Op: specs.OpGreaterThan},
				{Index: 5 - uint(i), Value: uint64(c) << 33, Op: specs.OpLessEqual},
			}
			p.Syscalls = append(p.Syscalls, s)
		}
	}
	f := compile(t, p, "amd64")
	far := 0
	for _, in := range f.Instructions {
		if in.Code == opJA {
			far++
		}
	}
	if far < 10 {
		t.Errorf("only %d unconditional jumps in %d instructions: the case tests nothing", far, len(f.Instructions))
	}
	checkAgainstReference(t, randDice{rand.New(rand.NewPCG(1, 4))}, p, "amd64", 20000)
}

func TestWarnings(t *testing.T) {
	f := compile(t, parseJSON(t, `{"defaultAction":"SCMP_ACT_ERRNO","flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
		"architectures":["SCMP_ARCH_X86"],"syscalls":[
		{"names":["read","frobnicate","s390_pci_mmio_read"],"action":"SCMP_ACT_ALLOW"},
		{"names":[],"action":"SCMP_ACT_ALLOW"},
		{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":40,"op":"SCMP_CMP_NE"}]},
		{"names":["bind"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":40,"op":"SCMP_CMP_NE"}]}]}`), "amd64")
	want := []string{
		`linux.seccomp.syscalls[0].names[1]: unknown system call "frobnicate" ignored`,
		`linux.seccomp.syscalls[1].names: empty, so the rule has no effect`,
		`linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect without SCMP_ACT_NOTIFY`,
		`linux.seccomp.syscalls[2].args: socketcall of SCMP_ARCH_X86 hides them: the rule does not hold there`,
		`linux.seccomp.syscalls[3].args: socketcall of SCMP_ARCH_X86 hides them: the rule holds for every such call there`,
	}
	if !slices.Equal(f.Warnings, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(f.Warnings, "\n"), strings.Join(want, "\n"))
	}
	if f.Flags != 0 {
		t.Errorf("got flags %#x, want none", f.Flags)
	}
}

func TestFlags(t *testing.T) {
	for _, tc := range []struct {
		profile string
		want    uint32
		notify  bool
	}{
		{`{"defaultAction":"SCMP_ACT_ALLOW"}`, 1 << 2, false},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":[]}`, 0, false},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_TSYNC"]}`, 0, false},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}`, 1 << 1, false},
		{`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
			"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}`, 1<<2 | 1<<5, true},
	} {
		f := compile(t, parseJSON(t, tc.profile), "amd64")
		if f.Flags != tc.want || f.Notify != tc.notify {
			t.Errorf("%s: got flags %#x, notify %v, want %#x, %v", tc.profile, f.Flags, f.Notify, tc.want, tc.notify)
		}
	}
}

func TestLists(t *testing.T) {
	for name, list := range map[string][]string{"actions": Actions(), "operators": Operators(), "archs": Archs(), "flags": Flags()} {
		if !slices.IsSorted(list) {
			t.Errorf("%s are not sorted: %v", name, list)
		}
	}
	if got := len(Archs()); got != 23 {
		t.Errorf("got %d architectures, want 23", got)
	}
}

func TestBytes(t *testing.T) {
	f := Filter{Instructions: []Instruction{{Code: 0x0115, JT: 2, JF: 3, K: 0x04050607}, {Code: 6, K: 0x7fff0000}}}
	want := map[binary.ByteOrder][]byte{
		binary.LittleEndian: {0x15, 1, 2, 3, 7, 6, 5, 4, 6, 0, 0, 0, 0, 0, 0xff, 0x7f},
		binary.BigEndian:    {1, 0x15, 2, 3, 4, 5, 6, 7, 0, 6, 0, 0, 0x7f, 0xff, 0, 0},
	}
	for order, bytes := range want {
		if got := f.Bytes(order); !slices.Equal(got, bytes) {
			t.Errorf("%v: got %x, want %x", order, got, bytes)
		}
	}
}

func TestRunRefusesBadPrograms(t *testing.T) {
	for _, prog := range [][]Instruction{
		nil,
		{{Code: opLoad, K: 0}},
		{{Code: opLoad, K: 64}, {Code: opRet, K: allow}},
		{{Code: opLoad, K: 2}, {Code: opRet, K: allow}},
		{{Code: 0x20 + 0x40, K: 0}, {Code: opRet, K: allow}},
		{{Code: opJA, K: 0xffffffff}, {Code: opRet, K: allow}},
		{{Code: opJEQ, JT: 1, K: 0}, {Code: opRet, K: allow}},
	} {
		if got, _ := Run(prog, Data{}); got != retKillProcess {
			t.Errorf("%v: got %#x, want %#x", prog, got, uint32(retKillProcess))
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	p := defaultProfile(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(p, "amd64"); err != nil {
			b.Fatal(err)
		}
	}
}
