package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// nothing is a plan without descriptors.
func nothing() *plan.Plan {
	return &plan.Plan{Steps: []wire.Step{{Kind: wire.Signals, Field: "process"}}}
}

func quiet() Handlers {
	return Handlers{Ready: func(int, linux.FD) error { return nil }}
}

// script is text for a fake init, with the numbers that messages have.
func script(words string) string {
	return strings.NewReplacer(
		"READY", fmt.Sprint(wire.Ready), "HOOKS", fmt.Sprint(wire.Hooks), "IDMAP", fmt.Sprint(wire.IDMap),
		"GO", fmt.Sprint(wire.Go), "PROGRAM", fmt.Sprint(wire.Program),
		"FORKED", fmt.Sprint(wire.Forked),
	).Replace(words)
}

// TestServe goes the way of a start to its end.
func TestServe(t *testing.T) {
	leak(t)
	var readyPid int
	on := quiet()
	on.Ready = func(pid int, pidfd linux.FD) error {
		readyPid = pid
		return nil
	}
	b := begin(t, script("program ask:READY go close exit:7"))
	init, err := b.Serve(nothing(), Special{}, on)
	if err != nil {
		t.Fatal(err)
	}
	if init.Pid != readyPid || readyPid <= 0 {
		t.Errorf("ready with pid %d, returned %d", readyPid, init.Pid)
	}
	if err = init.Go(nil); err != nil {
		t.Error(err)
	}
	exited, code, err := linux.Reap(init.Pid)
	if !exited || code != 7 || err != nil {
		t.Errorf("ended %v with %d, %v", exited, code, err)
	}
	init.Release()
	_ = init.Pidfd.Close()
}

// TestServeFails: whatever goes wrong is an error that says what, and nothing
// is left of it.
func TestServeFails(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         string
		is           error
	}{
		{"a step", "program fail hang", "process.cwd: chdir to cwd /nowhere: no such file or directory", fs.ErrNotExist},
		{"a step, before the program was taken", "fail hang", "process.cwd: chdir", fs.ErrNotExist},
		{"death before the first word", "exit:7", "init: exited with status 7", nil},
		{"death with the program", "program exit:3", "init: exited with status 3", nil},
		{"death by a signal", "program kill:9", "init: killed by signal 9", nil},
		{"death before it took the program", "kill:9", "init: killed by signal 9", nil},
		{"no message at all", "program garbage:0", "init: ", nil},
		{"half a message", "program garbage:20 hang", "malformed", wire.ErrFrame},
		{"zeros", "program garbage:48 hang", "malformed", wire.ErrFrame},
		{"too much", "program garbage:5000 hang", "malformed", wire.ErrFrame},
		{"a message of the parent's", "program say:GO hang", fmt.Sprintf("message %d from init: ", wire.Go), wire.ErrFrame},
		{"another of those", "program say:PROGRAM hang", fmt.Sprintf("message %d from init: ", wire.Program), wire.ErrFrame},
		{"an unknown request", "program ask:99 hang", "request 99 from init: ", wire.ErrFrame},
		{"no request", "program ask:0 hang", "request 0 from init: ", wire.ErrFrame},
		{"a terminal nobody wants", "program terminal:2 hang", "terminal from init: ", wire.ErrFrame},
		{"a fork that was none", "program say:FORKED hang", "sibling of init", nil},
		{"a failure after a fork", "program fork fail hang", "process.cwd: chdir", fs.ErrNotExist},
		{"death after a fork", "program fork exit:4", "init: exited with status 4", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			leak(t)
			init, err := begin(t, script(test.script)).Serve(nothing(), Special{}, quiet())
			if err == nil {
				init.End()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
		})
	}
}

// TestKilled: the signal that ended init is in the error, for who can explain it.
func TestKilled(t *testing.T) {
	leak(t)
	_, err := begin(t, "program kill:9").Serve(nothing(), Special{}, quiet())
	var killed *Killed
	if !errors.As(err, &killed) || killed.Signal != 9 {
		t.Errorf("got %v", err)
	}
}

// TestForked: the conversation goes on with the sibling, which is our child.
func TestForked(t *testing.T) {
	leak(t)
	var pids []int
	on := quiet()
	on.Hooks = func(pid int) error {
		pids = append(pids, pid)
		return nil
	}
	on.Ready = func(pid int, pidfd linux.FD) error {
		pids = append(pids, pid)
		return nil
	}
	b := begin(t, script("program ask:HOOKS fork ask:READY go close exit:5"))
	first := b.wait().pid
	init, err := b.Serve(nothing(), Special{}, on)
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) != 2 || pids[0] != first || pids[1] == first || init.Pid != pids[1] {
		t.Errorf("born as %d, asked as %v, returned %d", first, pids, init.Pid)
	}
	if err = init.Go(nil); err != nil {
		t.Error(err)
	}
	if exited, code, err := linux.Reap(init.Pid); !exited || code != 5 || err != nil {
		t.Errorf("ended %v with %d, %v", exited, code, err)
	}
	init.Release()
	_ = init.Pidfd.Close()
}

// TestHandlerErrors: what a handler says is what the caller gets, and init,
// which waits for an answer, ends.
func TestHandlerErrors(t *testing.T) {
	mine := errors.New("not today")
	for name, set := range map[string]func(*Handlers){
		"fill":  func(h *Handlers) { h.Fill = func() error { return mine } },
		"hooks": func(h *Handlers) { h.Hooks = func(int) error { return mine } },
		"ready": func(h *Handlers) { h.Ready = func(int, linux.FD) error { return mine } },
	} {
		t.Run(name, func(t *testing.T) {
			leak(t)
			on := quiet()
			on.Hooks = func(int) error { return nil }
			set(&on)
			_, err := begin(t, script("program ask:HOOKS ask:READY hang")).Serve(nothing(), Special{}, on)
			if !errors.Is(err, mine) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTerminal(t *testing.T) {
	leak(t)
	on := quiet()
	name := ""
	on.Console = func(master *os.File) error {
		name = master.Name()
		return master.Close()
	}
	init, err := begin(t, script("program terminal:2 ask:READY hang")).Serve(nothing(), Special{}, on)
	if err != nil {
		t.Fatal(err)
	}
	init.End()
	if name != "terminal" {
		t.Errorf("the console handler got %q", name)
	}
	// A message about a terminal that brings none.
	_, err = begin(t, fmt.Sprintf("program say:%d hang", wire.Terminal)).Serve(nothing(), Special{}, on)
	if !errors.Is(err, wire.ErrFrame) {
		t.Errorf("got %v", err)
	}
}

// TestDescriptors: all arrive, in their order, more than one message takes;
// states are filled before they are needed, with the pid that is init's.
func TestDescriptors(t *testing.T) {
	leak(t)
	p := nothing()
	for range 299 {
		p.Slots = append(p.Slots, plan.Descriptor{Opens: plan.OpenDirectory, Path: "/", Field: "x"})
	}
	p.Slots = append(p.Slots, plan.Descriptor{Opens: plan.OpenState, Field: "hooks.createContainer", Status: specs.StateCreating})
	on := quiet()
	pid := 0
	on.State = func(n int, status string) ([]byte, error) {
		pid = n
		return fmt.Appendf(nil, "%s of %d", status, n), nil
	}
	on.Hooks = func(int) error { return nil }
	_, err := begin(t, script("program slot:299 ask:HOOKS slot:299 slots fail hang")).Serve(p, Special{}, on)
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(";creating of %d;300;", pid); f.Detail != want {
		t.Errorf("init saw %q, want %q", f.Detail, want)
	}
}

// TestOpenFails: a descriptor that cannot be opened is an error with its
// field, while init is just being born.
func TestOpenFails(t *testing.T) {
	leak(t)
	p := nothing()
	p.Slots = []plan.Descriptor{
		{Opens: plan.OpenDirectory, Path: "/", Field: "root.path"},
		{Opens: plan.OpenDirectory, Path: "/no/such", Field: "mounts[3].source"},
	}
	_, err := begin(t, "program hang").Serve(p, Special{}, quiet())
	if err == nil || !strings.HasPrefix(err.Error(), "mounts[3].source: open /no/such: ") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	p.Slots[1] = plan.Descriptor{Opens: 99, Field: "x"}
	if _, err = begin(t, "program hang").Serve(p, Special{}, quiet()); err == nil {
		t.Error("a descriptor of an unknown kind: no error")
	}
	p.Slots = nil
	p.Steps = []wire.Step{{Kind: wire.Exec, Field: "process.args[0]", Args: []any{"a\x00"}}}
	if _, err = begin(t, "program hang").Serve(p, Special{}, quiet()); err == nil || !strings.Contains(err.Error(), "NUL") {
		t.Errorf("a program that cannot be encoded: %v", err)
	}
}

// TestBorrowed: what the caller lends stays open.
func TestBorrowed(t *testing.T) {
	leak(t)
	start, err := linux.MemoryFile("start", []byte("start"))
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := linux.MemoryFile("tasks", []byte("tasks"))
	if err != nil {
		t.Fatal(err)
	}
	p := nothing()
	p.Slots = []plan.Descriptor{
		{Opens: plan.OpenTasks, Field: "linux.cgroupsPath", Index: 0}, {Opens: plan.OpenStart, Field: "process"}, {Opens: plan.OpenInit, Field: "process"},
	}
	_, err = begin(t, "program slot:0 slot:1 slot:2 fail hang").Serve(p, Special{Start: start, Tasks: []linux.FD{tasks}, Init: start}, quiet())
	var f *Failure
	if !errors.As(err, &f) || f.Detail != "tasks;start;start;" {
		t.Errorf("got %v", err)
	}
	for _, fd := range []linux.FD{start, tasks} {
		if err := fd.Close(); err != nil {
			t.Errorf("closed by Serve: %v", err)
		}
	}
}

func TestOOMScore(t *testing.T) {
	leak(t)
	score := 321
	p := nothing()
	p.OOMScoreAdj = &score
	_, err := begin(t, "program read:/proc/self/oom_score_adj fail hang").Serve(p, Special{}, quiet())
	var f *Failure
	if !errors.As(err, &f) || f.Detail != "321\n;" {
		t.Errorf("got %v", err)
	}
	score = 5000
	_, err = begin(t, "program hang").Serve(p, Special{}, quiet())
	if err == nil || !strings.HasPrefix(err.Error(), "process.oomScoreAdj: ") || !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v", err)
	}
}

// TestIDMaps: the maps are there when init goes on.
func TestIDMaps(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to map ids of others")
	}
	leak(t)
	p := nothing()
	p.UIDMap = []specs.LinuxIDMapping{{ContainerID: 0, HostID: 1000, Size: 1}, {ContainerID: 1, HostID: 5000, Size: 10}}
	p.GIDMap = []specs.LinuxIDMapping{{ContainerID: 0, HostID: 2000, Size: 3}}
	user := func(b *Birth) { b.CloneFlags = unix.CLONE_NEWUSER }
	_, err := begin(t, script("program ask:IDMAP read:/proc/self/uid_map read:/proc/self/gid_map fail hang"), user).Serve(p, Special{}, quiet())
	var f *Failure
	if !errors.As(err, &f) || strings.Join(strings.Fields(f.Detail), " ") != "0 1000 1 1 5000 10 ; 0 2000 3 ;" {
		t.Errorf("got %v", err)
	}
	p.UIDMap[0].Size = 0
	_, err = begin(t, script("program ask:IDMAP hang"), user).Serve(p, Special{}, quiet())
	if err == nil || !strings.HasPrefix(err.Error(), "linux.uidMappings: ") {
		t.Errorf("got %v", err)
	}
}

func TestAbort(t *testing.T) {
	leak(t)
	begin(t, "hang").Abort()
	begin(t, "exit:1").Abort()
}

// TestNoBirth: a binary that cannot be executed is an error of Serve.
func TestNoBirth(t *testing.T) {
	leak(t)
	bad := func(b *Birth) {
		_ = b.Binary.Close()
		fd, err := linux.MemoryFile("bad", []byte("no program"))
		if err != nil {
			t.Fatal(err)
		}
		b.Binary = fd
	}
	if _, err := begin(t, "", bad).Serve(nothing(), Special{}, quiet()); err == nil || !strings.Contains(err.Error(), "init") {
		t.Errorf("got %v", err)
	}
	begin(t, "", bad).Abort()
}

// TestExecuted: after the word to go either the connection closes, or init
// says why not and stays until it is let go.
func TestExecuted(t *testing.T) {
	leak(t)
	init, err := begin(t, script("program ask:READY go fail hang")).Serve(nothing(), Special{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	var f *Failure
	if err = init.Go(nil); !errors.As(err, &f) || f.Kind != wire.Chdir {
		t.Errorf("got %v", err)
	}
	if ended(init.Pidfd) {
		t.Error("init is gone before anybody could look at its files")
	}
	init.End()

	init, err = begin(t, script("program ask:READY go garbage:3 hang")).Serve(nothing(), Special{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err = init.Go(nil); !errors.Is(err, wire.ErrFrame) {
		t.Errorf("got %v", err)
	}
	init.End()
}

// TestManyDescriptors: init is started from the right file although one of its
// own descriptors gets that file's number.
func TestManyDescriptors(t *testing.T) {
	leak(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, count := range []int{1, 2, 3, 5, 100} {
		extra := make([]linux.FD, count)
		for i := range extra {
			extra[i] = linux.FD(null.Fd())
		}
		init, err := begin(t, script("program ask:READY hang"), func(b *Birth) { b.Extra = extra }).Serve(nothing(), Special{}, quiet())
		if err != nil {
			t.Fatalf("%d: %v", count, err)
		}
		init.End()
	}
}

// TestKilledBeforeGo: that it was killed is what the user has to know, and not
// that nobody listened.
func TestKilledBeforeGo(t *testing.T) {
	leak(t)
	init, err := begin(t, script("program ask:READY hang")).Serve(nothing(), Special{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer init.End()
	if err = linux.Kill(init.Pidfd); err == nil {
		err = linux.AwaitEnd(init.Pidfd, time.Minute)
	}
	if err != nil {
		t.Fatal(err)
	}
	const want = "init: ended before it was told to go on, killed by signal 9"
	if err = init.Go(nil); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func ended(pidfd linux.FD) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0)
	return err == nil && n == 1
}

// TestConnect is start: another command, by the socket in the state directory.
func TestConnect(t *testing.T) {
	leak(t)
	path := t.TempDir()
	dir, err := linux.OpenPathDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	listener, err := linux.FrameListen(dir, "start")
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan []byte, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for answer := range answers {
			n, _, err := unix.Accept4(int(listener), unix.SOCK_CLOEXEC)
			if err != nil {
				t.Error(err)
				return
			}
			b := make([]byte, wire.FrameSize)
			read, err := unix.Read(n, b)
			if m, derr := wire.Decode(b[:max(read, 0)]); err != nil || derr != nil || m.Type != wire.Go {
				t.Errorf("init got %+v, %v, %v", m, err, derr)
			}
			if answer != nil {
				_, _ = unix.Write(n, answer)
			}
			_ = unix.Close(n)
		}
	}()
	for _, test := range []struct {
		answer []byte
		ok     bool
	}{{nil, true}, {failure("x"), false}} {
		answers <- test.answer
		init, err := Connect(dir, "start", 1, linux.NoFD)
		if err != nil {
			t.Fatal(err)
		}
		var f *Failure
		if err = init.Go(nil); (err == nil) != test.ok || err != nil && !errors.As(err, &f) {
			t.Errorf("got %v", err)
		}
		init.Release()
	}
	close(answers)
	<-done
	_ = listener.Close()
	if _, err = Connect(dir, "start", 1, linux.NoFD); !errors.Is(err, linux.ECONNREFUSED) {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err = Connect(dir, "none", 1, linux.NoFD); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no socket: %v", err)
	}
}
