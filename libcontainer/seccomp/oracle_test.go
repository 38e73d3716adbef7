package seccomp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// missing skips a test for want of something, or fails it where everything
// must be there.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("REQUIRE") == "all" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// oracle builds testdata/oracle.c and returns its path.
func oracle(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		missing(t, "the oracle assumes x86_64 to be native, this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	path := filepath.Join(t.TempDir(), "oracle")
	out, err := exec.Command("cc", "-O2", "-Wall", "-o", path, "testdata/oracle.c", "-lseccomp").CombinedOutput()
	if err != nil {
		missing(t, "cc with libseccomp-dev: %v\n%s", err, out)
	}
	return path
}

// ask runs the oracle.
func ask(path, verb, input string) (stdout, stderr string, err error) {
	cmd := exec.Command(path, verb)
	cmd.Stdin = strings.NewReader(input)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		return "", "", fmt.Errorf("oracle %s: %w: %s", verb, err, diag.String())
	}
	return out.String(), diag.String(), nil
}

// libseccompName returns libseccomp's word for an architecture, or "" if the
// version in Debian 12 does not know it.
func libseccompName(a *arch) string {
	switch a.name {
	case "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB":
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(a.name, "SCMP_ARCH_"))
}

// TestNumbers compares every number of every table with libseccomp's.
func TestNumbers(t *testing.T) {
	path := oracle(t)
	header, err := os.ReadFile("/usr/include/seccomp-syscalls.h")
	if err != nil {
		missing(t, "%v", err)
	}
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#define __SNR_(\w+)`).FindAllStringSubmatch(string(header), -1) {
		names[m[1]] = true
	}
	if len(names) < 450 {
		t.Fatalf("only %d names in seccomp-syscalls.h", len(names))
	}
	theirs := len(names)
	for c := range call(callCount) {
		names[c.String()] = true
	}
	t.Logf("libseccomp has %d names, the tables %d, together %d", theirs, callCount, len(names))

	var in strings.Builder
	type question struct {
		a    *arch
		name string
	}
	var questions []question
	for i := range archs {
		for name := range names {
			if libseccompName(&archs[i]) != "" {
				fmt.Fprintf(&in, "%s %s\n", libseccompName(&archs[i]), name)
				questions = append(questions, question{&archs[i], name})
			}
		}
	}
	out, _, err := ask(path, "resolve", in.String())
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Fields(out)
	if len(answers) != len(questions) {
		t.Fatalf("%d answers for %d questions", len(answers), len(questions))
	}
	checked := 0
	for i, q := range questions {
		want, err := strconv.ParseInt(answers[i], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got := refNumber(q.a, q.name)
		switch {
		case want >= 0 && got != want:
			t.Errorf("%s %s: got %d, want %d", q.a.name, q.name, got, want)
		case want >= 0:
			checked++
		case got >= 0 && int64(q.a.base)+450 >= got && !newer(q.name) && !hidden(q.a, q.name):
			t.Errorf("%s %s: got %d, libseccomp knows no such call", q.a.name, q.name, got)
		}
	}
	if checked < 19*300 {
		t.Errorf("only %d numbers were compared", checked)
	}
}

// newer tells calls that have low numbers, but that libseccomp 2.5.4 did not
// know or not on all architectures.
func newer(name string) bool {
	switch name {
	case "uretprobe", "uprobe", "riscv_hwprobe", "memfd_secret":
		return true
	}
	return false
}

// hidden tells calls for which libseccomp answers with a number of its own,
// because socketcall or ipc offers them too.
func hidden(a *arch, name string) bool {
	c, _ := lookup(name)
	return a.socketcall != 0 && multiplexed[c] != 0
}

// TestTablesAreGenerated runs the generator and compares.
func TestTablesAreGenerated(t *testing.T) {
	have, err := os.ReadFile("zsysnum.go")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", "gen/main.go", "-o", "-")
	var diag bytes.Buffer
	cmd.Stderr = &diag
	want, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			missing(t, "go: %v", err)
		}
		t.Fatalf("%v: %s", err, diag.String())
	}
	if !bytes.Equal(have, want) {
		t.Error("zsysnum.go is not what gen/main.go writes: run go generate")
	}
}

// compareOps are the numbers of enum scmp_compare.
func compareOps(op specs.LinuxSeccompOperator) int {
	for i, o := range []specs.LinuxSeccompOperator{"", specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual,
		specs.OpEqualTo, specs.OpGreaterEqual, specs.OpGreaterThan, specs.OpMaskedEqual} {
		if o == op {
			return i
		}
	}
	return -1
}

// libseccomp compiles a profile with libseccomp, driven as runc drives it.
// It returns the program and how long libseccomp took.
func libseccomp(t testing.TB, path string, p *specs.LinuxSeccomp, native string, optimize int) ([]Instruction, time.Duration, error) {
	t.Helper()
	var in strings.Builder
	def := refAction(p.DefaultAction, p.DefaultErrnoRet)
	fmt.Fprintf(&in, "default %d\n", def)
	verdicts := map[uint32]bool{def: true, badArch: true}
	fmt.Fprintf(&in, "arch %s\n", libseccompName(archByPort(native)))
	for _, name := range p.Architectures {
		fmt.Fprintf(&in, "arch %s\n", libseccompName(archByName(string(name))))
	}
	if optimize > 0 {
		fmt.Fprintf(&in, "optimize %d\n", optimize)
	}
	for _, s := range p.Syscalls {
		action := refAction(s.Action, s.ErrnoRet)
		if action == def {
			continue
		}
		verdicts[action] = true
		for _, name := range s.Names {
			fmt.Fprintf(&in, "rule %d %s", action, name)
			for _, a := range s.Args {
				fmt.Fprintf(&in, " %d %d %d %d", a.Index, compareOps(a.Op), a.Value, a.ValueTwo)
			}
			in.WriteByte('\n')
		}
	}
	out, diag, err := ask(path, "compile", in.String())
	if err != nil {
		return nil, 0, err
	}
	spent, err := strconv.ParseInt(strings.TrimSpace(diag), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	var order binary.ByteOrder = binary.BigEndian
	if archByPort(native).littleEndian() {
		order = binary.LittleEndian
	}
	prog := make([]Instruction, len(out)/8)
	for i := range prog {
		b := []byte(out[8*i:])
		prog[i] = Instruction{Code: order.Uint16(b), JT: b[2], JF: b[3], K: order.Uint32(b[4:])}
		// libseccomp 2.5.4 swaps the bytes of some verdicts twice when it
		// writes for a machine of the other byte order.
		if in := &prog[i]; in.Code == opRet && !verdicts[in.K] {
			in.K = bits.ReverseBytes32(in.K)
			if !verdicts[in.K] {
				t.Fatalf("libseccomp's verdict %#x is none of the profile's", in.K)
			}
		}
	}
	return prog, time.Duration(spent), nil
}

// withTail is libseccomp's verdict with runc's addition for newer calls, which
// runc's patch puts before libseccomp's program.
func withTail(p *specs.LinuxSeccomp, native string, prog []Instruction, d Data) uint32 {
	v, _ := Run(prog, d)
	if a, known := refArch(p, native, d); a != nil {
		def := refAction(p.DefaultAction, p.DefaultErrnoRet)
		if tail := refTail(p, a, uint32(d.Nr), def); tail != def || !known {
			return tail
		}
	}
	return v
}

func TestDefaultProfileAsLibseccomp(t *testing.T) {
	path := oracle(t)
	for _, native := range []string{"amd64", "arm64", "s390x", "mips64"} {
		p := defaultProfile(t)
		p.Architectures = nil
		for i := range archs {
			if archs[i].littleEndian() == archByPort(native).littleEndian() && libseccompName(&archs[i]) != "" {
				p.Architectures = append(p.Architectures, specs.Arch(archs[i].name))
			}
		}
		want, _, err := libseccomp(t, path, p, native, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := compile(t, p, native)
		for i := range archs {
			for n := range int32(560) {
				for _, args := range [][6]uint64{{}, {0x20008}, {0xffffffff}, {3}, {0: 16, 2: 9}} {
					d := Data{Nr: int32(archs[i].base) + n - 10, Arch: archs[i].audit, Args: args}
					got, _ := Run(f.Instructions, d)
					if want := withTail(p, native, want, d); got != want {
						t.Fatalf("native %s, %+v: got %#x, libseccomp says %#x", native, d, got, want)
					}
				}
			}
		}
	}
}

// forgetsNumber tells if a program compares the architecture with numbers of
// system calls: libseccomp 2.5.4 now and then leaves out the load in between,
// when the first call it tests has rules on arguments.
func forgetsNumber(prog []Instruction) bool {
	arch := make([]bool, len(prog)) // the accumulator has the architecture
	for i, in := range prog {
		switch {
		case in.Code == opLoad && i+1 < len(prog):
			arch[i+1] = arch[i+1] || in.K == offArch
		case !arch[i] || in.Code == opRet:
		case in.Code == opJA:
			arch[i+1+int(in.K)] = true
		default:
			known := false
			for j := range archs {
				known = known || archs[j].audit == in.K
			}
			if !known {
				return true
			}
			arch[i+1+int(in.JT)], arch[i+1+int(in.JF)] = true, true
		}
	}
	return false
}

// TestRandomProfilesAsLibseccomp compares profiles that leave out what
// docs/compat.md says is done in another way, or where libseccomp takes rules
// in an order of its own.
func TestRandomProfilesAsLibseccomp(t *testing.T) {
	path := oracle(t)
	compared, broken := 0, 0
	for seed := range uint64(600) {
		d := randDice{rand.New(rand.NewPCG(seed, 3))}
		native := pick(d, []string{"amd64", "386", "arm", "arm64", "mips", "mips64le", "ppc64le", "riscv64", "s390x"})
		p := plainProfile(d, native)
		prog, _, err := libseccomp(t, path, p, native, 0)
		if err != nil {
			t.Fatalf("%s %s: %v", native, show(p), err)
		}
		if forgetsNumber(prog) {
			broken++
			continue
		}
		f := compile(t, p, native)
		for _, data := range probes(d, p, native, 150) {
			if a, _ := refArch(p, native, data); a != nil && (a.column == colX32 || a.column == colMIPS64N32) {
				for i := range data.Args {
					data.Args[i] &= 0xffffffff
				}
			}
			// The kernel takes an int for their first argument, libseccomp
			// compares all of it.
			if nr := int64(data.Nr); nr > 0 && data.Args[0] > 30 {
				for i := range archs {
					switch {
					case archs[i].audit != data.Arch:
					case refNumber(&archs[i], "ipc") == nr:
						data.Args[0] &= 0xf
					case refNumber(&archs[i], "socketcall") == nr:
						data.Args[0] &= 0xffffffff
					}
				}
			}
			got, _ := Run(f.Instructions, data)
			if want := withTail(p, native, prog, data); got != want {
				t.Fatalf("%s %s\n%+v: got %#x, libseccomp says %#x", native, show(p), data, got, want)
			}
			compared++
		}
	}
	t.Logf("%d calls compared; %d programs of libseccomp do not load the number", compared, broken)
	if compared < 50000 {
		t.Error("too few to mean anything")
	}
}

// plainProfile keeps of a random profile what libseccomp and Compile mean to
// decide alike. Besides the differences in docs/compat.md these are profiles
// in which several rules with several conditions stand for one call:
// libseccomp 2.5.4 makes a tree of them, in which it does not come back from a
// branch that did not lead to a verdict.
func plainProfile(d dice, native string) *specs.LinuxSeccomp {
	p := randomProfile(d, native, options{plain: true})
	p.Architectures = slices.DeleteFunc(p.Architectures, func(name specs.Arch) bool {
		return libseccompName(archByName(string(name))) == ""
	})
	rules := map[string]int{} // conditions of the rules so far
	for i := range p.Syscalls {
		s := &p.Syscalls[i]
		seen := [maxArgs]bool{}
		s.Args = slices.DeleteFunc(s.Args, func(a specs.LinuxSeccompArg) bool {
			again := seen[a.Index]
			seen[a.Index] = true
			return again
		})
		for j := range s.Args {
			s.Args[j].Value &= 0xffffffff
			s.Args[j].ValueTwo &= 0xffffffff
		}
		s.Names = slices.DeleteFunc(s.Names, func(name string) bool {
			if name == "listns" {
				return true // newer than libseccomp 2.5.4
			}
			if len(s.Args) == 0 {
				return false
			}
			n, again := rules[name]
			if again && (n > 1 || len(s.Args) > 1) {
				return true
			}
			rules[name] = len(s.Args)
			c, ok := lookup(name)
			return ok && multiplexed[c] != 0
		})
	}
	return p
}

// TestFigures prints what docs and reviews quote.
func TestFigures(t *testing.T) {
	path := oracle(t)
	p := defaultProfile(t)
	f := compile(t, p, runtime.GOARCH)
	t.Logf("own: %d instructions, at most %d for a call", len(f.Instructions), f.Worst)
	for _, optimize := range []int{0, 2} {
		prog, spent, err := libseccomp(t, path, p, runtime.GOARCH, optimize)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("libseccomp, optimize %d: %d instructions, at most %d for a call, %v", optimize, len(prog), worst(prog), spent)
		if len(f.Instructions) >= len(prog) || f.Worst >= worst(prog) {
			t.Errorf("own program is longer")
		}
	}
}
