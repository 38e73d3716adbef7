package launch

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// The test binary is what Begin starts as init. Instead of init's steps it
// follows a script that the test puts on its standard input, so that a test
// can have an init that says anything, at any time, or dies.

func TestMain(m *testing.M) {
	if len(os.Args) >= 3 && os.Args[0] == "rung" && os.Args[1] == "init" {
		control, err := strconv.Atoi(os.Args[2])
		if err != nil {
			os.Exit(99)
		}
		script := ""
		if len(os.Args) > 3 && os.Args[3] != "single" {
			script = os.Args[3] // the sibling that goes on
		} else {
			b := make([]byte, 4096)
			n, _ := unix.Pread(0, b, 0)
			script = string(b[:max(n, 0)])
		}
		f := &fake{control: control}
		f.follow(strings.Fields(script))
		os.Exit(98)
	}
	os.Exit(m.Run())
}

// fake is an init that does what it is told.
type fake struct {
	control int
	slots   []int
	said    string
}

func (f *fake) follow(words []string) {
	for i, word := range words {
		verb, arg, _ := strings.Cut(word, ":")
		if verb == "fork" {
			f.fork(words[i+1:])
		}
		f.do(verb, arg)
	}
}

func (f *fake) do(verb, arg string) {
	n, _ := strconv.Atoi(arg)
	switch verb {
	case "program": // takes it, with its descriptors
		first := f.receive(wire.Program)
		for len(f.slots) < int(first.Args[1]) {
			f.receive(wire.Descriptors)
		}
	case "ask":
		f.send(wire.Plain(wire.Asked, uint64(n), 0))
		f.receive(wire.Answer)
	case "answer":
		f.receive(wire.Answer)
	case "say": // a message of any type
		f.send(wire.Plain(wire.Type(n), 0, 0))
	case "garbage":
		f.send(make([]byte, n))
	case "terminal":
		f.send(wire.Plain(wire.Terminal, 0, 0), n)
	case "go":
		f.receive(wire.Go)
	case "read": // a file, to tell of it
		b, err := os.ReadFile(arg)
		f.note(string(b), err)
	case "slot": // what is in a descriptor that was handed over
		b := make([]byte, 512)
		read, err := unix.Pread(f.slots[n], b, 0)
		f.note(string(b[:max(read, 0)]), err)
	case "slots":
		f.note(fmt.Sprint(len(f.slots)), nil)
	case "fail":
		f.send(failure(f.said))
	case "close":
		_ = unix.Close(f.control)
	case "hang":
		_, _ = unix.Read(f.control, make([]byte, 1))
	case "exit":
		os.Exit(n)
	case "kill":
		_ = unix.Kill(os.Getpid(), unix.Signal(n))
	default:
		os.Exit(97)
	}
}

func (f *fake) note(text string, err error) {
	if err != nil {
		text = err.Error()
	}
	f.said += text + ";"
}

// fork goes on in a sibling, as init does where a process of another pid
// namespace has to go on. The sibling is our parent's child.
func (f *fake) fork(rest []string) {
	files := []uintptr{0, 1, 2}
	for len(files) < f.control {
		files = append(files, 2)
	}
	files = append(files, uintptr(f.control))
	pid, err := syscall.ForkExec("/proc/self/exe",
		[]string{"rung", "init", strconv.Itoa(f.control), "answer " + strings.Join(rest, " ")},
		&syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Cloneflags: unix.CLONE_PARENT}})
	if err != nil {
		os.Exit(96)
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		os.Exit(94)
	}
	f.send(wire.Plain(wire.Forked, 0, 0), pidfd)
	os.Exit(0)
}

func (f *fake) send(b []byte, fds ...int) {
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	if unix.Sendmsg(f.control, b, rights, nil, unix.MSG_NOSIGNAL) != nil {
		os.Exit(95)
	}
}

func (f *fake) receive(want wire.Type) wire.Received {
	b, oob := make([]byte, wire.FrameSize), make([]byte, unix.CmsgSpace(4*128))
	n, on, _, _, err := unix.Recvmsg(f.control, b, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil || n <= 0 {
		os.Exit(94)
	}
	m, err := wire.Decode(b[:n])
	if err != nil || m.Type != want {
		os.Exit(93)
	}
	list, err := unix.ParseSocketControlMessage(oob[:on])
	if err != nil {
		os.Exit(92)
	}
	for i := range list {
		fds, err := unix.ParseUnixRights(&list[i])
		if err != nil {
			os.Exit(91)
		}
		f.slots = append(f.slots, fds...)
	}
	return m
}

// failure is a Fail message in the form that init sends it: a struct's memory.
func failure(detail string) []byte {
	f := wire.Frame{Type: wire.Fail, Step: 3, Kind: wire.Chdir, Op: wire.OpChdir, Errno: int32(unix.ENOENT)}
	field, object := "process.cwd", "/nowhere"
	detail = detail[:min(len(detail), wire.TextMax)]
	f.Field, f.Object, f.Detail = uint32(len(field)), uint32(len(object)), uint32(len(detail))
	copy(f.Text[:], field+object+detail)
	return unsafe.Slice((*byte)(unsafe.Pointer(&f)), f.Size())
}

// begin starts a fake init.
func begin(t *testing.T, script string, change ...func(*Birth)) *Begun {
	t.Helper()
	binary, err := unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := linux.MemoryFile("script", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	b := Birth{
		Binary: linux.FD(binary), Stdio: [3]linux.FD{stdin, 2, 2},
		Cgroup: linux.NoFD, PIDNamespace: linux.NoFD,
	}
	for _, c := range change {
		c(&b)
	}
	begun, err := Begin(b)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// leak fails the test that leaves a child or a descriptor behind.
func leak(t *testing.T) {
	t.Helper()
	before := descriptors(t)
	t.Cleanup(func() {
		// Children first: the goroutine that started one may close its
		// descriptors a moment after we have it.
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err == unix.ECHILD {
				break
			}
			if err != unix.EINTR {
				t.Errorf("child %d is left, %v", pid, err)
				break
			}
		}
		for range 2000 {
			if descriptors(t) <= before {
				return
			}
			_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
		}
		t.Errorf("%d descriptors are left open", descriptors(t)-before)
	})
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// TestFakeSpeaksAsInit: the frame made here is the one that the parent reads.
func TestFakeSpeaksAsInit(t *testing.T) {
	m, err := wire.Decode(failure("why"))
	if err != nil || m.Fail.Field != "process.cwd" || m.Fail.Object != "/nowhere" || m.Fail.Detail != "why" {
		t.Errorf("got %+v, %v", m, err)
	}
	if binary.NativeEndian.Uint32(failure("")) != uint32(wire.Fail) {
		t.Error("the type does not come first")
	}
}
