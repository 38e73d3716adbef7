package inside

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// status is a line of this thread's /proc status.
func status(t *testing.T, name string) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", unix.Gettid()))
	if err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return ""
}

// TestIdentity goes from root to a user with exactly some capabilities, as the
// steps of a start do. Credentials are a thread's own.
func TestIdentity(t *testing.T) {
	needRoot(t)
	const chown, kill, bind = 1 << 0, 1 << 5, 1 << 10
	thread(t, 0, func() {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Bounding, uint64(chown|kill), uint64(40)))
		wantDone(t, do(t, s, wire.User, uint64(1000), uint64(1001), uint64(2), []uint32{5, 70000}))
		wantDone(t, do(t, s, wire.Caps, uint64(kill), uint64(chown|kill), uint64(chown)))
		wantDone(t, do(t, s, wire.Ambient, uint64(chown)))
		wantDone(t, do(t, s, wire.NoNewPrivs))
		for name, want := range map[string]string{
			"Uid": "1000 1000 1000 1000", "Gid": "1001 1001 1001 1001", "Groups": "5 70000",
			"CapBnd": "0000000000000021", "CapPrm": "0000000000000021", "CapEff": "0000000000000020",
			"CapInh": "0000000000000001", "CapAmb": "0000000000000001", "NoNewPrivs": "1",
		} {
			if got := status(t, name); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
		// Nothing of it can be taken back.
		wantFailure(t, do(t, s, wire.Caps, uint64(kill|bind), uint64(chown|kill|bind), nothing), "capset : EPERM")
		wantFailure(t, do(t, s, wire.Bounding, nothing, uint64(40)), "drop bounding capability : EPERM")
		wantFailure(t, do(t, s, wire.User, nothing, nothing, nothing, []uint32{}), "setgroups : EPERM")
		wantFailure(t, do(t, s, wire.Ambient, uint64(kill)), "raise ambient capability : EPERM")
		wantDone(t, do(t, s, wire.Ambient, nothing))
		if got := status(t, "CapAmb"); got != "0000000000000000" {
			t.Errorf("ambient capabilities are left: %s", got)
		}
	})
}

func TestNoGroups(t *testing.T) {
	needRoot(t)
	thread(t, 0, func() {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.User, nothing, nothing, nothing, []uint32{}))
		if got := status(t, "Groups"); got != "" {
			t.Errorf("supplementary groups are left: %s", got)
		}
	})
}

// keyDescription asks for the session keyring's description.
func keyDescription(t *testing.T) string {
	text, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, unix.KEY_SPEC_SESSION_KEYRING)
	if err != nil {
		t.Error(err)
	}
	return text
}

// TestKeyring: a session keyring of its own, by name, that its owner can
// search although it is another user later.
func TestKeyring(t *testing.T) {
	if _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, true); err == unix.ENOSYS {
		t.Skip("this kernel has no keys")
	}
	thread(t, 0, func() {
		s := reset(t, "")
		name := fmt.Sprintf("_ses.test-%d", os.Getpid())
		wantDone(t, do(t, s, wire.Keyring, name))
		first := keyDescription(t)
		f := strings.SplitN(first, ";", 5)
		if len(f) != 5 || f[0] != "keyring" || f[4] != name {
			t.Errorf("session keyring %q", first)
			return
		}
		var perm uint32
		if _, err := fmt.Sscanf(f[3], "%x", &perm); err != nil || perm&userSearch == 0 {
			t.Errorf("permissions %s lack user search", f[3])
		}
		// The next process of the container joins the same one.
		id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
		if err != nil {
			t.Error(err)
		}
		wantDone(t, do(t, s, wire.Keyring, name))
		again, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
		if err != nil || again != id {
			t.Errorf("joined %d, then %d, %v", id, again, err)
		}
	})
}

func TestRlimitAndNames(t *testing.T) {
	needRoot(t)
	thread(t, unix.CLONE_NEWUTS|unix.CLONE_NEWNET, func() {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Hostname, "box"))
		wantDone(t, do(t, s, wire.Domainname, "example.org"))
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			t.Error(err)
		}
		if got := unix.ByteSliceToString(u.Nodename[:]) + " " + unix.ByteSliceToString(u.Domainname[:]); got != "box example.org" {
			t.Errorf("names %q", got)
		}
		long := strings.Repeat("h", 65)
		wantFailure(t, do(t, s, wire.Hostname, long), "sethostname "+long+": EINVAL")

		wantDone(t, do(t, s, wire.Loopback))
		if b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/net/if_inet6", unix.Gettid())); err == nil && !strings.Contains(string(b), " lo") {
			t.Errorf("lo has no address: it is down: %q", b)
		}
	})
	// Limits are the process'; one that changes nothing shows that it is set.
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &old); err != nil {
		t.Fatal(err)
	}
	s := reset(t, "")
	wantDone(t, do(t, s, wire.Rlimit, uint64(unix.RLIMIT_CORE), old.Cur, old.Max))
	wantFailure(t, do(t, s, wire.Rlimit, uint64(unix.RLIMIT_CORE), uint64(2), uint64(1)), "setrlimit : EINVAL")
	wantFailure(t, do(t, s, wire.Rlimit, uint64(99), uint64(1), uint64(1)), "setrlimit : EINVAL")
}

// TestStdio runs in a thread with descriptors of its own.
func TestStdio(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	thread(t, unix.CLONE_FILES, func() {
		s := reset(t, "")
		open := func(name string, n int) {
			fd, err := unix.Open(name, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			if err = unix.Dup3(fd, n, 0); err != nil {
				t.Error(err)
			}
			unix.Close(fd)
		}
		open(dir+"/in", 0)
		open("/dev/null", 1)
		unix.Close(2)
		wantDone(t, do(t, s, wire.Stdio, uint64(1000)))
		var st unix.Stat_t
		if err := unix.Fstat(0, &st); err != nil || st.Uid != 1000 || st.Gid != 0 {
			t.Errorf("stdin belongs to %d:%d, %v", st.Uid, st.Gid, err)
		}
		if err := unix.Stat("/dev/null", &st); err != nil || st.Uid != 0 {
			t.Errorf("/dev/null belongs to %d, %v", st.Uid, err)
		}
	})
}

// TestStdioNull: the caller's null device gives way to the container's, if that
// is one.
func TestStdioNull(t *testing.T) {
	needRoot(t)
	node := func(mode uint32, device int) func(path string) error {
		return func(path string) error { return unix.Mknod(path, mode|0o666, device) }
	}
	for _, tt := range []struct {
		name     string
		make     func(path string) error
		replaced bool
	}{
		{"its own", node(unix.S_IFCHR, devNull), true},
		{"none", nil, false},
		{"a FIFO that nobody reads", node(unix.S_IFIFO, 0), false},
		{"another device", node(unix.S_IFCHR, 1<<8|5), false},
		{"a file", func(path string) error { return os.WriteFile(path, nil, 0o666) }, false},
		{"a link", func(path string) error { return os.Symlink("/dev/null", path) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := tree(t, "dev/")
			var fs unix.Statfs_t
			if err := unix.Statfs(root, &fs); err != nil {
				t.Fatal(err)
			}
			if fs.Flags&unix.ST_NODEV != 0 && tt.replaced {
				t.Skip("devices do not work below " + root)
			}
			if tt.make != nil {
				if err := tt.make(root + "/dev/null"); err != nil {
					t.Fatal(err)
				}
			}
			thread(t, unix.CLONE_FILES, func() {
				s := reset(t, root)
				host, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
				if err != nil {
					t.Error(err)
					return
				}
				var before, after, own unix.Stat_t
				if err = unix.Fstat(host, &before); err != nil {
					t.Error(err)
				}
				for n := range 3 {
					if err = unix.Dup3(host, n, 0); err != nil {
						t.Error(err)
					}
				}
				unix.Close(host)
				wantDone(t, do(t, s, wire.Stdio, uint64(1000)))
				want := before
				if tt.replaced {
					if err = unix.Stat(root+"/dev/null", &own); err != nil {
						t.Error(err)
					}
					want = own
				}
				for n := range 3 {
					flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
					if err != nil || flags&unix.O_NONBLOCK != 0 {
						t.Errorf("descriptor %d: flags %#x, %v", n, flags, err)
					}
					closes, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
					if err != nil || closes != 0 {
						t.Errorf("descriptor %d closes at exec: %d, %v", n, closes, err)
					}
					if err = unix.Fstat(n, &after); err != nil || after.Ino != want.Ino || after.Dev != want.Dev {
						t.Errorf("descriptor %d: got inode %d of %#x, %v want %d of %#x", n, after.Ino, after.Dev, err, want.Ino, want.Dev)
					}
				}
			})
		})
	}
}

func TestChdir(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	thread(t, 0, func() {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Chdir, dir, nothing))
		if got, err := os.Readlink(fmt.Sprintf("/proc/self/task/%d/cwd", unix.Gettid())); err != nil || got != dir {
			t.Errorf("in %s, %v", got, err)
		}
		// Entered once, it is not entered again: the user may not be able to.
		wantDone(t, do(t, s, wire.Chdir, "/no/such", nothing))

		s = reset(t, "")
		wantFailure(t, do(t, s, wire.Chdir, "/no/such", uint64(wire.ChdirTry)), "chdir to cwd /no/such: ENOENT")
		wantFailure(t, do(t, s, wire.Chdir, "/etc/passwd", nothing), "chdir to cwd /etc/passwd: ENOTDIR")
	})
}

// TestChdirOutside: CVE-2024-21626 was a working directory that a descriptor of
// the host led to.
func TestChdirOutside(t *testing.T) {
	needRoot(t)
	root := tree(t, "dir/")
	thread(t, 0, func() {
		leak, err := unix.Open("/etc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(leak)
		if err = os.MkdirAll(root+"/proc", 0o755); err != nil {
			t.Error(err)
		}
		if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
			t.Error(err)
			return
		}
		for _, err := range []error{
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("proc", root+"/proc", "proc", 0, ""),
			unix.Chroot(root),
		} {
			if err != nil {
				t.Error(err)
				return
			}
		}
		s := reset(t, "")
		path := fmt.Sprintf("/proc/thread-self/fd/%d", leak)
		wantFailure(t, do(t, s, wire.Chdir, path, nothing), "(the directory is outside of the container)")
		if s.inCwd {
			t.Error("taken for entered")
		}
		s = reset(t, "")
		wantDone(t, do(t, s, wire.Chdir, "/dir", nothing))
	})
}

func TestFind(t *testing.T) {
	dir := tree(t, "data", "bin/prog", "bin/sub/", "loop -> loop", "toprog -> bin/prog")
	if err := os.Chmod(dir+"/bin/prog", 0o755); err != nil {
		t.Fatal(err)
	}
	at := func(names ...string) []string {
		out := slices.Clone(names)
		for i := range out {
			out[i] = dir + "/" + out[i]
		}
		return out
	}
	for _, test := range []struct {
		name       string
		candidates []string
		want       string // which is it, or the error
	}{
		{"the only one", at("bin/prog"), "bin/prog"},
		{"the first that works", at("none/prog", "data/prog", "data", "bin", "bin/prog", "toprog"), "bin/prog"},
		{"a link", at("toprog"), "toprog"},
		{"none at all", nil, "ENOENT"},
		{"none there", at("none/prog", "bin/none"), "ENOENT"},
		{"none there, and a file in PATH", at("none/prog", "data/prog"), "ENOTDIR"},
		{"not executable", at("data"), "EACCES"},
		{"a directory", at("bin/sub"), "EISDIR"},
		{"the reason that is not absence", at("none/prog", "data", "bin/none"), "EACCES"},
		{"a loop", at("loop"), "ELOOP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := reset(t, "")
			got := do(t, s, wire.Find, "prog", test.candidates)
			if strings.HasPrefix(test.want, "E") {
				wantFailure(t, got, "stat prog: "+test.want)
				return
			}
			wantDone(t, got)
			if exe := string(raw.Text(s.exe)); exe != dir+"/"+test.want {
				t.Errorf("found %s, want %s", exe, test.want)
			}
		})
	}
	// A program that root may execute and the user may not is not found by
	// the user.
	needRoot(t)
	if err := os.Chmod(dir+"/bin/prog", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, dir + "/bin"} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	thread(t, 0, func() {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.User, uint64(1000), uint64(1000), nothing, []uint32{}))
		wantDone(t, do(t, s, wire.Caps, nothing, nothing, nothing))
		wantFailure(t, do(t, s, wire.Find, "prog", at("bin/prog")), "EACCES")
	})
}

// TestExecRefused: what execve says comes back with the program's name.
func TestExecRefused(t *testing.T) {
	dir := tree(t, "bad")
	if err := os.Chmod(dir+"/bad", 0o755); err != nil {
		t.Fatal(err)
	}
	s := reset(t, "")
	wantFailure(t, do(t, s, wire.Exec), "(the config has no process)")
	p, hold := cstring(dir + "/bad")
	s.exe = p
	args, env := []string{"bad"}, []string{"HOME="}
	wantFailure(t, do(t, s, wire.Exec, args, env, uint64(0)), "exec "+dir+"/bad: ENOEXEC")
	_ = hold[0]
}

// TestUnknownStep: a program of another version is refused, not guessed at.
func TestUnknownStep(t *testing.T) {
	s := reset(t, "")
	s.row = wire.Row{Kind: 60000}
	if got := outcome(s, s.run()); !strings.Contains(got, "map program : ENOSYS") {
		t.Errorf("got %q", got)
	}
}
