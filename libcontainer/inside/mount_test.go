package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// inMounts runs f in a thread with a mount namespace of its own and a tmpfs
// as root tree, on which names are made.
func inMounts(t *testing.T, more int, names []string, f func(s *stage, root string)) {
	t.Helper()
	needRoot(t)
	root := t.TempDir()
	thread(t, unix.CLONE_NEWNS|more, func() {
		if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
			t.Error(err)
			return
		}
		for _, n := range names {
			if err := plant(root, n); err != nil {
				t.Error(err)
				return
			}
		}
		f(reset(t, root), root)
	})
}

// threadMounts is this thread's mount table. The process' own, which os.Open
// of /proc/self would give, is another one.
func threadMounts(t *testing.T) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/mountinfo", unix.Gettid()))
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// mounted is the line of the topmost mount at path: options, filesystem.
func mounted(t *testing.T, path string) string {
	t.Helper()
	out := ""
	for _, line := range strings.Split(threadMounts(t), "\n") {
		f := strings.Fields(line)
		if len(f) > 6 && f[4] == path {
			before, after, _ := strings.Cut(line, " - ")
			out = strings.Fields(before)[5] + " " + after
		}
	}
	return out
}

func wantMounted(t *testing.T, path, options, filesystem string) {
	t.Helper()
	got := mounted(t, path)
	if !strings.HasPrefix(got, options+" ") || !strings.Contains(got, " "+filesystem+" ") {
		t.Errorf("%s: mounted %q, want %s and %s", path, got, options, filesystem)
	}
}

const nothing = uint64(0)

func TestMountStep(t *testing.T) {
	names := []string{"run/", "loop -> loop", "proclink -> realproc", "realproc/", "dest -> /a/b", "file"}
	inMounts(t, 0, names, func(s *stage, root string) {
		before := openDescriptors(t)
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/new/dir", "src", uint64(raw.AttrNosuid|raw.AttrNodev), wire.Pairs{"size", "64k", "mode", "1777"}, nothing))
		wantMounted(t, root+"/new/dir", "rw,nosuid,nodev,relatime", "tmpfs src")
		if got := mounted(t, root+"/new/dir"); !strings.Contains(got, "size=64k") || strings.Contains(got, "mode=755") {
			t.Errorf("parameters: %s", got)
		}

		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/dest/x", "t", uint64(raw.AttrRdonly), wire.Pairs{}, nothing))
		wantMounted(t, root+"/a/b/x", "ro,relatime", "tmpfs")

		// The mode of what is hidden.
		if err := os.Chmod(root+"/run", 0o731|os.ModeSticky); err != nil {
			t.Error(err)
		}
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/run", "", nothing, wire.Pairs{}, uint64(wire.CopyMode)))
		if info, err := os.Stat(root + "/run"); err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o731 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/fresh", "", nothing, wire.Pairs{}, uint64(wire.CopyMode)))

		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors are left open", after-before)
		}

		wantFailure(t, do(t, s, wire.Mount, "nosuchfs", "/x", "", nothing, wire.Pairs{}, nothing), "fsopen nosuchfs: ENODEV")
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/x", "", nothing, wire.Pairs{"size", "much"}, nothing), "fsconfig size: EINVAL")
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/x", "", nothing, wire.Pairs{"nosuch", wire.Flag}, nothing), "fsconfig nosuch: EINVAL")
		if d := string(s.detail.bytes()); !strings.Contains(d, "nosuch") {
			t.Errorf("the filesystem's own words: %q", d)
		}
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/loop", "", nothing, wire.Pairs{}, nothing), "open /loop: ELOOP")
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/file", "", nothing, wire.Pairs{}, nothing), "move_mount /file: ENOTDIR")
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/file/x", "", nothing, wire.Pairs{}, nothing), "open /file/x: ENOTDIR")

		// CVE-2019-19921: proc and sysfs go onto directories, not through links.
		wantFailure(t, do(t, s, wire.Mount, "proc", "/proclink", "", nothing, wire.Pairs{}, uint64(wire.RealDir|wire.OverProc)),
			"open /proclink: ELOOP (must be mounted on ordinary directory)")
		wantDone(t, do(t, s, wire.Mount, "proc", "/proc", "proc", nothing, wire.Pairs{}, uint64(wire.RealDir|wire.OverProc|wire.KeepProc)))
		if magic, e := raw.Fstatfs(s.proc); e != 0 || magic != raw.ProcMagic {
			t.Errorf("the kept procfs: %#x, %v", magic, e)
		}
	})
}

// detached is a tree as the parent opens it.
func detached(t *testing.T, path string) int {
	t.Helper()
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		t.Error(err)
	}
	return fd
}

func TestAttach(t *testing.T) {
	inMounts(t, 0, []string{"src/x", "f", "rel -> d", "d/", "out -> ../../../etc"}, func(s *stage, root string) {
		wantDone(t, do(t, s, wire.Attach, give(s, detached(t, root+"/src")), "/new/dir", nothing))
		if _, err := os.Stat(root + "/new/dir/x"); err != nil {
			t.Error(err)
		}
		// A file goes onto a file, which is made; a directory onto a directory.
		wantDone(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), "/new/file", nothing))
		if b, err := os.ReadFile(root + "/new/file"); err != nil || string(b) != "f" {
			t.Errorf("read %q, %v", b, err)
		}
		wantFailure(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), "/d", nothing), "move_mount /d: ENOTDIR")
		wantFailure(t, do(t, s, wire.Attach, give(s, detached(t, root+"/src")), "/f", nothing), "move_mount /f: ENOTDIR")
		// Through links, inside.
		wantDone(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), "/out/hosts", nothing))
		if _, err := os.Stat(root + "/etc/hosts"); err != nil {
			t.Errorf("not inside: %v", err)
		}
		// A slot that does not exist is no descriptor.
		wantFailure(t, do(t, s, wire.Attach, wire.Slot(900), "/d", nothing), "EBADF")
		wantFailure(t, do(t, s, wire.Attach, wire.NoSlot, "/d", nothing), "EBADF")
	})
}

// TestAttachOverProc: CVE-2019-16884 was a tree over a file of proc that the
// runtime itself was about to use.
func TestAttachOverProc(t *testing.T) {
	inMounts(t, 0, []string{"proc/", "f", "p -> /proc"}, func(s *stage, root string) {
		if err := unix.Mount("proc", root+"/proc", "proc", 0, ""); err != nil {
			t.Error(err)
			return
		}
		for _, target := range []string{"/proc/meminfo", "/proc/sys", "/p/sys", "/proc/self/../sys/kernel"} {
			wantFailure(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), target, nothing), "(the target is inside a proc filesystem)")
		}
		wantDone(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), "/proc/meminfo", uint64(wire.OverProc)))
		if b, err := os.ReadFile(root + "/proc/meminfo"); err != nil || string(b) != "f" {
			t.Errorf("read %q, %v", b, err)
		}
		// What is on proc but is not proc is a place like others.
		wantDone(t, do(t, s, wire.Attach, give(s, detached(t, root+"/f")), "/proc/meminfo", nothing))
	})
}

// TestAttachOverRoot: what comes after a mount over "/" lands on top of it.
func TestAttachOverRoot(t *testing.T) {
	inMounts(t, 0, []string{"old"}, func(s *stage, root string) {
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/", "new", nothing, wire.Pairs{}, uint64(wire.OnRoot)))
		wantDone(t, do(t, s, wire.Mkdir, "/dir", uint64(0o755)))
		if _, err := os.Stat(root + "/dir"); err != nil {
			t.Errorf("made below what is hidden: %v", err)
		}
		if _, err := os.Stat(root + "/old"); err == nil {
			t.Error("the old root is not hidden")
		}
	})
}

func TestSetattr(t *testing.T) {
	inMounts(t, 0, []string{"d/"}, func(s *stage, root string) {
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/d", "t", nothing, wire.Pairs{}, nothing))
		wantDone(t, do(t, s, wire.Setattr, "/d", uint64(raw.AttrRdonly|raw.AttrNosuid), nothing, nothing, nothing))
		wantMounted(t, root+"/d", "ro,nosuid,relatime", "tmpfs")
		wantDone(t, do(t, s, wire.Setattr, "/d", nothing, uint64(raw.AttrRdonly), uint64(raw.MsShared), nothing))
		wantMounted(t, root+"/d", "rw,nosuid,relatime", "tmpfs")
		if !strings.Contains(threadMounts(t), root+"/d rw,nosuid,relatime shared:") {
			t.Error("not shared")
		}
		wantFailure(t, do(t, s, wire.Setattr, "/none", uint64(1), nothing, nothing, nothing), "open /none: ENOENT")
		wantDone(t, do(t, s, wire.Mkdir, "/plain", uint64(0o755)))
		wantFailure(t, do(t, s, wire.Setattr, "/plain", uint64(1), nothing, nothing, nothing), "mount_setattr /plain: EINVAL")
	})
}

func TestMask(t *testing.T) {
	inMounts(t, 0, []string{"f1", "f2", "d1/x", "d2/y", "link -> f1", "away -> /none"}, func(s *stage, root string) {
		null := give(s, detached(t, "/dev/null"))
		for _, path := range []string{"/f1", "/d1", "/f2", "/d2", "/none", "/f1/below", "/away"} {
			wantDone(t, do(t, s, wire.Mask, path, null))
		}
		for _, f := range []string{"f1", "f2"} {
			if info, err := os.Stat(filepath.Join(root, f)); err != nil || info.Mode()&os.ModeCharDevice == 0 {
				t.Errorf("%s: %v, %v", f, info.Mode(), err)
			}
		}
		for _, d := range []string{"d1", "d2"} {
			wantMounted(t, filepath.Join(root, d), "ro,nosuid,nodev,noexec,relatime", "tmpfs")
			if entries, err := os.ReadDir(filepath.Join(root, d)); err != nil || len(entries) != 0 {
				t.Errorf("%s: %v, %v", d, entries, err)
			}
		}
		if a, b := mounted(t, root+"/d1"), mounted(t, root+"/d2"); a != b {
			t.Errorf("two filesystems where one would do: %q, %q", a, b)
		}
		// Through a link, where it leads.
		wantDone(t, do(t, s, wire.Mask, "/link", null))
	})
}

func TestReadonly(t *testing.T) {
	inMounts(t, 0, []string{"d/sub/", "d/f", "f"}, func(s *stage, root string) {
		if err := unix.Mount("t", root+"/d/sub", "tmpfs", 0, ""); err != nil {
			t.Error(err)
		}
		for _, path := range []string{"/d", "/f", "/none", "/f/none"} {
			wantDone(t, do(t, s, wire.Readonly, path))
		}
		for _, f := range []string{"/d/new", "/d/sub/new", "/d/f", "/f"} {
			if err := os.WriteFile(root+f, nil, 0o644); err == nil {
				t.Errorf("%s can be written", f)
			}
		}
		if err := os.WriteFile(root+"/other", nil, 0o644); err != nil {
			t.Errorf("the rest cannot be written: %v", err)
		}
	})
}

func TestDevices(t *testing.T) {
	inMounts(t, 0, []string{"dev/fake", "dev/link -> fake", "f"}, func(s *stage, root string) {
		const null, zero = 1<<8 | 3, 1<<8 | 5
		node := func(path string, mode uint32, dev, uid, gid uint64) string {
			return do(t, s, wire.Mknod, path, uint64(mode), dev, uid, gid)
		}
		wantDone(t, node("/dev/null", unix.S_IFCHR|0o666, null, 0, 0))
		wantDone(t, node("/new/deep/zero", unix.S_IFCHR|0o640, zero, 5, 6))
		wantDone(t, node("/dev/big", unix.S_IFBLK|0o600, 259|0<<8, 0, 0))
		wantDone(t, node("/dev/fifo", unix.S_IFIFO|0o600, 0, 0, 0))
		for path, want := range map[string]string{
			"/dev/null": "20666 1:3 0:0", "/new/deep/zero": "20640 1:5 5:6", "/dev/fifo": "10600 0:0 0:0",
		} {
			var st unix.Stat_t
			if err := unix.Lstat(root+path, &st); err != nil {
				t.Error(err)
			}
			if got := fmt.Sprintf("%o %d:%d %d:%d", st.Mode, unix.Major(st.Rdev), unix.Minor(st.Rdev), st.Uid, st.Gid); got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		// One that is there has to be the right one; it stays as it is.
		wantDone(t, node("/dev/null", unix.S_IFCHR|0o600, null, 7, 7))
		wantDone(t, node("/dev/fifo", unix.S_IFIFO|0o666, 0, 0, 0))
		wantFailure(t, node("/dev/null", unix.S_IFCHR|0o666, zero, 0, 0), "mknod /dev/null: EEXIST (the path exists and is not this device)")
		wantFailure(t, node("/dev/fake", unix.S_IFCHR|0o666, null, 0, 0), "mknod /dev/fake: EEXIST (the path exists")
		wantFailure(t, node("/dev/link", unix.S_IFCHR|0o666, null, 0, 0), "EEXIST")
		wantFailure(t, node("/f/x", unix.S_IFCHR|0o666, null, 0, 0), "ENOTDIR")
		var st unix.Stat_t
		if err := unix.Lstat(root+"/dev/null", &st); err != nil || st.Mode != unix.S_IFCHR|0o666 || st.Uid != 0 {
			t.Errorf("the node that was there is changed: %o %d %v", st.Mode, st.Uid, err)
		}
	})
}

func TestLinks(t *testing.T) {
	needRoot(t)
	// CVE-2026-41579: an image whose /dev is a link out.
	outside := t.TempDir()
	inMounts(t, 0, []string{"d/there -> x", "d/file", "evil -> " + outside}, func(s *stage, root string) {
		link := func(target, path string, flags uint64) string { return do(t, s, wire.Symlink, target, path, flags) }
		wantDone(t, link("/proc/self/fd", "/d/fd", 0))
		wantDone(t, link("a", "/new/b", 0))
		wantDone(t, link("other", "/d/there", 0)) // the image's own stays
		wantDone(t, link("other", "/d/file", 0))
		wantDone(t, link("pts/ptmx", "/d/ptmx", wire.Replace))
		wantDone(t, link("pts/ptmx2", "/d/ptmx", wire.Replace))
		wantDone(t, link("x", "/evil/x", 0))
		wantFailure(t, link("x", "/d", wire.Replace), "unlink /d: EISDIR")
		for path, want := range map[string]string{
			"/d/fd": "/proc/self/fd", "/new/b": "a", "/d/there": "x", "/d/ptmx": "pts/ptmx2", outside + "/x": "x",
		} {
			if got, err := os.Readlink(root + path); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", path, got, err, want)
			}
		}
		if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
			t.Errorf("made outside: %v, %v", entries, err)
		}
	})
}

func TestMkdir(t *testing.T) {
	inMounts(t, 0, []string{"f"}, func(s *stage, root string) {
		wantDone(t, do(t, s, wire.Mkdir, "/a/b", uint64(0o700)))
		wantDone(t, do(t, s, wire.Mkdir, "/a/b", uint64(0o755)))
		if info, err := os.Stat(root + "/a/b"); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		wantFailure(t, do(t, s, wire.Mkdir, "/f/b", uint64(0o700)), "mkdir /f/b: ENOTDIR")
	})
}
