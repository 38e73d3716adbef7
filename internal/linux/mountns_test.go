package linux

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMakeInRoot(t *testing.T) {
	outside := t.TempDir()
	tests := []struct {
		name, path string
		directory  bool
		setup      func(root string) error
		want       string // what has to be there, below the root
		errno      Errno
	}{
		{name: "directory", path: "/a/b/c", directory: true, want: "a/b/c"},
		{name: "file", path: "/a/b", want: "a/b"},
		{name: "there", path: "/a", directory: true, setup: func(r string) error { return os.Mkdir(r+"/a", 0o700) }, want: "a"},
		{name: "absolute link stays inside", path: "/l/x", directory: true,
			setup: func(r string) error {
				return errors.Join(os.Mkdir(r+"/real", 0o755), os.Symlink("/real", r+"/l"))
			}, want: "real/x"},
		{name: "dots stay inside", path: "/l/x", directory: true,
			setup: func(r string) error {
				return errors.Join(os.Mkdir(r+"/real", 0o755), os.Symlink("../../../real", r+"/l"))
			}, want: "real/x"},
		{name: "link to outside leads nowhere", path: "/l/x", directory: true,
			setup: func(r string) error { return os.Symlink(outside, r+"/l") }, errno: unix.EEXIST},
		{name: "file in the way", path: "/f/x", directory: true,
			setup: func(r string) error { return os.WriteFile(r+"/f", nil, 0o600) }, errno: unix.ENOTDIR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.setup != nil {
				if err := tt.setup(dir); err != nil {
					t.Fatal(err)
				}
			}
			root, err := OpenDir(CWD, dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			err = MakeInRoot(root, tt.path, tt.directory)
			if tt.errno != 0 {
				if !errors.Is(err, tt.errno) {
					t.Errorf("got %v want %v", err, tt.errno)
				}
			} else if err != nil {
				t.Error(err)
			} else if st, err := os.Lstat(filepath.Join(dir, tt.want)); err != nil || st.IsDir() != tt.directory {
				t.Errorf("%s: got %v, %v want directory=%v", tt.want, st, err, tt.directory)
			}
			if names, err := os.ReadDir(outside); err != nil || len(names) > 0 {
				t.Errorf("outside: got %v, %v want nothing", names, err)
			}
		})
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"/plain": "/plain", `/a\040b`: "/a b", `/\134040`: `/\040`, `/t\011\012`: "/t\t\n", `/cut\04`: `/cut\04`, `/odd\999`: `/odd\999`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

// What is mounted in there is nowhere else, and what runs there is not in the
// first thread, which would keep the namespace.
func TestInOwnMounts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	for range 20 {
		err := InOwnMounts(func() error {
			if unix.Gettid() == unix.Getpid() {
				return errors.New("in the first thread")
			}
			fs, err := PrivateFilesystem()
			if err != nil {
				return err
			}
			defer fs.Close()
			if err = AttachAt(fs, dir); err != nil {
				return err
			}
			points, err := MountPoints("thread-self")
			if err != nil {
				return err
			}
			if points[len(points)-1] != dir {
				return errors.New("not mounted: " + points[len(points)-1])
			}
			return MakeFile(filepath.Join(dir, "file"))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("outside: got %v, %v want nothing", names, err)
	}
	points, err := MountPoints(strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points {
		if p == dir {
			t.Errorf("%s is mounted outside", p)
		}
	}
}
