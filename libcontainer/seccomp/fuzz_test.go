package seccomp

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// dice makes choices, from fuzzer input or from a generator.
type dice interface{ roll(n int) int }

type bytesDice struct{ data []byte }

func (b *bytesDice) roll(n int) int {
	if len(b.data) == 0 || n < 2 {
		return 0
	}
	v := int(b.data[0])
	b.data = b.data[1:]
	if n > 256 && len(b.data) > 0 {
		v |= int(b.data[0]) << 8
		b.data = b.data[1:]
	}
	return v % n
}

type randDice struct{ *rand.Rand }

func (r randDice) roll(n int) int { return r.IntN(n) }

var (
	natives = []string{"amd64", "386", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc", "ppc64", "ppc64le", "riscv64", "s390x"}
	// Few calls, so that rules meet; many others come by number.
	someCalls = []string{"read", "write", "dup", "dup", "clone", "socket", "socket", "bind", "socketcall", "ipc",
		"shmat", "send", "ioctl", "openat2", "set_tls", "listns", "no_such_call", "personality"}
	someValues = []uint64{0, 1, 2, 9, 16, 40, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
		0x7e020000, 0xffff0000ffff, 0x7fffffffffffffff, 0xffffffff00000001, 0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff}
)

// options of randomProfile.
type options struct {
	// plain leaves out what libseccomp is known to do in another way, see
	// docs/compat.md, or leaves to chance.
	plain bool
}

func pick[T any](d dice, list []T) T { return list[d.roll(len(list))] }

func randomAction(d dice) (specs.LinuxSeccompAction, *uint) {
	action := specs.LinuxSeccompAction(pick(d, Actions()))
	if (action == specs.ActErrno || action == specs.ActTrace) && d.roll(2) == 1 {
		ret := uint(pick(d, []int{0, 1, 2, 38, 89, 4094}))
		return action, &ret
	}
	return action, nil
}

func randomProfile(d dice, native string, o options) *specs.LinuxSeccomp {
	p := &specs.LinuxSeccomp{}
	for p.DefaultAction == "" || p.DefaultAction == specs.ActNotify {
		p.DefaultAction, p.DefaultErrnoRet = randomAction(d)
		if p.DefaultAction == specs.ActNotify {
			p.DefaultAction, p.DefaultErrnoRet = specs.ActErrno, nil
		}
	}
	first := archByPort(native)
	for range d.roll(4) {
		if a := &archs[d.roll(len(archs))]; a.littleEndian() == first.littleEndian() {
			p.Architectures = append(p.Architectures, specs.Arch(a.name))
		}
	}
	action, ret := randomAction(d)
	for range d.roll(10) {
		if !o.plain || len(p.Syscalls) == 0 {
			action, ret = randomAction(d)
		}
		s := specs.LinuxSyscall{Action: action, ErrnoRet: ret}
		for range 1 + d.roll(3) {
			if name := pick(d, someCalls); name != "write" || s.Action != specs.ActNotify {
				s.Names = append(s.Names, name)
			}
		}
		if d.roll(4) == 0 {
			// Rules that compare one argument with one value are written
			// together.
			s.Names = append(s.Names, "dup")
			s.Args = []specs.LinuxSeccompArg{{Index: 1, Value: pick(d, someValues), Op: specs.OpEqualTo}}
			p.Syscalls = append(p.Syscalls, s)
			continue
		}
		for range d.roll(4) {
			s.Args = append(s.Args, specs.LinuxSeccompArg{
				Index: uint(d.roll(6)), Value: pick(d, someValues), ValueTwo: pick(d, someValues),
				Op: specs.LinuxSeccompOperator(pick(d, Operators())),
			})
		}
		p.Syscalls = append(p.Syscalls, s)
	}
	return p
}

// probes returns calls that lie at the edges of a profile.
func probes(d dice, p *specs.LinuxSeccomp, native string, count int) []Data {
	var edges []uint64
	for _, s := range p.Syscalls {
		for _, a := range s.Args {
			for _, v := range []uint64{a.Value, a.ValueTwo & a.Value} {
				edges = append(edges, v, v+1, v-1, v^1<<32, v<<32, v>>32, v&0xffffffff, ^v)
			}
		}
	}
	edges = append(edges, someValues...)
	out := make([]Data, 0, count)
	for range count {
		a := &archs[d.roll(len(archs))]
		if d.roll(2) == 0 {
			a = archByPort(native)
		} else if len(p.Architectures) > 0 && d.roll(3) > 0 {
			a = archByName(string(pick(d, p.Architectures)))
		}
		data := Data{Arch: a.audit, IP: 0xdeadbeefcafef00d}
		switch d.roll(4) {
		case 0:
			data.Nr = int32(a.base) + int32(d.roll(600)) - 10
		case 1:
			data.Nr = pick(d, []int32{-1, -2, 0, 0x3fffffff, 0x40000000, 0x7fffffff, 0xeffff, 0xf0000, 0xf0005, 0xf001f, 0xf0020, 999, 5471, 6500})
		default:
			name := pick(d, someCalls)
			if len(p.Syscalls) > 0 {
				if s := pick(d, p.Syscalls); len(s.Names) > 0 && d.roll(4) > 0 {
					name = pick(d, s.Names)
				}
			}
			data.Nr = int32(refNumber(a, name))
		}
		for i := range data.Args {
			data.Args[i] = pick(d, edges)
			if a.width == narrow {
				data.Args[i] &= 0xffffffff
			}
		}
		if d.roll(2) == 0 {
			data.Args[0] = uint64(d.roll(30)) // socketcall and ipc
		}
		out = append(out, data)
	}
	return out
}

// checkAgainstReference compiles a profile and asks program and reference the
// same questions.
func checkAgainstReference(t *testing.T, d dice, p *specs.LinuxSeccomp, native string, count int) {
	t.Helper()
	f, err := Compile(p, native)
	if err != nil {
		t.Fatalf("%s %s: %v", native, show(p), err)
	}
	checkProgram(t, f)
	for _, data := range probes(d, p, native, count) {
		got, steps := Run(f.Instructions, data)
		if want := reference(p, native, data); got != want {
			t.Fatalf("%s %s\n%+v: got %#x, want %#x", native, show(p), data, got, want)
		}
		if steps > f.Worst {
			t.Fatalf("%s %s\n%+v: %d steps, but Worst is %d", native, show(p), data, steps, f.Worst)
		}
	}
}

func show(p *specs.LinuxSeccomp) string {
	text, _ := json.Marshal(p)
	return string(text)
}

func TestRandomProfiles(t *testing.T) {
	for seed := range uint64(3000) {
		d := randDice{rand.New(rand.NewPCG(seed, 1))}
		native := pick(d, natives)
		checkAgainstReference(t, d, randomProfile(d, native, options{}), native, 100)
	}
}

// TestEveryNumber compares the verdicts on all numbers of all architectures.
func TestEveryNumber(t *testing.T) {
	for _, native := range []string{"amd64", "s390x"} { // one of each byte order
		p := defaultProfile(t)
		p.Architectures = nil
		for i := range archs {
			if archs[i].littleEndian() == archByPort(native).littleEndian() {
				p.Architectures = append(p.Architectures, specs.Arch(archs[i].name))
			}
		}
		f := compile(t, p, native)
		for i := range archs {
			for n := range int32(700) {
				for _, args := range [][6]uint64{{}, {8}, {0xffffffff}, {2: 9}} {
					d := Data{Nr: int32(archs[i].base) + n, Arch: archs[i].audit, Args: args}
					got, _ := Run(f.Instructions, d)
					if want := reference(p, native, d); got != want {
						t.Fatalf("native %s, %+v: got %#x, want %#x", native, d, got, want)
					}
				}
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	for seed := range byte(8) {
		data := make([]byte, 400)
		r := rand.NewChaCha8([32]byte{seed})
		for i := 0; i < len(data); i += 8 {
			binary.LittleEndian.PutUint64(data[i:], r.Uint64())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &bytesDice{data}
		native := pick(d, natives)
		p := randomProfile(d, native, options{})
		checkAgainstReference(t, randDice{rand.New(rand.NewPCG(uint64(len(data)), 2))}, p, native, 40)
	})
}

// FuzzCompileJSON gives Compile what a config.json could contain.
func FuzzCompileJSON(f *testing.F) {
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"flags":["SECCOMP_FILTER_FLAG_LOG"],
		"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &specs.LinuxSeccomp{}
		if json.Unmarshal(data, p) != nil {
			return
		}
		filter, err := Compile(p, "amd64")
		if err != nil {
			return
		}
		checkProgram(t, filter)
		for _, d := range probes(randDice{rand.New(rand.NewPCG(1, 1))}, p, "amd64", 40) {
			got, _ := Run(filter.Instructions, d)
			if want := reference(p, "amd64", d); got != want {
				t.Fatalf("%s\n%+v: got %#x, want %#x", show(p), d, got, want)
			}
		}
	})
}
