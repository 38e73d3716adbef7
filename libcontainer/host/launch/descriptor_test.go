package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to copy mount trees")
	}
}

func openOne(t *testing.T, d plan.Descriptor) (linux.FD, error) {
	t.Helper()
	s := &server{}
	fd, err := s.openOne(&d, Special{})
	if err == nil {
		t.Cleanup(func() { _ = fd.Close() })
	}
	return fd, err
}

func wantRefused(t *testing.T, d plan.Descriptor, want string) {
	t.Helper()
	before := descriptors(t)
	if _, err := openOne(t, d); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are left open", after-before)
	}
}

// attributes are those of a detached tree.
func attributes(t *testing.T, tree linux.FD) uint64 {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(tree), &st); err != nil {
		t.Fatal(err)
	}
	return uint64(st.Flags)
}

func TestOpenTree(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	private := []uint64{unix.MS_PRIVATE}
	tree, err := openOne(t, plan.Descriptor{Opens: plan.OpenTree, Path: dir, Propagation: private,
		Set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOATIME})
	if err != nil {
		t.Fatal(err)
	}
	const want = unix.ST_RDONLY | unix.ST_NOSUID | unix.ST_NOATIME
	if got := attributes(t, tree); got&want != want {
		t.Errorf("flags %#x, want %#x", got, want)
	}
	if err = unix.Mkdirat(int(tree), "x", 0o755); err != unix.EROFS {
		t.Errorf("written to: %v", err)
	}
	if err = os.Mkdir(filepath.Join(dir, "x"), 0o755); err != nil {
		t.Errorf("the source changed: %v", err)
	}
	// And back: what was set can be cleared, the access time as a whole.
	tree, err = openOne(t, plan.Descriptor{Opens: plan.OpenTree, Path: dir, Propagation: private,
		RecSet: unix.MOUNT_ATTR_NODEV, RecClear: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR__ATIME})
	if err != nil {
		t.Fatal(err)
	}
	if got := attributes(t, tree); got&unix.ST_NODEV == 0 || got&unix.ST_RDONLY != 0 {
		t.Errorf("flags %#x", got)
	}
	wantRefused(t, plan.Descriptor{Opens: plan.OpenTree, Path: filepath.Join(dir, "none")}, "no such file")
}

// TestOpenTreeOfProc: CVE-2019-16884 was something else bound over /proc.
func TestOpenTreeOfProc(t *testing.T) {
	needRoot(t)
	const magic = unix.PROC_SUPER_MAGIC
	if _, err := openOne(t, plan.Descriptor{Opens: plan.OpenTree, Path: "/proc", Filesystem: magic, Propagation: []uint64{unix.MS_PRIVATE}}); err != nil {
		t.Error(err)
	}
	wantRefused(t, plan.Descriptor{Opens: plan.OpenTree, Path: t.TempDir(), Filesystem: magic}, "not a proc filesystem")
}

func TestOpenDevice(t *testing.T) {
	needRoot(t)
	private := []uint64{unix.MS_PRIVATE}
	device := plan.Descriptor{Opens: plan.OpenDevice, Path: "/dev/null", Char: true, Device: 1<<8 | 3, Propagation: private}
	if _, err := openOne(t, device); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*plan.Descriptor){
		"another number":    func(d *plan.Descriptor) { d.Device = 1<<8 | 5 },
		"a block device":    func(d *plan.Descriptor) { d.Char = false },
		"a file":            func(d *plan.Descriptor) { d.Path = "/etc/passwd" },
		"a directory":       func(d *plan.Descriptor) { d.Path = "/dev" },
		"a link to another": func(d *plan.Descriptor) { d.Path = link(t, "/dev/zero") },
	} {
		t.Run(name, func(t *testing.T) {
			d := device
			change(&d)
			wantRefused(t, d, "not the device")
		})
	}
	// The error names the numbers, whichever they are.
	d := device
	d.Device = 0x3103e8
	wantRefused(t, d, "/dev/null: not the device 259:1000 on this host")
}

func link(t *testing.T, target string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpenNamespace(t *testing.T) {
	fd, err := openOne(t, plan.Descriptor{Opens: plan.OpenNamespace, Path: "/proc/self/ns/uts", Flag: unix.CLONE_NEWUTS})
	if err != nil || fd < 0 {
		t.Error(err)
	}
	wantRefused(t, plan.Descriptor{Opens: plan.OpenNamespace, Path: "/proc/self/ns/uts", Flag: unix.CLONE_NEWNET}, "a namespace of another type")
	wantRefused(t, plan.Descriptor{Opens: plan.OpenNamespace, Path: "/etc/passwd", Flag: unix.CLONE_NEWNET}, "/etc/passwd")
	wantRefused(t, plan.Descriptor{Opens: plan.OpenNamespace, Path: "/no/such", Flag: unix.CLONE_NEWNET}, "no such file")
}

func TestOpenDirectory(t *testing.T) {
	if _, err := openOne(t, plan.Descriptor{Opens: plan.OpenDirectory, Path: "/"}); err != nil {
		t.Error(err)
	}
	wantRefused(t, plan.Descriptor{Opens: plan.OpenDirectory, Path: "/etc/passwd"}, "not a directory")
}

func TestMapText(t *testing.T) {
	got := mapText([]specs.LinuxIDMapping{{ContainerID: 0, HostID: 100000, Size: 65536}, {ContainerID: 65536, HostID: 5, Size: 1}})
	if want := "0 100000 65536\n65536 5 1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
