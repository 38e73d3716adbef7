package criu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkpoint-restore/go-criu/v8/rpc"

	"github.com/oci-rung/rung/internal/linux"
)

// This test binary plays criu's part, as RUNG_TEST_CRIU says. What criu itself
// does is for tests/integration/checkpoint.bats and restore.bats.
func TestMain(m *testing.M) {
	if part := os.Getenv("RUNG_TEST_CRIU"); part != "" {
		if err := play(part); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// peer is criu's end of the socket.
type peer struct{ sock *os.File }

func (p peer) receive() (*rpc.CriuReq, error) {
	buf := make([]byte, mostMessage)
	n, _, err := linux.ReceiveFiles(p.sock, buf, 1)
	if err != nil || n == 0 {
		return nil, errors.Join(err, errors.New("nobody there"))
	}
	r := &rpc.CriuReq{}
	return r, r.UnmarshalVT(buf[:n])
}

func (p peer) send(r *rpc.CriuResp, files ...*os.File) error {
	b, err := r.MarshalVT()
	if err != nil {
		return err
	}
	return linux.SendFiles(p.sock, b, files...)
}

// notify sends a notification and wants the answer to be success.
func (p peer) notify(script string, pid int, files ...*os.File) (bool, error) {
	kind := rpc.CriuReqType_NOTIFY
	err := p.send(&rpc.CriuResp{Type: &kind, Success: ref(true), Notify: &rpc.CriuNotify{Script: &script, Pid: ref(int32(pid))}}, files...)
	if err != nil {
		return false, err
	}
	r, err := p.receive()
	return r.GetNotifySuccess(), err
}

func play(part string) error {
	p := peer{os.NewFile(first, "socket")}
	if len(os.Args) != 3 || os.Args[1] != "swrk" || os.Args[2] != "3" {
		return fmt.Errorf("arguments: %q", os.Args)
	}
	switch part {
	case "dies":
		return errors.New("dies: wrong option")
	case "dies quietly":
		os.Exit(3)
	}
	r, err := p.receive()
	if err != nil {
		return err
	}
	kind := r.GetType()
	done := &rpc.CriuResp{Type: &kind, Success: ref(true)}
	switch part {
	case "done":
	case "refuses":
		done.Success, done.CrErrno, done.CrErrmsg = ref(false), ref(int32(linux.EBUSY)), ref("it said so")
	case "refuses with a log":
		done.Success = ref(false)
	case "lacks":
		done.Features = &rpc.CriuFeatures{MemTrack: ref(false)}
	case "has":
		done.Features = &rpc.CriuFeatures{MemTrack: ref(true)}
		if err := p.send(done); err != nil {
			return err
		}
		if r, err = p.receive(); err != nil {
			return err
		}
		kind = r.GetType()
		done = &rpc.CriuResp{Type: &kind, Success: ref(r.GetOpts().GetTrackMem())}
	case "restores":
		null, err := os.Open("/dev/null")
		if err != nil {
			return err
		}
		for _, script := range []string{"pre-restore", "setup-namespaces", "orphan-pts-master", "post-restore", "post-resume"} {
			var files []*os.File
			if script == "orphan-pts-master" {
				files = append(files, null)
			}
			ok, err := p.notify(script, 77, files...)
			if err != nil {
				return err
			}
			if !ok {
				done.Success = ref(false)
				break
			}
		}
	}
	return p.send(done)
}

// run calls this binary as criu.
func run(t *testing.T, part string, kind Kind, s Settings, on Handlers) error {
	t.Helper()
	dir := t.TempDir()
	fd, err := linux.OpenDir(linux.CWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.Images, s.Work, s.WorkName, s.StatusFD = fd, fd, dir, -1
	if part == "refuses with a log" {
		log := "(00.1) Error (criu/a.c:1): the cause\n(00.2) Error (criu/b.c:2): it said so\n"
		if err := os.WriteFile(filepath.Join(dir, kind.logFile()), []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Run(Program{Path: self, Env: append(os.Environ(), "RUNG_TEST_CRIU="+part)}, kind, &s, on)
}

func TestRun(t *testing.T) {
	if err := run(t, "done", Dump, Settings{}, Handlers{}); err != nil {
		t.Error(err)
	}
}

func TestRunRefused(t *testing.T) {
	err := run(t, "refuses", Dump, Settings{}, Handlers{})
	if got, want := fmt.Sprint(err), "criu dump: it said so"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
	if !errors.Is(err, linux.EBUSY) {
		t.Errorf("got %v want EBUSY", err)
	}
}

func TestRunDies(t *testing.T) {
	for part, want := range map[string]string{
		"dies":         "criu restore: dies: wrong option",
		"dies quietly": "criu restore: exit status 3 without a word",
	} {
		if err := run(t, part, Restore, Settings{}, Handlers{}); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v want %s", part, err, want)
		}
	}
}

func TestRunMissing(t *testing.T) {
	err := Run(Program{Path: "/nonexistent/criu"}, Dump, &Settings{}, Handlers{})
	if !errors.Is(err, linux.ENOENT) {
		t.Errorf("got %v want ENOENT", err)
	}
}

func TestRunFeatures(t *testing.T) {
	needs := Settings{Needs: Features{MemoryTracking: true}}
	err := run(t, "lacks", PreDump, needs, Handlers{})
	if got, want := fmt.Sprint(err), "criu pre-dump: this kernel does not track changes of memory"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q want %q", got, want)
	}
	if err := run(t, "has", PreDump, needs, Handlers{}); err != nil {
		t.Error(err)
	}
}

func TestRunNotifies(t *testing.T) {
	var seen []string
	on := Handlers{
		Started:    func(pid int) error { seen = append(seen, fmt.Sprint("started ", pid > 1)); return nil },
		Namespaces: func(pid int) error { seen = append(seen, fmt.Sprint("namespaces ", pid)); return nil },
		Restored:   func(pid int) error { seen = append(seen, fmt.Sprint("restored ", pid)); return nil },
		Terminal: func(master *os.File) error {
			name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", master.Fd()))
			seen = append(seen, "terminal "+name)
			return errors.Join(err, master.Close())
		},
	}
	if err := run(t, "restores", Restore, Settings{}, on); err != nil {
		t.Error(err)
	}
	if got, want := strings.Join(seen, ", "), "started true, namespaces 77, terminal /dev/null, restored 77"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestRunHandlerFails(t *testing.T) {
	why := errors.New("no luck")
	for _, on := range []Handlers{
		{Started: func(int) error { return why }},
		{Namespaces: func(int) error { return why }, Terminal: func(f *os.File) error { return f.Close() }},
		{Terminal: func(f *os.File) error { return errors.Join(why, f.Close()) }},
		{Restored: func(int) error { return why }, Terminal: func(f *os.File) error { return f.Close() }},
	} {
		if err := run(t, "restores", Restore, Settings{}, on); !errors.Is(err, why) {
			t.Errorf("got %v want %v", err, why)
		}
	}
}

func TestRunNobodyForTheTerminal(t *testing.T) {
	err := run(t, "restores", Restore, Settings{}, Handlers{})
	if got, want := fmt.Sprint(err), "terminal: the images have one, and nobody is here to take it"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestRunLog(t *testing.T) {
	err := run(t, "refuses with a log", Dump, Settings{}, Handlers{})
	if got, want := fmt.Sprint(err), "criu dump: the cause (criu/a.c:1) (and 1 more); log file: "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q want %q", got, want)
	}
}
