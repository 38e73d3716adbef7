package exeseal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/oci-rung/rung/internal/linux"
	"golang.org/x/sys/unix"
)

var everyWay = []Way{Mount, Overlay, Copy}

// TestMain lets the test binary be the attacker, the runtime that is attacked,
// and the init that this starts from the sealed descriptor.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) < 2:
	case os.Args[1] == "as-attacker":
		err = asAttacker(os.Args[2:])
	case os.Args[1] == "as-runtime":
		err = asRuntime(os.Args[2])
	case os.Args[1] == "as-init":
		fmt.Println("init", os.Getpid())
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
	}
	if len(os.Args) >= 2 && strings.HasPrefix(os.Args[1], "as-") {
		if err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	before := leaks()
	code := m.Run()
	if after := leaks(); code == 0 && after != before {
		fmt.Fprintf(os.Stderr, "left behind: got %s want %s\n", after, before)
		code = 1
	}
	os.Exit(code)
}

// leaks counts what a test may leave behind.
func leaks() string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err.Error()
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	open := 0
	for _, f := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && !strings.HasPrefix(to, "anon_inode:") {
			open++
		}
	}
	return fmt.Sprintf("%d mounts, %d descriptors", bytes.Count(mounts, []byte{'\n'}), open)
}

// asRuntime does what the parent does: it seals its own binary and starts init
// from it, and is gone then.
func asRuntime(way string) error {
	n, err := strconv.Atoi(way)
	if err != nil {
		return err
	}
	fd, err := OpenBy(Way(n))
	if err != nil {
		return err
	}
	_, err = syscall.ForkExec(linux.ProcFD(fd), []string{"init", "as-init"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}})
	return err
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount")
	}
}

// victim is a copy of the test binary to be attacked.
func victim(t testing.TB) (path string, content []byte) {
	t.Helper()
	content, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path = t.TempDir() + "/victim"
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func unchanged(t *testing.T, path string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%s was changed", path)
	}
	if st, err := os.Stat(path); err != nil || st.Mode() != 0o755 {
		t.Errorf("got %v, %v want mode 0755", st.Mode(), err)
	}
}

// attackers are the privileges the attack is made with.
var attackers = []struct {
	name  string
	flags uintptr
}{
	{"host root in a mount namespace", unix.CLONE_NEWNS},
	{"root of a user namespace", unix.CLONE_NEWNS | unix.CLONE_NEWUSER},
}

func attackerCommand(t *testing.T, flags uintptr, args ...string) *exec.Cmd {
	t.Helper()
	scratch := t.TempDir() + "/scratch"
	if err := os.WriteFile(scratch, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", append([]string{"as-attacker", scratch}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&unix.CLONE_NEWUSER != 0 {
		ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1 << 16}}
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = ids, ids
	}
	cmd.Stderr = os.Stderr
	return cmd
}

// attackDescriptor hands fd to an attacker and returns what worked.
func attackDescriptor(t *testing.T, fd linux.FD, flags uintptr) string {
	t.Helper()
	cmd := attackerCommand(t, flags)
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(dup), "victim")
	defer f.Close()
	cmd.ExtraFiles = []*os.File{f}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("attacker: %v", err)
	}
	worked, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "worked:")
	if !ok {
		t.Fatalf("attacker: %s", out)
	}
	return strings.TrimSpace(worked)
}

func TestNothingWritesThroughTheDescriptor(t *testing.T) {
	needRoot(t)
	for _, way := range everyWay {
		for _, a := range attackers {
			t.Run(way.String()+"/"+a.name, func(t *testing.T) {
				path, content := victim(t)
				fd, err := seal(path, way)
				if err != nil {
					t.Fatal(err)
				}
				defer fd.Close()
				if worked := attackDescriptor(t, fd, a.flags); worked != "" {
					t.Errorf("written by: %s", worked)
				}
				unchanged(t, path, content)
				got, err := os.ReadFile(linux.ProcFD(fd))
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("the sealed file is another one now (%v)", err)
				}
			})
		}
	}
}

// TestTheAttackWorks proves that the test above can fail: a read-only mount
// whose descriptor is still open, as it would be between the birth of init and
// the close, is written through. It is also the reason why Mount dissolves it.
func TestTheAttackWorks(t *testing.T) {
	needRoot(t)
	for _, a := range attackers {
		t.Run(a.name, func(t *testing.T) {
			path, _ := victim(t)
			tree, err := readOnlyTree(path)
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			worked := attackDescriptor(t, tree, a.flags)
			t.Logf("written by: %s", worked)
			if !strings.Contains(worked, "mount_setattr") {
				t.Errorf("got %q want at least mount_setattr", worked)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.HasPrefix(got, []byte(mark)) {
				t.Errorf("the victim is unchanged (%v)", err)
			}
		})
	}
}

// TestCVE_2019_5736 plays it through: a runtime starts init from its sealed
// binary and ends, a process with all privileges holds /proc/PID/exe of that
// init, waits until nobody executes it and attacks.
func TestCVE_2019_5736(t *testing.T) {
	needRoot(t)
	for _, way := range everyWay {
		t.Run(way.String(), func(t *testing.T) {
			path, content := victim(t)
			out, init := startRuntime(t, path, way)
			attacker := attackerCommand(t, unix.CLONE_NEWNS, strconv.Itoa(init))
			in, err := attacker.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			answers, err := attacker.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := attacker.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(answers)
			opened, err := lines.ReadString('\n')
			if err != nil || opened != "open\n" {
				t.Fatalf("got %q, %v", opened, err)
			}
			if err := unix.Kill(init, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			// The end of its output is the end of init: the file is no
			// longer busy.
			if _, err := io.Copy(io.Discard, out); err != nil {
				t.Fatal(err)
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			worked, err := lines.ReadString('\n')
			if err != nil || worked != "worked: \n" {
				t.Errorf("got %q, %v want that nothing worked", worked, err)
			}
			if err := attacker.Wait(); err != nil {
				t.Error(err)
			}
			unchanged(t, path, content)
		})
	}
}

// startRuntime runs the binary at path as the runtime, waits for its end and
// returns init's output and pid.
func startRuntime(t *testing.T, path string, way Way) (io.Reader, int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	hold, letGo, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), letGo.Close() })
	cmd := exec.Command(path, "as-runtime", strconv.Itoa(int(way)))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = hold, write, os.Stderr
	err = cmd.Run()
	_, _ = write.Close(), hold.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(read)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "init %d", &pid); err != nil {
		t.Fatalf("got %q: %v", line, err)
	}
	return out, pid
}

func TestLadder(t *testing.T) {
	needRoot(t)
	path, content := victim(t)
	fd, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := fd.Close(); err != nil {
		t.Error(err)
	}
	if fd, err := seal(path+"-missing", everyWay...); err == nil {
		_ = fd.Close()
		t.Error("sealed what is not there")
	}

	// A binary without a name left, as after an upgrade of the package:
	// whatever ways fail, one works.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	magic := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if _, err := seal(magic, Overlay); err == nil {
		t.Error("an overlay found a name that is gone")
	}
	fd, err = seal(magic, Overlay, Copy)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	if got, err := os.ReadFile(linux.ProcFD(fd)); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the copy differs (%v)", err)
	}
	fd, err = seal(magic, everyWay...)
	if err != nil {
		t.Fatal(err)
	}
	_ = fd.Close()
}

func TestOverlayRefusesAnotherFileOfThatName(t *testing.T) {
	path, _ := victim(t)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	magic := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if dir, name, err := findDir(magic); err != nil || name != "victim.old" {
		t.Errorf("renamed: got %q, %v", name, err)
	} else {
		_ = dir.Close()
	}
	if err := os.Remove(path + ".old"); err != nil {
		t.Fatal(err)
	}
	// What the kernel calls a removed file is a name that anybody can give.
	if err := os.WriteFile(path+".old (deleted)", []byte("#!/bin/false\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if dir, _, err := findDir(magic); err == nil {
		_ = dir.Close()
		t.Error("another file was taken for the one that runs")
	}
}

func TestWithoutPrivilege(t *testing.T) {
	needRoot(t)
	path, content := victim(t)
	for dir := path; dir != os.TempDir() && dir != "/"; dir = dir[:strings.LastIndexByte(dir, '/')] {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "as-runtime", strconv.Itoa(int(Mount)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.Output(); err != nil || !strings.HasPrefix(string(out), "error: ") {
		t.Errorf("mount: got %q, %v want an error", out, err)
	}
	cmd = exec.Command(path, "as-runtime", strconv.Itoa(int(Copy)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.Output(); err != nil || !strings.HasPrefix(string(out), "init ") {
		t.Errorf("copy: got %q, %v want init to run", out, err)
	}
	unchanged(t, path, content)
}

func TestSealsOfTheCopy(t *testing.T) {
	path, _ := victim(t)
	fd, err := seal(path, Copy)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if seals&want != want {
		t.Errorf("seals: got %#x want at least %#x", seals, want)
	}
}

func BenchmarkOpen(b *testing.B) {
	needRoot(b)
	for _, way := range everyWay {
		b.Run(way.String(), func(b *testing.B) {
			for b.Loop() {
				fd, err := OpenBy(way)
				if err != nil {
					b.Fatal(err)
				}
				if err := fd.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
