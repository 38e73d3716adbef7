package seccomp

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// order is the task of a child process, which it gets on its standard input:
// make the calls, load the filter, make them again.
type order struct {
	Profile *specs.LinuxSeccomp
	Calls   []Data
}

// report is what the child answers: the errno of each call.
type report struct {
	Before, After []uintptr
	Listener      int
}

func TestMain(m *testing.M) {
	if os.Getenv("SECCOMP_TEST_CHILD") != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child() error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	f, err := Compile(o.Profile, runtime.GOARCH)
	if err != nil {
		return err
	}
	// SIGSYS dumps core.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	// The filter is for this thread only; the others are the Go runtime's.
	runtime.LockOSThread()
	var r report
	for _, d := range o.Calls {
		r.Before = append(r.Before, try(d))
	}
	if r.Listener, err = loadFilter(f); err != nil {
		return err
	}
	for _, d := range o.Calls {
		r.After = append(r.After, try(d))
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func try(d Data) uintptr {
	_, _, errno := unix.RawSyscall6(uintptr(d.Nr), uintptr(d.Args[0]), uintptr(d.Args[1]), uintptr(d.Args[2]),
		uintptr(d.Args[3]), uintptr(d.Args[4]), uintptr(d.Args[5]))
	return uintptr(errno)
}

func loadFilter(f *Filter) (int, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	prog := f.Bytes(binary.NativeEndian)
	fprog := unix.SockFprog{Len: uint16(len(f.Instructions)), Filter: (*unix.SockFilter)(unsafe.Pointer(&prog[0]))}
	flags := uintptr(f.Flags)
	if f.Notify {
		flags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	}
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return 0, fmt.Errorf("seccomp(SET_MODE_FILTER, %#x) of %d instructions: %w", flags, len(f.Instructions), errno)
	}
	return int(fd), nil
}

// inChild runs an order in a process of its own.
func inChild(t *testing.T, o order) (report, error) {
	t.Helper()
	in, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	// A filter that is wrong can keep the child's Go runtime from ever ending.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "SECCOMP_TEST_CHILD=1")
	cmd.Stdin = bytes.NewReader(in)
	var out bytes.Buffer
	diag := &firstWords{}
	cmd.Stdout, cmd.Stderr = &out, diag
	if err := cmd.Run(); err != nil {
		return report{}, fmt.Errorf("%w: %s", err, diag.text)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return r, nil
}

// firstWords keeps the beginning of what is written to it.
type firstWords struct{ text []byte }

func (w *firstWords) Write(b []byte) (int, error) {
	w.text = append(w.text, b[:min(len(b), 1000-len(w.text))]...)
	return len(b), nil
}

// needNative skips where the children's calls are not those of the tables.
func needNative(t *testing.T) *arch {
	t.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		missing(t, "the calls of this test are written for amd64 and arm64, this is %s", runtime.GOARCH)
	}
	return archByPort(runtime.GOARCH)
}

// checkInKernel compares the kernel's doing with the interpreter's verdict:
// with an errno the verdict's, otherwise what happened without the filter. At
// least some calls must have another result than without it.
func checkInKernel(t *testing.T, p *specs.LinuxSeccomp, calls []Data, changed int) {
	t.Helper()
	r, err := inChild(t, order{Profile: p, Calls: calls})
	if err != nil {
		t.Fatal(err)
	}
	f := compile(t, p, runtime.GOARCH)
	for i, d := range calls {
		want := r.Before[i]
		switch v, _ := Run(f.Instructions, d); v & retActionMask {
		case retErrno:
			want = uintptr(v &^ retActionMask)
		case retAllow, retLog:
		default:
			t.Fatalf("%+v: verdict %#x is not for this test", d, v)
		}
		if r.After[i] != want {
			t.Errorf("%+v: got errno %d, want %d (without filter %d)", d, r.After[i], want, r.Before[i])
		}
		if r.After[i] != r.Before[i] {
			changed--
		}
	}
	if changed > 0 {
		t.Errorf("%d calls too few have another result than without the filter", changed)
	}
}

// TestAuditNumbers compares with linux/audit.h.
func TestAuditNumbers(t *testing.T) {
	want := map[string]uint32{
		"AARCH64": unix.AUDIT_ARCH_AARCH64, "ARM": unix.AUDIT_ARCH_ARM, "LOONGARCH64": unix.AUDIT_ARCH_LOONGARCH64,
		"M68K": unix.AUDIT_ARCH_M68K, "PARISC": unix.AUDIT_ARCH_PARISC, "PARISC64": unix.AUDIT_ARCH_PARISC64,
		"SH": unix.AUDIT_ARCH_SHEL, "SHEB": unix.AUDIT_ARCH_SH,
		"MIPS": unix.AUDIT_ARCH_MIPS, "MIPS64": unix.AUDIT_ARCH_MIPS64, "MIPS64N32": unix.AUDIT_ARCH_MIPS64N32,
		"MIPSEL": unix.AUDIT_ARCH_MIPSEL, "MIPSEL64": unix.AUDIT_ARCH_MIPSEL64, "MIPSEL64N32": unix.AUDIT_ARCH_MIPSEL64N32,
		"PPC": unix.AUDIT_ARCH_PPC, "PPC64": unix.AUDIT_ARCH_PPC64, "PPC64LE": unix.AUDIT_ARCH_PPC64LE,
		"RISCV64": unix.AUDIT_ARCH_RISCV64, "S390": unix.AUDIT_ARCH_S390, "S390X": unix.AUDIT_ARCH_S390X,
		"X32": unix.AUDIT_ARCH_X86_64, "X86": unix.AUDIT_ARCH_I386, "X86_64": unix.AUDIT_ARCH_X86_64,
	}
	for _, a := range archs {
		if got, want := a.audit, want[strings.TrimPrefix(a.name, "SCMP_ARCH_")]; got != want {
			t.Errorf("%s: got %#x, want %#x", a.name, got, want)
		}
	}
}

func TestKernelTakesDefaultProfile(t *testing.T) {
	a := needNative(t)
	call := func(name string, args ...uint64) Data {
		d := Data{Nr: int32(refNumber(a, name)), Arch: a.audit}
		copy(d.Args[:], args)
		return d
	}
	checkInKernel(t, defaultProfile(t), []Data{
		call("getpid"),
		call("personality", 0xffffffff), // only asks
		call("personality", 0x1ffffffff),
		call("userfaultfd", 0xffff0000),
		call("vmsplice", 0xffffffff, 0, 0, 0),
		call("kcmp", 1, 1, 0, 0, 0),
		call("socket", 0xffff, 0, 0),
		call("openat", 0xffffffff, 0, 0),
		{Nr: 9999, Arch: a.audit},
		{Nr: 600, Arch: a.audit},
	}, 2)
}

func TestKernelTakesConditions(t *testing.T) {
	a := needNative(t)
	p := parseJSON(t, `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[
		{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":77},
		{"names":["lseek"],"action":"SCMP_ACT_ERRNO","errnoRet":78,"args":[{"index":1,"value":4294967296,"op":"SCMP_CMP_GT"}]},
		{"names":["fcntl"],"action":"SCMP_ACT_ERRNO","errnoRet":79,"args":[{"index":2,"value":70368744177665,"valueTwo":70368744177664,"op":"SCMP_CMP_MASKED_EQ"}]},
		{"names":["dup"],"action":"SCMP_ACT_ERRNO","errnoRet":80,"args":[{"index":0,"value":4294967295,"op":"SCMP_CMP_GE"},{"index":5,"value":7,"op":"SCMP_CMP_NE"}]}]}`)
	call := func(name string, args ...uint64) Data {
		d := Data{Nr: int32(refNumber(a, name)), Arch: a.audit}
		copy(d.Args[:], args)
		return d
	}
	checkInKernel(t, p, []Data{
		call("getppid"), call("getpid"),
		call("lseek", 0xffffffff, 0x100000000), call("lseek", 0xffffffff, 0x100000001),
		call("lseek", 0xffffffff, 0xffffffff), call("lseek", 0xffffffff, 0x200000000),
		call("fcntl", 0xffffffff, 1, 1<<46), call("fcntl", 0xffffffff, 1, 1<<46+1), call("fcntl", 0xffffffff, 1, 1<<46+2),
		call("dup", 0xffffffff), call("dup", 0xffffffff, 0, 0, 0, 0, 7), call("dup", 0xfffffffe), call("dup", 1<<63+0xffff),
	}, 7)
}

func TestKernelKills(t *testing.T) {
	a := needNative(t)
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: []specs.LinuxSyscall{
		{Names: []string{"getppid"}, Action: specs.ActKillProcess},
	}}
	_, err := inChild(t, order{Profile: p, Calls: []Data{{Nr: int32(refNumber(a, "getppid"))}}})
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("got %v, want the child to be killed", err)
	}
	if got, want := exit.ProcessState.String(), "signal: bad system call"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKernelGivesListener(t *testing.T) {
	needNative(t)
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow,
		Syscalls: []specs.LinuxSyscall{{Names: []string{"mkdirat"}, Action: specs.ActNotify}}}
	r, err := inChild(t, order{Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	if r.Listener < 3 {
		t.Errorf("got listener %d, want a descriptor", r.Listener)
	}
}
