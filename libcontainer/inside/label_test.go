package inside

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestLabelOverMount: CVE-2019-16884 and CVE-2025-52881 had the label written
// to what an image had put over the file of proc.
func TestLabelOverMount(t *testing.T) {
	needRoot(t)
	withOpenat2(t, func(t *testing.T, _ openat2) {
		dir := t.TempDir()
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			t.Error(err)
			return
		}
		trap, proc := filepath.Join(dir, "trap"), filepath.Join(dir, "proc")
		attr := filepath.Join(proc, strconv.Itoa(os.Getpid()), "attr/exec")
		for _, err := range []error{
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			os.WriteFile(trap, []byte("untouched"), 0o666), os.Mkdir(proc, 0o755),
			unix.Mount("proc", proc, "proc", 0, ""),
			unix.Mount(trap, attr, "", unix.MS_BIND, ""),
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
		if got := do(t, s, wire.Label, "self/attr/exec", uint64(0), "label"); got == "" {
			t.Error("written through a mount")
		}
		if b, err := os.ReadFile(trap); err != nil || string(b) != "untouched" {
			t.Errorf("the file over the attribute: %q, %v", b, err)
		}
		raw.Close(s.proc)
	})
}

func TestLabel(t *testing.T) {
	needRoot(t)
	withOpenat2(t, func(t *testing.T, _ openat2) {
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Procfs))
		// A file of this process that takes any text. As a label's it would
		// have to be the main thread that writes, which no test runs in.
		wantDone(t, do(t, s, wire.Label, "thread-self/comm", uint64(0), "labelled"))
		b, err := os.ReadFile("/proc/thread-self/comm")
		if got := strings.TrimSpace(string(b)); err != nil || got != "labelled" {
			t.Errorf("got %q, %v", got, err)
		}
		wantDone(t, do(t, s, wire.Label, "thread-self/nosuch", "thread-self/comm", "second"))
		wantFailure(t, do(t, s, wire.Label, "self/nosuch", "self/none", "x"), "open self/none: ENOENT")
		wantFailure(t, do(t, s, wire.Label, "self/nosuch", uint64(0), "x"), "open self/nosuch: ENOENT")
		wantFailure(t, do(t, s, wire.Label, "self/oom_score_adj", uint64(0), "x"), "write self/oom_score_adj: EINVAL")
		raw.Close(s.proc)
	})
}
