package statedir

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asUser runs f with another effective user id on a thread that ends with it.
func asUser(uid int, f func() error) error {
	runtime.LockOSThread()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), ^uintptr(0)); errno != 0 {
		return fmt.Errorf("setresuid %d: %w", uid, errno)
	}
	return f()
}

func TestOneOfTwoCreatorsGetsTheID(t *testing.T) {
	root := t.TempDir()
	a, b := start(t, "race", root), start(t, "race", root)
	const rounds = 200
	lost := map[string]int{}
	for i := range rounds {
		id := []byte(strconv.Itoa(i) + "\n")
		for _, p := range []*process{a, b} {
			if _, err := p.in.Write(id); err != nil {
				t.Fatal(err)
			}
		}
		got := [2]string{a.line(t), b.line(t)}
		switch want := strconv.Itoa(i) + ": " + string(ErrExist); {
		case got[0] == "mine" && got[1] == want:
			lost["b"]++
		case got[1] == "mine" && got[0] == want:
			lost["a"]++
		default:
			t.Fatalf("round %d: got %q want one %q and one %q", i, got, "mine", want)
		}
	}
	t.Logf("lost: %v", lost)
}

func TestWhoLooksDoesNotWaitForACreator(t *testing.T) {
	root := t.TempDir()
	for _, stage := range stages {
		t.Run(stage, func(t *testing.T) {
			p := start(t, "create", root, stage)
			if got := p.line(t); got != "done" {
				t.Fatal(got)
			}
			d := mustOpen(t, root, "c")
			_, err := d.Load() // would hang here
			var incomplete *IncompleteError
			if errors.As(err, &incomplete) != (stage != "committed") {
				t.Fatalf("while its creator lives: got %v", err)
			}
			if incomplete != nil && !incomplete.Creating {
				t.Errorf("got %v want that it is being created", err)
			}
			if err := d.Lock(Exclusive, 10*time.Millisecond); !errors.Is(err, ErrLocked) {
				t.Errorf("lock: got %v want ErrLocked", err)
			}
			if err := d.Lock(Shared, 0); !errors.Is(err, ErrLocked) {
				t.Errorf("shared lock: got %v want ErrLocked", err)
			}
			p.kill()
			if err := d.Lock(Exclusive, time.Minute); err != nil {
				t.Fatal(err)
			}
			s, err := d.Load()
			switch {
			case stage == "committed":
				if err != nil || s.InitPid != p.cmd.Process.Pid {
					t.Errorf("after its creator died: got %+v, %v", s, err)
				}
			case !errors.As(err, &incomplete) || incomplete.Creating:
				t.Errorf("after its creator died: got %v want ErrIncomplete", err)
			case (incomplete.State != nil) != (stage != "created"):
				t.Errorf("noted: got %+v", incomplete.State)
			case incomplete.State != nil && incomplete.State.InitPid != p.cmd.Process.Pid:
				t.Errorf("noted pid: got %d want %d", incomplete.State.InitPid, p.cmd.Process.Pid)
			}
			if err := d.Remove(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCreatorKilledWhileWriting(t *testing.T) {
	root := t.TempDir()
	p := start(t, "tear", root)
	if got := p.line(t); got != "done" {
		t.Fatal(got)
	}
	p.kill()
	d := mustOpen(t, root, "c")
	var incomplete *IncompleteError
	if _, err := d.Load(); !errors.As(err, &incomplete) || incomplete.State == nil {
		t.Fatalf("got %v want ErrIncomplete with what was noted", err)
	}
	if err := d.Lock(Exclusive, 0); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(incomplete.State); err != nil {
		t.Errorf("save over the remains: %v", err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}

func TestLockIsPassedOn(t *testing.T) {
	root := t.TempDir()
	first := mustCreate(t, root, "c")
	second, third := mustOpen(t, root, "c"), mustOpen(t, root, "c")
	if err := second.Lock(Exclusive, time.Millisecond); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v want ErrLocked", err)
	}
	got := make(chan error)
	go func() { got <- second.Lock(Exclusive, time.Minute) }()
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	// The wait that gave up must not have left a lock behind, and second's
	// must be one, whichever descriptor holds it.
	if err := third.Lock(Shared, 0); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v want ErrLocked", err)
	}
	if err := second.Lock(Shared, 0); err != nil {
		t.Errorf("to shared: %v", err)
	}
	if err := third.Lock(Shared, 0); err != nil {
		t.Errorf("two shared: %v", err)
	}
	for _, d := range []*Dir{second, third} {
		if err := d.Unlock(); err != nil {
			t.Error(err)
		}
	}
	if err := first.Lock(Exclusive, time.Minute); err != nil {
		t.Errorf("after all gave it back: %v", err)
	}
	if err := first.Remove(); err != nil {
		t.Error(err)
	}
}

func TestReadersSeeWholeStates(t *testing.T) {
	root := t.TempDir()
	d := mustCreate(t, root, "c")
	if err := d.Save(&State{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	reader := mustOpen(t, root, "c")
	done := make(chan error)
	go func() {
		var err error
		for i := 1; i <= 300 && err == nil; i++ {
			err = d.Save(&State{ID: "c", InitPid: i, InitStart: uint64(i)})
		}
		done <- err
	}()
	for reads, last := 0, 0; ; reads++ {
		s, err := reader.Load()
		if err != nil {
			t.Fatal(err)
		}
		if uint64(s.InitPid) != s.InitStart || s.InitPid < last {
			t.Fatalf("got pid %d start %d after %d", s.InitPid, s.InitStart, last)
		}
		last = s.InitPid
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d reads", reads)
			return
		default:
		}
	}
}

func BenchmarkCreateToRemove(b *testing.B) {
	root, err := os.MkdirTemp("/dev/shm", "statedir")
	if err != nil {
		b.Skip("no /dev/shm: ", err)
	}
	defer os.RemoveAll(root)
	raw := make([]byte, 12<<10)
	for b.Loop() {
		d, err := Create(root, "c")
		if err == nil {
			err = d.Note(&State{ID: "c"})
		}
		if err == nil {
			err = d.SaveConfig(raw)
		}
		if err == nil {
			err = d.Commit()
		}
		if err == nil {
			err = d.Remove()
		}
		if err == nil {
			err = d.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
