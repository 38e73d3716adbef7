package attach

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux"
)

// newPty makes a pty and opens both ends.
func newPty(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "master")
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err = linux.OpenPtyPeer(master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// collect reads r to its end beside the test.
func collect(r *os.File) func() []byte {
	c := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(r)
		c <- all
	}()
	return func() []byte { return <-c }
}

func attachTo(t *testing.T, master, in, out *os.File) *Terminal {
	t.Helper()
	term, err := Attach(master, in, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { term.Close() })
	return term
}

func TestSetSize(t *testing.T) {
	master, slave := newPty(t)
	want := linux.WindowSize{Row: 31, Col: 97}
	for _, size := range []linux.WindowSize{want, {}} {
		if err := SetSize(master, size); err != nil {
			t.Fatal(err)
		}
		if got := CallerSize(nil, slave); got != want {
			t.Errorf("after %+v: got %+v want %+v", size, got, want)
		}
	}
}

func TestLineFeedsStayAlone(t *testing.T) {
	master, slave := newPty(t)
	r, w := newPipe(t)
	term := attachTo(t, master, nil, w)
	if _, err := slave.WriteString("a\nb\n"); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	if err := term.Close(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "a\nb\n" {
		t.Errorf("got %q, %v want %q", got, err, "a\nb\n")
	}
}

// The payload writes and ends at once: what it wrote last must arrive, however
// slow the caller reads.
func TestOutputIsWhole(t *testing.T) {
	for round := range 20 {
		master, slave := newPty(t)
		r, w := newPipe(t)
		term := attachTo(t, master, nil, w)
		const lines = 3000
		cmd := exec.Command("seq", "1", "3000")
		cmd.Stdout = slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		got := collect(r)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := term.Close(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		all := got()
		if n := bytes.Count(all, []byte("\n")); n != lines || !bytes.HasSuffix(all, []byte("\n3000\n")) {
			t.Fatalf("round %d: got %d lines ending in %q want %d", round, n, all[max(0, len(all)-12):], lines)
		}
	}
}

// A payload may close its terminal and open it again: an init system does.
func TestOutputAfterHangup(t *testing.T) {
	master, slave := newPty(t)
	name, err := linux.PtyName(master)
	if err != nil {
		t.Fatal(err)
	}
	r, w := newPipe(t)
	term := attachTo(t, master, nil, w)
	slave.WriteString("first ")
	slave.Close()
	buf := make([]byte, 64)
	n, err := r.Read(buf) // the copier has come to the hangup
	if string(buf[:n]) != "first " || err != nil {
		t.Fatalf("got %q, %v want %q", buf[:n], err, "first ")
	}
	again, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	again.WriteString("second")
	again.Close()
	if err := term.Close(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, _ := io.ReadAll(r); string(got) != "second" {
		t.Errorf("got %q want %q", got, "second")
	}
}

// Somebody who outlives the payload keeps the pty and goes on writing.
func TestCloseDoesNotWaitForOthers(t *testing.T) {
	master, slave := newPty(t)
	r, w := newPipe(t)
	term := attachTo(t, master, nil, w)
	cmd := exec.Command("yes")
	cmd.Stdout = slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	if _, err := r.Read(make([]byte, 1)); err != nil { // it writes by now
		t.Fatal(err)
	}
	got := collect(r)
	start := time.Now()
	if err := term.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > drainLimit+time.Second {
		t.Errorf("Close took %v want at most about %v", took, drainLimit)
	}
	w.Close()
	if len(got()) == 0 {
		t.Error("nothing was copied")
	}
}

func TestInput(t *testing.T) {
	master, slave := newPty(t)
	// Without echo: the kernel drops echoes when there is no room for them.
	stty := exec.Command("stty", "-echo")
	stty.Stdin = slave
	if err := stty.Run(); err != nil {
		t.Fatal(err)
	}
	inR, inW := newPipe(t)
	outR, outW := newPipe(t)
	term := attachTo(t, master, inR, outW)
	got := collect(outR)
	cmd := exec.Command("cat") // ends by itself when its input does
	cmd.Stdin, cmd.Stdout = slave, slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	// More than the pty holds, so that the writer has to wait for the reader.
	text := strings.Repeat(strings.Repeat("x", 79)+"\n", 1000)
	if _, err := inW.WriteString(text); err != nil {
		t.Fatal(err)
	}
	inW.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := term.Close(); err != nil {
		t.Fatal(err)
	}
	outW.Close()
	if n := strings.Count(string(got()), "x"); n != 79*1000 {
		t.Errorf("got %d characters want %d", n, 79*1000)
	}
}

func TestCallersTerminal(t *testing.T) {
	userEnd, callers := newPty(t) // what a terminal emulator has, and what we have
	master, slave := newPty(t)
	before, err := linux.GetTerminalMode(callers)
	if err != nil {
		t.Fatal(err)
	}
	if err := linux.SetWindowSize(userEnd, linux.WindowSize{Row: 40, Col: 132}); err != nil {
		t.Fatal(err)
	}
	goroutines := runtime.NumGoroutine()
	term := attachTo(t, master, callers, callers)
	if raw, _ := linux.GetTerminalMode(callers); raw == before {
		t.Error("the caller's terminal is not in raw mode")
	}
	if err := term.Resize(); err != nil {
		t.Fatal(err)
	}
	if got := CallerSize(slave); got.Row != 40 || got.Col != 132 {
		t.Errorf("size: got %+v want 40 rows, 132 columns", got)
	}

	// ^C is a key for the payload, not a signal for us: the container's pty
	// has ISIG off here, so that it arrives as a byte.
	mode, _ := linux.GetTerminalMode(slave)
	if err := linux.SetTerminalMode(slave, mode.Raw()); err != nil {
		t.Fatal(err)
	}
	if _, err := userEnd.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8)
	if n, err := slave.Read(buf); n != 1 || buf[0] != 3 {
		t.Errorf("^C: got %q, %v want one byte 3", buf[:n], err)
	}

	slave.Close()
	// The second call does nothing: a deferred one follows the real one.
	if err := errors.Join(term.Close(), term.Close()); err != nil {
		t.Fatal(err)
	}
	if after, _ := linux.GetTerminalMode(callers); after != before {
		t.Error("the caller's terminal has not got its mode back")
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines are left", n-goroutines)
	}
}

// A caller that has closed its output must not block the payload.
func TestOutputNobodyReads(t *testing.T) {
	master, slave := newPty(t)
	r, w := newPipe(t)
	r.Close()
	term := attachTo(t, master, nil, w)
	cmd := exec.Command("seq", "1", "20000")
	cmd.Stdout = slave
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	slave.Close()
	if err := term.Close(); err != nil {
		t.Error(err)
	}
}
