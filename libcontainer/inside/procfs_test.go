package inside

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// msgmax reads a parameter of this thread's ipc namespace.
func msgmax(t *testing.T) string {
	b, err := os.ReadFile("/proc/thread-self/root/proc/sys/kernel/msgmax")
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSpace(string(b))
}

func TestSysctl(t *testing.T) {
	needRoot(t)
	withOpenat2(t, func(t *testing.T, _ openat2) {
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWIPC); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Error(err)
			return
		}
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Procfs))
		if magic, e := raw.Fstatfs(s.proc); e != 0 || magic != raw.ProcMagic {
			t.Errorf("the handle: %#x, %v", magic, e)
		}
		if strings.Contains(threadMounts(t), "(detached)") {
			t.Error("the handle is visible")
		}
		wantDone(t, do(t, s, wire.Sysctl, "sys/kernel/msgmax", "7777"))
		if got := msgmax(t); got != "7777" {
			t.Errorf("msgmax is %s", got)
		}
		wantDone(t, do(t, s, wire.Sysctl, "sys/kernel/msgmax", ""))
		wantFailure(t, do(t, s, wire.Sysctl, "sys/kernel/nosuch", "1"), "open sys/kernel/nosuch: ENOENT")
		wantFailure(t, do(t, s, wire.Sysctl, "sys/kernel/msgmax", "x"), "write sys/kernel/msgmax: EINVAL")
		wantFailure(t, do(t, s, wire.Sysctl, "sys/kernel", "1"), "EISDIR")
		raw.Close(s.proc)
	})
}

// TestSysctlOverMount: CVE-2025-52881 and CVE-2019-16884 had the runtime write
// into what an image or a config had put over a file of proc.
func TestSysctlOverMount(t *testing.T) {
	needRoot(t)
	withOpenat2(t, func(t *testing.T, _ openat2) {
		dir := t.TempDir()
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWIPC); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Error(err)
			return
		}
		trap, proc := filepath.Join(dir, "trap"), filepath.Join(dir, "proc")
		for _, err := range []error{
			os.WriteFile(trap, []byte("untouched"), 0o666), os.Mkdir(proc, 0o755),
			unix.Mount("proc", proc, "proc", 0, ""),
			unix.Mount(trap, proc+"/sys/kernel/msgmax", "", unix.MS_BIND, ""),
		} {
			if err != nil {
				t.Error(err)
				return
			}
		}
		s := reset(t, "")
		var err error
		if s.proc, err = unix.Open(proc, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			t.Error(err)
		}
		got := do(t, s, wire.Sysctl, "sys/kernel/msgmax", "7777")
		if got == "" {
			t.Error("written through a mount")
		}
		if b, err := os.ReadFile(trap); err != nil || string(b) != "untouched" {
			t.Errorf("the file over the parameter: %q, %v", b, err)
		}
		// Its neighbours still can be written.
		wantDone(t, do(t, s, wire.Sysctl, "sys/kernel/msgmnb", "7777"))
		raw.Close(s.proc)
	})
}
