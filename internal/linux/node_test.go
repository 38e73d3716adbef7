package linux

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDetachedFiles holds both ways to a mount of a single node, the direct one
// and the one for kernels that cannot copy what is not attached.
func TestDetachedFiles(t *testing.T) {
	if os.Geteuid() != 0 || InUserNamespace() {
		t.Skip("device nodes are made by root of the first user namespace")
	}
	// A mount table of its own: other tests mount and unmount on this host.
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]func(FD, []string) ([]FD, error){"DetachedFiles": DetachedFiles, "copyAttached": copyAttached} {
		fs, err := PrivateFilesystem()
		if err != nil {
			t.Fatal(err)
		}
		null, full := uint64(1<<8|3), uint64(1<<8|7)
		if err = MakeNode(fs, "0", ModeChar|0o640, null, 5, 6); err == nil {
			err = MakeNode(fs, "1", ModeBlock|0o4606, full, 7, 8)
		}
		if err != nil {
			t.Fatal(err)
		}
		trees, err := way(fs, []string{"0", "1"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// They live on without what they were made on.
		if err = fs.Close(); err != nil {
			t.Error(err)
		}
		for i, want := range []struct {
			mode     uint32
			device   uint64
			uid, gid uint32
		}{{ModeChar | 0o640, null, 5, 6}, {ModeBlock | 0o4606, full, 7, 8}} {
			st, err := Fstat(trees[i])
			if err != nil || st.Mode != want.mode || st.Rdev != want.device || st.Uid != want.uid || st.Gid != want.gid {
				t.Errorf("%s: node %d: got %o %#x %d:%d, %v, want %+v", name, i, st.Mode, st.Rdev, st.Uid, st.Gid, err, want)
			}
			// It is a mount of its own, which its attributes can be set of.
			attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
			if err := SetTreeAttr(trees[i], "node", false, &attr); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := trees[i].Close(); err != nil {
				t.Error(err)
			}
		}
	}
	after, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil || string(after) != string(before) {
		t.Errorf("the mount table of this process has changed: %v", err)
	}
}
