package inside

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// names lists a directory of this thread's root.
func names(t *testing.T, dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// TestPivot builds a root and goes into it, in each way that has a mount
// namespace, from where hooks look for it and from over the old root.
func TestPivot(t *testing.T) {
	for i := range 4 {
		mode, over := []int{wire.PivotRoot, wire.PivotMove}[i%2], i >= 2
		inMounts(t, 0, []string{"inside", "proc/"}, func(s *stage, root string) {
			outside, err := unix.Open("/etc", unix.O_PATH|unix.O_CLOEXEC, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer unix.Close(outside)
			wantDone(t, do(t, s, wire.Propagate, uint64(unix.MS_REC|unix.MS_SLAVE)))
			at := root
			if over {
				at = "/"
			}
			wantDone(t, do(t, s, wire.Rootfs, give(s, detached(t, root)), at))
			wantDone(t, do(t, s, wire.Mount, "tmpfs", "/made", "t", nothing, wire.Pairs{}, nothing))
			wantDone(t, do(t, s, wire.Mount, "proc", "/proc", "proc", nothing, wire.Pairs{}, uint64(wire.RealDir|wire.OverProc)))
			wantDone(t, do(t, s, wire.Pivot, uint64(mode)))

			if got := names(t, "/"); got != "inside made proc" {
				t.Errorf("mode %d: the root holds %q", mode, got)
			}
			// Nothing leads back up.
			if got := names(t, "/../.."); got != "inside made proc" {
				t.Errorf("mode %d: above the root is %q", mode, got)
			}
			var cwd [64]byte
			if n, err := unix.Getcwd(cwd[:]); err != nil || string(cwd[:n-1]) != "/" {
				t.Errorf("mode %d: in %q, %v", mode, cwd[:n], err)
			}
			table := threadMounts(t)
			if lines := strings.Count(table, "\n"); mode == wire.PivotRoot && lines != 3 {
				t.Errorf("something of the old root is left:\n%s", table)
			}
			// Paths are still resolved below the handle, which is the root.
			wantDone(t, do(t, s, wire.Mkdir, "/after", uint64(0o755)))
			if got := names(t, "/"); got != "after inside made proc" {
				t.Errorf("mode %d: the root holds %q", mode, got)
			}
		})
	}
}

// TestPivotWithoutMountNamespace: chroot, and nothing mounted.
func TestPivotWithoutMountNamespace(t *testing.T) {
	needRoot(t)
	root := tree(t, "inside")
	thread(t, 0, func() {
		before := threadMounts(t)
		s := reset(t, "")
		fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		wantDone(t, do(t, s, wire.Rootfs, give(s, fd), ""))
		if got := threadMounts(t); got != before {
			t.Error("the mount table changed")
		}
		wantDone(t, do(t, s, wire.Pivot, uint64(wire.PivotChroot)))
		if got := names(t, "/"); got != "inside" {
			t.Errorf("the root holds %q", got)
		}
	})
}

func TestEnter(t *testing.T) {
	s := reset(t, "")
	wantDone(t, do(t, s, wire.Enter))
	var a, b unix.Stat_t
	if err := unix.Fstat(s.root, &a); err != nil {
		t.Error(err)
	}
	if err := unix.Stat("/", &b); err != nil || a.Ino != b.Ino || a.Dev != b.Dev {
		t.Errorf("the handle is %d:%d, / is %d:%d", a.Dev, a.Ino, b.Dev, b.Ino)
	}
	raw.Close(s.root)
}

// TestNamespaces makes and joins namespaces.
func TestNamespaces(t *testing.T) {
	needRoot(t)
	uts := func() string {
		name, err := os.Readlink(fmt.Sprintf("/proc/self/task/%d/ns/uts", unix.Gettid()))
		if err != nil {
			t.Error(err)
		}
		return name
	}
	thread(t, 0, func() {
		s := reset(t, "")
		home, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/uts", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(home)
		was := uts()
		wantDone(t, do(t, s, wire.Unshare, uint64(unix.CLONE_NEWUTS)))
		if uts() == was {
			t.Error("still in the old namespace")
		}
		slot := give(s, home)
		wantFailure(t, do(t, s, wire.Setns, slot, uint64(unix.CLONE_NEWNET)), "setns : EINVAL")
		wantDone(t, do(t, s, wire.Setns, slot, uint64(unix.CLONE_NEWUTS)))
		if uts() != was {
			t.Error("not in the namespace that was joined")
		}
	})
}

// TestJoinCgroup writes to a tasks file what makes the writer its member.
func TestJoinCgroup(t *testing.T) {
	fd, err := unix.MemfdCreate("tasks", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	s := reset(t, "")
	theirs, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantDone(t, do(t, s, wire.Join, give(s, theirs)))
	b := make([]byte, 8)
	if n, err := unix.Pread(fd, b, 0); err != nil || string(b[:n]) != "0" {
		t.Errorf("wrote %q, %v", b[:n], err)
	}
	wantFailure(t, do(t, s, wire.Join, wire.NoSlot), "join group")
}
