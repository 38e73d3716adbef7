package diagnose

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	before := openDescriptors()
	code := m.Run()
	if after := openDescriptors(); code == 0 && after != before {
		fmt.Fprintf(os.Stderr, "descriptors: got %s want %s\n", after, before)
		code = 1
	}
	os.Exit(code)
}

func openDescriptors() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var s []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(to, "anon_inode:") {
			s = append(s, e.Name()+"="+to)
		}
	}
	return strings.Join(s, " ")
}

// elf builds a program of this machine with an interpreter, if it has a name.
func elf(change func(*header), interpreter string) string {
	machine, class, order := thisMachine()
	h := header{class: class, order: order, kind: typeDyn, machine: machine, segments: 64, size: 56, count: 1}
	if change != nil {
		change(&h)
	}
	b := make([]byte, 64, 512)
	copy(b, "\x7fELF")
	b[4], b[5], b[6] = h.class, 2, 1
	if h.order == binary.LittleEndian {
		b[5] = dataLittle
	}
	h.order.PutUint16(b[16:], h.kind)
	h.order.PutUint16(b[18:], h.machine)
	h.order.PutUint32(b[20:], 1)
	h.order.PutUint64(b[32:], h.segments)
	h.order.PutUint16(b[52:], 64)
	h.order.PutUint16(b[54:], h.size)
	h.order.PutUint16(b[56:], h.count)
	p := make([]byte, 56)
	h.order.PutUint32(p, segmentInterpreter)
	h.order.PutUint64(p[8:], 120)
	h.order.PutUint64(p[32:], uint64(len(interpreter)+1))
	if interpreter == "" {
		clear(p)
	}
	return string(b) + string(p) + interpreter + "\x00"
}

// entry is a file of the test's root.
type entry struct {
	name, text string
	mode       fs.FileMode // 0755 if 0
}

func build(t *testing.T, entries []entry) string {
	t.Helper()
	root := t.TempDir()
	for _, e := range entries {
		path := filepath.Join(root, e.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := e.mode
		if mode == 0 {
			mode = 0o755
		}
		var err error
		switch {
		case mode.Type() == fs.ModeDir:
			err = os.Mkdir(path, 0o755)
		case mode.Type() == fs.ModeSymlink:
			err = os.Symlink(e.text, path)
		case mode.Type() == fs.ModeNamedPipe:
			err = unix.Mkfifo(path, 0o755)
		default:
			if err = os.WriteFile(path, []byte(e.text), 0o600); err == nil {
				err = os.Chmod(path, mode)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// execve is what the kernel says to a process whose root that directory is.
func execve(root, cwd, path string) error {
	cmd := &exec.Cmd{Path: path, Args: []string{path}, Dir: cwd, SysProcAttr: &syscall.SysProcAttr{Chroot: root}}
	return cmd.Run()
}

const script = "#! /bin/interpreter  -x\n"

var long = strings.Repeat("x", 300)

var cases = []struct {
	name  string
	files []entry
	path  string
	errno unix.Errno
	want  string
}{
	{"missing", nil, "/x", unix.ENOENT, `exec: "/x": stat /x: no such file or directory`},
	{
		"missing below a directory", []entry{{name: "bin", mode: fs.ModeDir}}, "/bin/x", unix.ENOENT,
		`exec: "/bin/x": stat /bin/x: no such file or directory`,
	},
	{
		"dangling link", []entry{{name: "x", text: "/opt/x", mode: fs.ModeSymlink}}, "/x", unix.ENOENT,
		`exec: "/x": stat /x: no such file or directory: it is a symbolic link to /opt/x`,
	},
	{
		// The real /bin is the host's, whose programs must not be found.
		"link out of the root", []entry{{name: "x", text: "../../../../../../../../../bin/sh", mode: fs.ModeSymlink}}, "/x", unix.ENOENT,
		`exec: "/x": stat /x: no such file or directory: it is a symbolic link to ../../../../../../../../../bin/sh`,
	},
	{"below a file", []entry{{name: "x"}}, "/x/y", unix.ENOTDIR, `exec: "/x/y": stat /x/y: not a directory`},
	{"directory", []entry{{name: "x", mode: fs.ModeDir}}, "/x", unix.EACCES, `exec: "/x": is a directory: permission denied`},
	{"fifo", []entry{{name: "x", mode: fs.ModeNamedPipe}}, "/x", unix.EACCES, `exec: "/x": permission denied: it is a FIFO`},
	{
		"not executable", []entry{{"x", script, 0o644}}, "/x", unix.EACCES,
		`exec: "/x": permission denied: no execute permission (mode 0644)`,
	},
	{
		"link loop", []entry{{name: "x", text: "x", mode: fs.ModeSymlink}}, "/x", unix.ELOOP,
		"exec /x: too many levels of symbolic links",
	},
	{"empty", []entry{{name: "x"}}, "/x", unix.ENOEXEC, "exec /x: exec format error: the file is empty"},
	{
		"text", []entry{{name: "x", text: "echo hello\n"}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: neither an ELF program nor a script that begins with #!",
	},
	{
		"byte order mark", []entry{{name: "x", text: "\ufeff#!/bin/sh\n"}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: a byte order mark precedes its #!",
	},
	{
		"windows", []entry{{name: "x.exe", text: "MZ\x90\x00"}}, "/x.exe", unix.ENOEXEC,
		"exec /x.exe: exec format error: a program for Windows",
	},
	{
		"macos", []entry{{name: "x", text: "\xcf\xfa\xed\xfe\x07\x00"}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: a program for macOS",
	},
	{
		"interpreter missing", []entry{{name: "x", text: script}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter /bin/interpreter is missing",
	},
	{
		"interpreter missing, windows lines", []entry{{name: "x", text: "#!/bin/sh\r\necho\r\n"}, {name: "bin/sh", text: script}}, "/x", unix.ENOENT,
		`exec /x: no such file or directory: #! interpreter "/bin/sh\r" is missing: the line ends in a carriage return`,
	},
	{
		"interpreter missing, no line end", []entry{{name: "x", text: "#!/bin/i"}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter /bin/i is missing",
	},
	{
		"interpreter missing, relative", []entry{{name: "x", text: "#!\ti\n"}, {name: "dir", mode: fs.ModeDir}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter i is missing",
	},
	{
		"interpreter below a file", []entry{{name: "x", text: "#!/f/i"}, {name: "f"}}, "/x", unix.ENOTDIR,
		"exec /x: not a directory: #! interpreter /f/i lies below something that is no directory",
	},
	{
		"interpreter is a directory", []entry{{name: "x", text: "#!/bin\n"}, {name: "bin", mode: fs.ModeDir}}, "/x", unix.EACCES,
		"exec /x: permission denied: #! interpreter /bin: is a directory",
	},
	{
		"interpreter not executable", []entry{{name: "x", text: script}, {"bin/interpreter", script, 0o600}}, "/x", unix.EACCES,
		"exec /x: permission denied: #! interpreter /bin/interpreter: no execute permission (mode 0600)",
	},
	{
		"interpreter is text", []entry{{name: "x", text: script}, {name: "bin/interpreter", text: "hello"}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: #! interpreter /bin/interpreter: neither an ELF program nor a script that begins with #!",
	},
	{
		"interpreter's interpreter missing", []entry{{name: "x", text: script}, {name: "bin/interpreter", text: "#!/usr/bin/second"}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter /bin/interpreter: #! interpreter /usr/bin/second is missing",
	},
	{
		"interpreter's ELF interpreter missing", []entry{{name: "x", text: script}, {name: "bin/interpreter", text: elf(nil, "/lib/ld.so")}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter /bin/interpreter: ELF interpreter /lib/ld.so is missing",
	},
	{
		"interpreter loop", []entry{{name: "x", text: "#!/y\n"}, {name: "y", text: "#!/x\n"}}, "/x", unix.ELOOP,
		"more than five #! interpreters, one after the other",
	},
	{
		"no interpreter", []entry{{name: "x", text: "#!  \t \n/bin/sh\n"}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: no interpreter in the first 256 bytes of its #! line",
	},
	{
		"interpreter too long", []entry{{name: "x", text: "#!/" + long + "\n"}, {name: long[:200], text: script}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: no interpreter in the first 256 bytes of its #! line",
	},
	{
		"long argument", []entry{{name: "x", text: "#!/i " + long + "\n"}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: #! interpreter /i is missing",
	},
	{
		"ELF interpreter missing", []entry{{name: "x", text: elf(nil, "/lib64/ld-linux-x86-64.so.2")}}, "/x", unix.ENOENT,
		"exec /x: no such file or directory: ELF interpreter /lib64/ld-linux-x86-64.so.2 is missing",
	},
	{
		"ELF interpreter not executable", []entry{{name: "x", text: elf(nil, "/ld")}, {"ld", elf(nil, ""), 0o644}}, "/x", unix.EACCES,
		"exec /x: permission denied: ELF interpreter /ld: no execute permission (mode 0644)",
	},
	{
		"ELF interpreter is text", []entry{{name: "x", text: elf(nil, "/ld")}, {name: "ld", text: strings.Repeat("text", 50)}}, "/x", unix.ELIBBAD,
		"exec /x: accessing a corrupted shared library: ELF interpreter /ld: not an ELF file",
	},
	{
		"other machine", []entry{{name: "x", text: elf(func(h *header) { h.machine = 0xf00d }, "/ld")}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: a program for ELF machine 61453, and this machine is ",
	},
	{
		"object file", []entry{{name: "x", text: elf(func(h *header) { h.kind = 1 }, "")}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: an ELF file, but not a program",
	},
	{
		"no segments", []entry{{name: "x", text: elf(func(h *header) { h.count = 0 }, "")}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: an ELF file without program headers",
	},
	{
		"truncated ELF", []entry{{name: "x", text: elf(nil, "")[:40]}}, "/x", unix.ENOEXEC,
		"exec /x: exec format error: a truncated ELF file",
	},
	{
		"odd name", []entry{{name: "a\nb"}}, "/a\nb", unix.ENOEXEC,
		`exec "/a\nb": exec format error: the file is empty`,
	},
}

func TestExec(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			root := build(t, tt.files)
			if os.Geteuid() == 0 {
				if err := execve(root, "/", tt.path); !errors.Is(err, tt.errno) {
					t.Fatalf("execve: got %v want %v", err, tt.errno)
				}
			}
			dir, err := linux.OpenPathDir(root)
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Close()
			got := Exec(dir, tt.path, tt.errno)
			if !strings.Contains(got.Error(), tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if !errors.Is(got, tt.errno) {
				t.Errorf("%v is not %v", got, tt.errno)
			}
			checkWords(t, got.Error(), tt.errno)
			// Nothing is claimed for a number that it does not explain.
			for _, other := range []unix.Errno{unix.ENOMEM, unix.EPERM, unix.EIO, unix.E2BIG} {
				got, want := Exec(dir, tt.path, other).Error(), "exec "+show(tt.path)+": "+other.Error()
				if got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// checkWords finds words that callers take for another cause.
func checkWords(t *testing.T, text string, errno unix.Errno) {
	t.Helper()
	for word, is := range map[string]unix.Errno{
		"permission denied": unix.EACCES, "operation not permitted": unix.EPERM,
		"no such file or directory": unix.ENOENT, "executable file not found": unix.ENOENT,
		"not a directory": unix.ENOTDIR,
	} {
		if strings.Contains(strings.ToLower(text), word) && errno != is {
			t.Errorf("%q has the words %q", text, word)
		}
	}
}

func TestMismatchIsNotClaimed(t *testing.T) {
	root := build(t, []entry{{"plain", "text", 0o644}, {name: "gone", text: script}, {name: "dir", mode: fs.ModeDir}})
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for _, tt := range []struct {
		path  string
		errno unix.Errno
		want  string
	}{
		{"/missing", unix.EACCES, "exec /missing: permission denied"},
		{"/plain", unix.ENOENT, "exec /plain: no such file or directory"},
		{"/plain/below", unix.ENOENT, "exec /plain/below: no such file or directory"},
		{"/gone", unix.ENOEXEC, "exec /gone: exec format error"},
		{"/dir", unix.ENOENT, "exec /dir: no such file or directory"},
		{"/gone", unix.ETXTBSY, "exec /gone: text file busy"},
	} {
		if got := Exec(dir, tt.path, tt.errno).Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestRightsOfTheFile(t *testing.T) {
	root := build(t, []entry{{"x", elf(nil, ""), 0o750}})
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	want := fmt.Sprintf(`exec: "/x": permission denied (mode 0750, owner %d:%d)`, os.Geteuid(), os.Getegid())
	if got := Exec(dir, "/x", unix.EACCES).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRelativePaths(t *testing.T) {
	root := build(t, []entry{{name: "a/b/x", text: "#!c/i\n"}, {name: "a/link", text: "b", mode: fs.ModeSymlink}})
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for _, tt := range []struct{ cwd, path, want string }{
		{"/a", "b/x", "exec b/x: no such file or directory: #! interpreter c/i is missing"},
		{"/a", "./link/x", "exec ./link/x: no such file or directory: #! interpreter c/i is missing"},
		{"/a/link", "x", "exec x: no such file or directory: #! interpreter c/i is missing"},
		{"/a", "x", `exec: "x": stat x: no such file or directory`},
	} {
		if os.Geteuid() == 0 {
			if err := execve(root, tt.cwd, tt.path); !errors.Is(err, unix.ENOENT) {
				t.Errorf("%s in %s: execve: got %v want ENOENT", tt.path, tt.cwd, err)
			}
		}
		if got := ExecIn(dir, tt.cwd, tt.path, unix.ENOENT).Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestNoexecMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount")
	}
	root := build(t, []entry{{name: "x", text: "#!/mnt/i\n"}, {name: "mnt", mode: fs.ModeDir}})
	if err := unix.Mount("test", root+"/mnt", "tmpfs", unix.MS_NOEXEC, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(root+"/mnt", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(root+"/mnt/i", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	for path, want := range map[string]string{
		"/mnt/i": `exec: "/mnt/i": permission denied: it lies on a mount with noexec`,
		"/x":     "exec /x: permission denied: #! interpreter /mnt/i: it lies on a mount with noexec",
	} {
		if err := execve(root, "/", path); !errors.Is(err, unix.EACCES) {
			t.Errorf("execve: got %v want EACCES", err)
		}
		if got := Exec(dir, path, unix.EACCES).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestBusyProgram(t *testing.T) {
	root := build(t, []entry{{name: "x", text: elf(nil, "/ld")}})
	f, err := os.OpenFile(root+"/x", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir, err := linux.OpenPathDir(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if got, want := Exec(dir, "/x", unix.ETXTBSY).Error(), "exec /x: text file busy"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNotInPath(t *testing.T) {
	err := NotInPath("x")
	if got, want := err.Error(), `exec: "x": executable file not found in $PATH`; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}
