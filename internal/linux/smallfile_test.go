package linux

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	at, err := OpenDir(CWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	for _, size := range []int{0, 1, 4095, 4096, 4097, 10000, 20000} {
		want := bytes.Repeat([]byte("x"), size)
		if err := WriteNewFile(at, "file", want, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1, 4096, 10000, 20000, 1 << 20} {
			byPath, pathErr := ReadFile(filepath.Join(dir, "file"), limit)
			byName, nameErr := ReadFileAt(at, "file", limit)
			if size > limit {
				if !errors.Is(pathErr, unix.EFBIG) || !errors.Is(nameErr, unix.EFBIG) {
					t.Errorf("%d bytes, limit %d: got %v and %v want EFBIG", size, limit, pathErr, nameErr)
				}
			} else if pathErr != nil || nameErr != nil || !bytes.Equal(byPath, want) || !bytes.Equal(byName, want) {
				t.Errorf("%d bytes, limit %d: got %d, %v and %d, %v", size, limit, len(byPath), pathErr, len(byName), nameErr)
			}
		}
		if err := Unlinkat(at, "file"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "file"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v want ErrNotExist", err)
	}
	if _, err := ReadFile(dir, 1); !errors.Is(err, unix.EISDIR) {
		t.Errorf("directory: got %v want EISDIR", err)
	}
}

// What has no size, and comes in pieces, is read whole too.
func TestReadFileOfUnknownSize(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 5000)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	written := make(chan error, 1)
	go func() {
		_, err := w.Write(want)
		written <- errors.Join(err, w.Close())
	}()
	got, err := ReadFile("/proc/self/fd/"+strconv.Itoa(int(r.Fd())), 1<<20)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v want %d", len(got), err, len(want))
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if got, err := ReadFile("/proc/self/status", 1<<20); err != nil || !bytes.HasPrefix(got, []byte("Name:")) || got[len(got)-1] != '\n' {
		t.Errorf("/proc/self/status: got %q, %v", got, err)
	}
}

func TestLinkIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	at, err := OpenDir(CWD, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	if _, err := ReadFileAt(at, "link", 1); !errors.Is(err, unix.ELOOP) {
		t.Errorf("ReadFileAt: got %v want ELOOP", err)
	}
	if got, err := ReadFile(filepath.Join(dir, "link"), 1); err != nil || string(got) != "x" {
		t.Errorf("ReadFile: got %q, %v want x", got, err)
	}
}
