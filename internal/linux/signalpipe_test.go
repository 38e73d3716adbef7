package linux

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// await reads n signals from p.
func await(t *testing.T, p *SignalPipe, n int) []byte {
	t.Helper()
	var got []byte
	for len(got) < n {
		fds := []PollFd{p.Readable()}
		if ready, err := Poll(fds, 10*time.Second); err != nil || ready == 0 {
			t.Fatalf("got %v and then nothing more, %v want %d signals", got, err, n)
		}
		var buf [4]byte
		got = append(got, p.Read(buf[:])...)
	}
	return got
}

func send(t *testing.T, n int) {
	t.Helper()
	if err := unix.Kill(os.Getpid(), unix.Signal(n)); err != nil {
		t.Fatalf("signal %d: %v", n, err)
	}
}

func TestSignalPipe(t *testing.T) {
	list := []int{SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH, SIGRTMIN, SIGRTMIN + 7, SIGRTMAX}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, SIGHUP)
	}
	for range 3 { // as often as one likes
		p, err := CatchSignals(list)
		if err != nil {
			t.Fatal(err)
		}
		var buf [8]byte
		if got := p.Read(buf[:]); len(got) != 0 {
			t.Errorf("before there was one: got %v", got)
		}
		for _, n := range list {
			send(t, n)
			if got := await(t, p, 1); !slices.Equal(got, []byte{byte(n)}) {
				t.Errorf("signal %d: got %v", n, got)
			}
		}
		// Pending ones come all, though not in this order.
		for _, n := range list {
			send(t, n)
		}
		got := await(t, p, len(list))
		slices.Sort(got)
		want := make([]byte, 0, len(list))
		for _, n := range list {
			want = append(want, byte(n))
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got %v want %v", got, want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Threads that are in Go code, in the kernel, or just made all have room for
// the handler, and go on where they were.
func TestSignalsDisturbNobody(t *testing.T) {
	p, err := CatchSignals([]int{SIGUSR1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	stop := make(chan struct{})
	sums := make(chan int)
	for range 4 {
		go func() {
			for sum := 0; ; {
				for i := range 1000 {
					sum += i
				}
				if _, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					sums <- sum % 499500
					return
				default:
				}
			}
		}()
	}
	for range 2000 {
		send(t, SIGUSR1)
		await(t, p, 1)
	}
	close(stop)
	for range 4 {
		if got := <-sums; got != 0 {
			t.Errorf("a loop that was interrupted is off by %d", got)
		}
	}
}

// Close gives back what was there: here package os/signal.
func TestSignalPipeGivesBack(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	p, err := CatchSignals([]int{SIGUSR1})
	if err != nil {
		t.Fatal(err)
	}
	send(t, SIGUSR1)
	await(t, p, 1)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	send(t, SIGUSR1)
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Error("os/signal gets nothing any more")
	}
}

// nohup(1) and shells without job control start programs that way.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	if isHelper("ignored") {
		p, err := CatchSignals([]int{SIGHUP, SIGTERM})
		if err != nil {
			t.Fatal(err)
		}
		send(t, SIGHUP)
		send(t, SIGTERM)
		fmt.Println("got", await(t, p, 1))
		os.Exit(0)
	}
	cmd := helper(t, "ignored")
	cmd.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args[3] = exe
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "got [15]\n" {
		t.Errorf("got %q, %v want SIGTERM alone", out, err)
	}
}
