package fdpass

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listen makes a stream socket at dir/name; long directories are entered by a
// descriptor, as callers with a deep state directory do.
func listen(t *testing.T, dir, name string) *net.UnixListener {
	t.Helper()
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	t.Chdir(dir)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	t.Cleanup(func() { l.Close() })
	return l
}

func accept(t *testing.T, l *net.UnixListener) *os.File {
	t.Helper()
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	f, err := conn.File()
	conn.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestSendToReachesListener(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 90), strings.Repeat("e", 90))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{t.TempDir(), deep} {
		l := listen(t, dir, "console.sock")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- SendTo(filepath.Join(dir, "console.sock"), "/dev/pts/7", w) }()

		text, got, err := Receive(accept(t, l))
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if text != "/dev/pts/7" {
			t.Errorf("data: got %q want %q", text, "/dev/pts/7")
		}
		w.Close()
		if _, err := got.WriteString("through"); err != nil {
			t.Fatal(err)
		}
		got.Close()
		buf := make([]byte, 64)
		n, _ := r.Read(buf)
		if string(buf[:n]) != "through" {
			t.Errorf("descriptor: got %q through it, want %q", buf[:n], "through")
		}
		if n, _ := r.Read(buf); n != 0 {
			t.Errorf("pipe still open after both writers closed: a descriptor leaked")
		}
		r.Close()
	}
}

func TestSendToErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.sock")
	tests := []struct {
		name, path, text string
		want             error
		words            string
	}{
		{"no socket", missing, "x", os.ErrNotExist, "no such file or directory"},
		{"nothing listens", "", "x", nil, "connection refused"},
		{"no data", missing, "", nil, "data of 0 bytes"},
		{"too much data", missing, strings.Repeat("x", 4096), nil, "data of 4096 bytes"},
	}
	dead := listen(t, dir, "dead.sock")
	dead.Close()
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			path := tc.path
			if path == "" {
				path = filepath.Join(dir, "dead.sock")
			}
			err := SendTo(path, tc.text, os.Stdin)
			if err == nil || !strings.Contains(err.Error(), tc.words) {
				t.Fatalf("got %v want an error with %q", err, tc.words)
			}
			if tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("got %v want errors.Is %v", err, tc.want)
			}
		})
	}
}

func TestReceiveWithoutDescriptor(t *testing.T) {
	dir := t.TempDir()
	l := listen(t, dir, "s")
	conn, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("only data")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Receive(accept(t, l)); !errors.Is(err, ErrNoFile) {
		t.Errorf("got %v want %v", err, ErrNoFile)
	}
}
