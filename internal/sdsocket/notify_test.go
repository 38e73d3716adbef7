package sdsocket

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// manager is a service manager's end of NOTIFY_SOCKET.
type manager struct {
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "host.sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return manager{path, conn}
}

// next receives one message and the descriptor that came with it, or -1.
func (m manager) next(t *testing.T) (string, int) {
	t.Helper()
	buf, oob := make([]byte, 4096), make([]byte, 128)
	m.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, oobn, _, _, err := m.conn.ReadMsgUnix(buf, oob)
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if oobn > 0 {
		msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
		if err != nil {
			t.Fatal(err)
		}
		fds, err := unix.ParseUnixRights(&msgs[0])
		if err != nil || len(fds) != 1 {
			t.Fatalf("got descriptors %v, %v want one", fds, err)
		}
		fd = fds[0]
	}
	return string(buf[:n]), fd
}

// payload is a process that lives until end is called.
func payload(t *testing.T) (pidfd int, end func()) {
	t.Helper()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pidfd, err = unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait(); unix.Close(pidfd) })
	return pidfd, func() { in.Close(); cmd.Wait() }
}

func newRelay(t *testing.T, host, dir string) *Relay {
	t.Helper()
	r, err := NewRelay(host, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func say(t *testing.T, dir, message string) {
	t.Helper()
	conn, err := net.Dial("unixgram", filepath.Join(dir, "notify.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
}

func TestRelayHandsReadyOn(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 90), "notify")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	m := newManager(t)
	pidfd, _ := payload(t)
	r := newRelay(t, m.path, deep)
	done := make(chan error, 1)
	go func() { done <- r.Run(pidfd, 4711) }()

	t.Chdir(deep) // net.Dial cannot reach a path this long
	say(t, ".", "STATUS=warming up\n")
	say(t, ".", "STATUS=done\nREADY=1\nERRNO=0\n")

	for _, want := range []string{"READY=1\n", "MAINPID=4711\n"} {
		if got, _ := m.next(t); got != want {
			t.Fatalf("got %q want %q", got, want)
		}
	}
	got, fd := m.next(t)
	if got != "BARRIER=1" || fd < 0 {
		t.Fatalf("got %q with descriptor %d want BARRIER=1 with one", got, fd)
	}
	select {
	case err := <-done:
		t.Fatalf("relay returned (%v) before the barrier was closed", err)
	case <-time.After(50 * time.Millisecond):
	}
	unix.Close(fd)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRelayEndsWithThePayload(t *testing.T) {
	for _, tc := range []struct{ name, message, want string }{
		{"without a word", "", ""},
		{"ready and gone", "READY=1", "READY=1\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, dir := newManager(t), t.TempDir()
			pidfd, end := payload(t)
			r := newRelay(t, m.path, dir)
			if tc.message != "" {
				say(t, dir, tc.message)
			}
			end()
			if err := r.Run(pidfd, 1); err != nil {
				t.Fatal(err)
			}
			if tc.want != "" {
				if got, _ := m.next(t); got != tc.want {
					t.Errorf("got %q want %q", got, tc.want)
				}
				return
			}
			m.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if n, err := m.conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %d bytes, %v want nothing sent", n, err)
			}
		})
	}
}

func TestNewRelayErrors(t *testing.T) {
	m, dir := newManager(t), t.TempDir()
	if _, err := NewRelay(filepath.Join(dir, "absent"), dir); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
		t.Errorf("no service manager: got %v", err)
	}
	if _, err := NewRelay(m.path, filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: got %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// The directory is the container's to look at: what lies at the socket's name
// must not decide which file is made writable for all.
func TestNewRelayDoesNotFollow(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	m, dir := newManager(t), t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, "notify.sock")); err != nil {
		t.Fatal(err)
	}
	newRelay(t, m.path, dir)
	st, err := os.Lstat(victim)
	if err != nil || st.Mode() != 0o600 {
		t.Errorf("victim: got %v, %v want mode 0600", st.Mode(), err)
	}
	st, err = os.Lstat(filepath.Join(dir, "notify.sock"))
	if err != nil || st.Mode() != os.ModeSocket|0o777 {
		t.Errorf("socket: got %v, %v want a socket of mode 0777", st.Mode(), err)
	}
}
