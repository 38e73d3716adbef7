package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// These tests run init's code in the test's own process, where Go's runtime
// runs as well. What changes the process for good is done in a thread that
// ends with its goroutine, or in a copy of the test binary (helper).

func TestMain(m *testing.M) {
	// As init's: modes are meant as they are.
	unix.Umask(0)
	if len(os.Args) == 3 && os.Args[1] == "helper" {
		runHelper(os.Args[2])
	}
	// Go's poller opens descriptors of its own at its first use; tests count.
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	os.Exit(m.Run())
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: mounts, devices and namespaces")
	}
}

// reset makes the one stage a new one, with root as its root tree.
func reset(t testing.TB, root string) *stage {
	t.Helper()
	theStage = stage{root: -1, proc: -1, empty: -1, control: -1, threaded: true}
	if root != "" {
		fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		theStage.root = fd
	}
	return &theStage
}

// program maps an encoded program at its address, as init has it.
func program(t testing.TB, s *stage, steps ...wire.Step) {
	t.Helper()
	code, err := wire.Encode(steps)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.MemfdCreate("program", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err = unix.Write(fd, code); err != nil {
		t.Fatal(err)
	}
	unmap() // of a step before
	if e := raw.MapFixed(wire.Base, len(code), fd); e != 0 {
		t.Fatalf("map: %v", e)
	}
	t.Cleanup(unmap)
}

func unmap() {
	if _, _, e := unix.Syscall(unix.SYS_MUNMAP, wire.Base, wire.MaxProgram, 0); e != 0 {
		panic(e)
	}
}

// outcome is what a step said: "" for one that worked.
func outcome(s *stage, ok bool) string {
	if ok {
		return ""
	}
	out := fmt.Sprintf("%s %s: %s", s.op.Name(), s.object.bytes(), unix.ErrnoName(s.errno))
	if s.detail.n > 0 {
		out += fmt.Sprintf(" (%s)", s.detail.bytes())
	}
	return out
}

// do runs one step and says how it went.
func do(t testing.TB, s *stage, kind wire.Kind, args ...any) string {
	t.Helper()
	program(t, s, wire.Step{Kind: kind, Field: "test", Args: args})
	s.row = *raw.At[wire.Row](wire.RowAddr(0))
	s.op, s.errno, s.object, s.detail, s.status = 0, 0, span{}, span{}, 0
	return outcome(s, s.run())
}

func wantDone(t testing.TB, got string) {
	t.Helper()
	if got != "" {
		t.Errorf("got %q, want success", got)
	}
}

func wantFailure(t testing.TB, got, want string) {
	t.Helper()
	if got == "" || !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// give puts a descriptor into the next slot.
func give(s *stage, fd int) wire.Slot {
	s.slots[s.nslots] = int32(fd)
	s.nslots++
	return wire.Slot(s.nslots - 1)
}

// thread runs f in a thread of its own, which ends with it: whatever f does to
// namespaces, filters or directories is gone then. With unshare, the thread has
// those namespaces for itself.
func thread(t *testing.T, unshare int, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		// Never unlocked.
		runtime.LockOSThread()
		defer close(done)
		if err := unix.Unshare(unshare | unix.CLONE_FS); err != nil {
			done <- err
			return
		}
		if unshare&unix.CLONE_NEWNS != 0 {
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				done <- err
				return
			}
		}
		f()
	}()
	for err := range done {
		t.Fatal(err)
	}
}

// openat2 says how the kernel answers openat2.
type openat2 string

const (
	openat2Works  openat2 = "openat2"
	openat2Absent openat2 = "without openat2"
	openat2Denied openat2 = "openat2 denied"
)

// withOpenat2 runs f in a thread where openat2 works, is not there (a kernel
// before 5.6), or is denied by a filter that does not know it.
func withOpenat2(t *testing.T, f func(t *testing.T, how openat2)) {
	t.Helper()
	for _, how := range []openat2{openat2Works, openat2Absent, openat2Denied} {
		t.Run(string(how), func(t *testing.T) {
			thread(t, 0, func() {
				switch how {
				case openat2Absent:
					deny(t, unix.SYS_OPENAT2, unix.ENOSYS)
				case openat2Denied:
					deny(t, unix.SYS_OPENAT2, unix.EPERM)
				}
				f(t, how)
			})
		})
	}
}

// deny makes a system call fail in this thread.
func deny(t *testing.T, nr uint32, e unix.Errno) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: nr, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(e)}, // SECCOMP_RET_ERRNO
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000},             // SECCOMP_RET_ALLOW
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Error(err)
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); e != 0 {
		t.Errorf("seccomp: %v", e)
	}
}

// place is where a descriptor leads, below root.
func place(t *testing.T, root string, fd int) string {
	t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		t.Error(err)
	}
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		t.Errorf("%s is outside of %s", path, root)
	}
	return rel
}

// cstring is text as init has paths: NUL-terminated, by address.
func cstring(text string) (raw.Ptr, []byte) {
	b := append([]byte(text), 0)
	return raw.Addr(b), b
}

// openDescriptors counts this process' descriptors.
func openDescriptors(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
