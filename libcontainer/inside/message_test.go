package inside

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// initProcess is a copy of the test binary that runs Threaded, as init does in
// a binary without an entry of its own, with this test as its parent.
type initProcess struct {
	t       *testing.T
	cmd     *exec.Cmd
	sock    int
	program int
	out     bytes.Buffer
	got     int // the descriptor that came with a message
}

func startInit(t *testing.T, helper string, as ...*syscall.Credential) *initProcess {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	program, err := unix.MemfdCreate("program", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	p := &initProcess{t: t, sock: pair[0], program: program}
	p.cmd = exec.Command("/proc/self/exe", "helper", helper)
	p.cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(pair[1]), "control"), os.NewFile(uintptr(program), "program")}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if len(as) > 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as[0]}
	}
	if err = p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.ExtraFiles[0].Close()
	t.Cleanup(func() {
		_ = p.cmd.ExtraFiles[1].Close()
		_ = unix.Close(p.sock)
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

func (p *initProcess) send(b []byte, fds ...int) {
	p.t.Helper()
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	if err := unix.Sendmsg(p.sock, b, rights, nil, unix.MSG_NOSIGNAL); err != nil {
		p.t.Errorf("send: %v", err)
	}
}

// run hands a program over.
func (p *initProcess) run(fds []int, steps ...wire.Step) {
	p.t.Helper()
	code, err := wire.Encode(steps)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err = unix.Pwrite(p.program, code, 0); err != nil {
		p.t.Fatal(err)
	}
	p.send(wire.Plain(wire.Program, uint64(len(code)), uint64(len(fds))))
	for len(fds) > 0 {
		n := min(len(fds), 128)
		p.send(wire.Plain(wire.Descriptors, 0, 0), fds[:n]...)
		fds = fds[n:]
	}
}

// next is init's next message; nil when the connection is closed.
func (p *initProcess) next() *wire.Received {
	p.t.Helper()
	if !readable(p.sock) {
		p.t.Fatalf("init says nothing; it printed %s", p.out.Bytes())
	}
	b := make([]byte, wire.FrameSize)
	rights := make([]byte, unix.CmsgSpace(4))
	n, rn, _, _, err := unix.Recvmsg(p.sock, b, rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil && !errors.Is(err, unix.ECONNRESET) {
		p.t.Fatal(err)
	}
	if rn > 0 {
		messages, err := unix.ParseSocketControlMessage(rights[:rn])
		if err != nil {
			p.t.Fatal(err)
		}
		fds, err := unix.ParseUnixRights(&messages[0])
		if err != nil {
			p.t.Fatal(err)
		}
		p.got = fds[0]
	}
	if n <= 0 {
		return nil
	}
	m, err := wire.Decode(b[:n])
	if err != nil {
		p.t.Fatal(err)
	}
	return &m
}

// sibling waits until init goes on in another process: its pid and pidfd.
func (p *initProcess) sibling() (int, int) {
	p.t.Helper()
	p.got = -1
	p.want(wire.Forked)
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", p.got))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(info), "\nPid:")
	var pid int
	if _, err = fmt.Sscan(rest, &pid); err != nil {
		p.t.Fatalf("%v in %q", err, info)
	}
	pidfd := p.got
	p.t.Cleanup(func() {
		// A test that failed has left it, and it our output.
		_ = unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0)
		_ = unix.Close(pidfd)
	})
	return pid, pidfd
}

func (p *initProcess) want(want wire.Type) *wire.Received {
	p.t.Helper()
	m := p.next()
	if m == nil || m.Type != want {
		p.t.Fatalf("got %+v, want message %d", m, want)
	}
	return m
}

// ended waits for the process and returns its status.
func (p *initProcess) ended() int {
	p.t.Helper()
	_ = unix.Close(p.sock)
	p.sock = -1
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func step(k wire.Kind, field string, args ...any) wire.Step {
	return wire.Step{Kind: k, Field: field, Args: args}
}

// TestMainRuns goes the whole way: program, descriptors, request, word to go,
// payload.
func TestMainRuns(t *testing.T) {
	p := startInit(t, "init")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// More descriptors than one message takes.
	fds := make([]int, 300)
	for i := range fds {
		fds[i] = int(w.Fd())
	}
	p.run(fds,
		step(wire.Signals, "process"),
		step(wire.Ask, "process", uint64(wire.Ready)),
		step(wire.Wait, "process", wire.NoSlot),
		step(wire.Umask, "process.user.umask", uint64(0o27)),
		step(wire.Find, "process.args[0]", "sh", []string{"/none/sh", "/bin/sh"}),
		step(wire.CloseFDs, "process", uint64(3)),
		step(wire.Exec, "process.args[0]", []string{"sh", "-c", `umask; set -- /proc/self/fd/*; echo $#; echo "$A"; exit 7`}, []string{"A=b"}, ^uint64(0)),
	)
	if m := p.want(wire.Asked); m.Args[0] != uint64(wire.Ready) {
		t.Errorf("asked for %d", m.Args[0])
	}
	p.send(wire.Plain(wire.Answer, 0, 0))
	p.send(wire.Plain(wire.Go, 0, 0))
	if m := p.next(); m != nil {
		t.Errorf("instead of running it says %+v", m)
	}
	if code := p.ended(); code != 7 {
		t.Errorf("exit status %d", code)
	}
	// 0, 1, 2 and the shell's own for the directory: nothing else is open.
	if got := p.out.String(); got != "0027\n4\nb\n" {
		t.Errorf("the payload says %q", got)
	}
	_ = w.Close()
}

// TestMainReports: a step that fails is named, with the field it comes from.
func TestMainReports(t *testing.T) {
	p := startInit(t, "init")
	p.run(nil, step(wire.Signals, "process"), step(wire.Umask, "x", uint64(0)),
		step(wire.Chdir, "process.cwd", "/no/such/directory", uint64(0)), step(wire.Exec, "process"))
	m := p.want(wire.Fail)
	want := wire.Failure{Kind: wire.Chdir, Step: 2, Op: wire.OpChdir, Errno: int(unix.ENOENT), Field: "process.cwd", Object: "/no/such/directory"}
	if m.Fail != want {
		t.Errorf("got  %+v\nwant %+v", m.Fail, want)
	}
	// It stays until its reader has closed the connection.
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil); err != nil || info.Signo != 0 {
		t.Errorf("ended before its words were read: %v", err)
	}
	if code := p.ended(); code != exitFailed {
		t.Errorf("exit status %d", code)
	}
}

// TestMainLongReport: texts are cut, never more than a message takes.
func TestMainLongReport(t *testing.T) {
	long := "/" + strings.Repeat("x", 3000)
	p := startInit(t, "init")
	p.run(nil, step(wire.Chdir, strings.Repeat("f", 2000), long, uint64(0)))
	m := p.want(wire.Fail)
	if m.Fail.Field != strings.Repeat("f", wire.TextMax) || m.Fail.Object != long[:wire.TextMax] {
		t.Errorf("field of %d, object of %d", len(m.Fail.Field), len(m.Fail.Object))
	}
}

// TestMainWithoutParent: nobody to tell, nothing to do.
func TestMainWithoutParent(t *testing.T) {
	p := startInit(t, "init")
	if code := p.ended(); code != exitFailed {
		t.Errorf("before the program: exit status %d", code)
	}
	p = startInit(t, "init")
	p.run(nil, step(wire.Ask, "hooks", uint64(wire.Hooks)), step(wire.Exec, "process"))
	p.want(wire.Asked)
	if code := p.ended(); code != exitFailed {
		t.Errorf("instead of an answer: exit status %d", code)
	}
}

// TestMainRefuses what is no program, before it touches it.
func TestMainRefuses(t *testing.T) {
	good, err := wire.Encode([]wire.Step{step(wire.Exec, "process")})
	if err != nil {
		t.Fatal(err)
	}
	magic := bytes.Clone(good)
	magic[0]++
	size := bytes.Clone(good)
	size[8]++
	for _, test := range []struct {
		name  string
		code  []byte
		first []byte
		op    wire.Op
		errno unix.Errno
	}{
		{"another layout", magic, wire.Plain(wire.Program, uint64(len(good)), 0), wire.OpProgram, unix.EPROTO},
		{"another length", size, wire.Plain(wire.Program, uint64(len(good)), 0), wire.OpProgram, unix.EPROTO},
		{"too long", good, wire.Plain(wire.Program, wire.MaxProgram+1, 0), wire.OpProgram, unix.EPROTO},
		{"too many descriptors", good, wire.Plain(wire.Program, uint64(len(good)), wire.MaxSlots+1), wire.OpProgram, unix.EPROTO},
		{"negative", good, wire.Plain(wire.Program, ^uint64(0), ^uint64(0)), wire.OpProgram, unix.EPROTO},
		{"another message", good, wire.Plain(wire.Go, 0, 0), wire.OpReceive, unix.EPROTO},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := startInit(t, "init")
			if _, err := unix.Pwrite(p.program, test.code, 0); err != nil {
				t.Fatal(err)
			}
			p.send(test.first)
			m := p.want(wire.Fail)
			if m.Fail.Op != test.op || m.Fail.Errno != int(test.errno) {
				t.Errorf("got %s: %v, want %s: %v", m.Fail.Op.Name(), unix.Errno(m.Fail.Errno), test.op.Name(), test.errno)
			}
		})
	}
}

// TestMainTooManyDescriptors: more than were announced are refused.
func TestMainTooManyDescriptors(t *testing.T) {
	p := startInit(t, "init")
	p.send(wire.Plain(wire.Program, 64, 1))
	p.send(wire.Plain(wire.Descriptors, 0, 0), 0, 1, 2)
	if m := p.want(wire.Fail); m.Fail.Op != wire.OpReceive || m.Fail.Errno != int(unix.EPROTO) {
		t.Errorf("got %+v", m.Fail)
	}
}

// TestMainSingle: where steps want a process of one thread, a copy goes on.
func TestMainSingle(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	p := startInit(t, "init-single")
	p.run(nil, step(wire.Unshare, "linux.namespaces", uint64(unix.CLONE_NEWUSER)),
		step(wire.Find, "process.args[0]", "true", []string{"/bin/true"}),
		step(wire.Exec, "process.args[0]", []string{"true"}, []string{}, ^uint64(0)))
	pid, _ := p.sibling()
	p.send(wire.Plain(wire.Answer, 0, 0))
	if m := p.next(); m != nil {
		t.Errorf("instead of running it says %+v", m)
	}
	// It is our child, as the one that it was copied from.
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil || !ws.Exited() || ws.ExitStatus() != 0 {
		t.Errorf("the copy: %v, %v", ws, err)
	}
	if code := p.ended(); code != 0 {
		t.Errorf("the one that was copied: exit status %d", code)
	}
}

// TestConsole: a terminal on the container's devpts, its master in the
// parent's hands.
func TestConsole(t *testing.T) {
	needRoot(t)
	p := startInit(t, "console")
	if !readable(p.sock) {
		t.Fatalf("init says nothing; it printed %s", p.out.Bytes())
	}
	b, oob := make([]byte, wire.FrameSize), make([]byte, unix.CmsgSpace(4))
	n, on, _, _, err := unix.Recvmsg(p.sock, b, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Decode(b[:n])
	if err != nil || m.Type != wire.Terminal {
		t.Fatalf("got %+v, %v; %s", m, err, p.out.Bytes())
	}
	messages, err := unix.ParseSocketControlMessage(oob[:on])
	if err != nil || len(messages) != 1 {
		t.Fatal(err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		t.Fatal(err)
	}
	master := os.NewFile(uintptr(fds[0]), "master")
	defer master.Close()
	var got []byte
	for !bytes.Contains(got, []byte("done")) {
		buf := make([]byte, 256)
		n, err := master.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			break
		}
	}
	for _, want := range []string{"fd 0 is a terminal", "fd 1 is a terminal", "fd 2 is a terminal", "/dev/tty opens", "/dev/console is it", "done <nil>"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// TestConsolePtmx: what is not the multiplexer of a devpts is not opened as a
// terminal (CVE-2025-52565).
func TestConsolePtmx(t *testing.T) {
	names := []string{"dev/pts/", "dev/console"}
	for _, test := range []struct {
		name string
		make func(root string) error
		want string
	}{
		{"none", func(string) error { return nil }, "open /dev/pts/ptmx: ENOENT"},
		{"a file", func(r string) error { return os.WriteFile(r+"/dev/pts/ptmx", nil, 0o666) }, "(not on a devpts filesystem"},
		{"a device elsewhere", func(r string) error {
			return unix.Mknod(r+"/dev/pts/ptmx", unix.S_IFCHR|0o666, int(unix.Mkdev(5, 2)))
		}, "(not on a devpts filesystem"},
		{"a link to the host's", func(r string) error { return os.Symlink("/dev/pts/ptmx", r+"/dev/pts/ptmx") }, "ELOOP"},
		{"another device of a devpts", func(r string) error {
			if err := unix.Mount("devpts", r+"/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666"); err != nil {
				return err
			}
			return unix.Mount("/dev/null", r+"/dev/pts/ptmx", "", unix.MS_BIND, "")
		}, "(not on a devpts filesystem"},
		{"the right one", func(r string) error {
			return unix.Mount("devpts", r+"/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666")
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inMounts(t, 0, names, func(s *stage, root string) {
				if err := test.make(root); err != nil {
					t.Error(err)
					return
				}
				fd, ok := s.openMaster()
				got := outcome(s, ok)
				if test.want == "" {
					wantDone(t, got)
					raw.Close(fd)
				} else {
					wantFailure(t, got, test.want)
				}
			})
		})
	}
}

// TestCopyIsNotScheduled: a copy of a process in which Go's runtime runs is on
// its own, also when the runtime had just asked its thread to give way.
func TestCopyIsNotScheduled(t *testing.T) {
	for range 20 {
		p := startInit(t, "init-pressed")
		p.run(nil, step(wire.Ask, "process", uint64(wire.Ready)))
		pid, pidfd := p.sibling()
		p.send(wire.Plain(wire.Answer, 0, 0))
		p.want(wire.Asked)
		_ = unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0)
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}
}
