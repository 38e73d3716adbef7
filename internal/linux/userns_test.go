package linux

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const inNamespaces = "RUNG_TEST_IN_NAMESPACES"

// TestRights runs TestSayRights in namespaces, as different users.
func TestRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	root := &syscall.Credential{NoSetGroups: true} // of the new user namespace
	one := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	for _, test := range []struct {
		name string
		attr syscall.SysProcAttr
		want string
	}{
		{"root", syscall.SysProcAttr{}, "mount=true ids=true see=true node=true groups=true"},
		{"an ordinary user", syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}},
			"mount=false ids=false see=false node=false groups=true"},
		{"root of a user namespace", syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: one(12345), GidMappings: one(12345), GidMappingsEnableSetgroups: true, Credential: root},
			"mount=false ids=true see=true node=false groups=true"},
		{"that cannot change groups", syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: one(12345), GidMappings: one(12345), Credential: root},
			"mount=false ids=true see=true node=false groups=false"},
		{"with a mount namespace", syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, UidMappings: one(12345), GidMappings: one(12345), Credential: root},
			"mount=true ids=true see=true node=false groups=false"},
	} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestSayRights$", "-test.v")
		cmd.Env = append(os.Environ(), inNamespaces+"=1")
		cmd.SysProcAttr = &test.attr
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v, want %s\n%s", test.name, err, test.want, out)
		}
	}
}

func TestSayRights(t *testing.T) {
	if os.Getenv(inNamespaces) == "" {
		t.Skip("runs inside TestRights")
	}
	caps, err := Capabilities()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("mount=%v ids=%v see=%v node=%v groups=%v\n", MayMount(caps), MayMapIDs(caps), MaySeeAll(caps), MayMknod(caps), !SetgroupsDenied())
}

func TestSharing(t *testing.T) {
	proc, err := OpenProc()
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	pids, err := proc.Sharing(os.Getpid(), "pid")
	if err != nil || !slices.Contains(pids, os.Getpid()) || !slices.Contains(pids, os.Getppid()) || !slices.IsSorted(pids) {
		t.Errorf("got %v, %v, want this process and its parent, in order", pids, err)
	}
	cmd := exec.Command("sleep", "100")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUTS, Pdeathsig: syscall.SIGKILL}
	if err = cmd.Start(); err != nil {
		t.Skipf("no uts namespace: %v", err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if pids, err = proc.Sharing(cmd.Process.Pid, "uts"); err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("got %v, %v, want %d alone", pids, err, cmd.Process.Pid)
	}
	if _, err = proc.Sharing(1<<30, "pid"); err == nil {
		t.Error("no error for a process that is not there")
	}
}

func TestReadBackAndExecutable(t *testing.T) {
	fd, err := MemoryFile("test", []byte("two\nlines\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	if got := ReadBack(fd); got != "two\nlines" {
		t.Errorf("got %q", got)
	}
	if got := ReadBack(NoFD); got != "" {
		t.Errorf("got %q from nothing", got)
	}
	dir := t.TempDir()
	for name, want := range map[string]bool{"yes": true, "no": false} {
		mode := os.FileMode(0o644)
		if want {
			mode = 0o755
		}
		if err := os.WriteFile(dir+"/"+name, nil, mode); err != nil {
			t.Fatal(err)
		}
		if got := Executable(dir + "/" + name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if Executable(dir) || Executable(dir+"/none") {
		t.Error("a directory, or nothing, is executable")
	}
}
