package inside

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestFoundNodes: a node that is there gets what the config gives of it, and
// nothing else; in a tree of others it is not changed.
func TestFoundNodes(t *testing.T) {
	inMounts(t, 0, []string{"d/"}, func(s *stage, root string) {
		const null = 1<<8 | 3
		fresh := func() {
			_ = os.Remove(root + "/d/n")
			if err := unix.Mknod(root+"/d/n", unix.S_IFCHR|0o604, null); err != nil {
				t.Error(err)
			}
			if err := unix.Chown(root+"/d/n", 5, 6); err != nil {
				t.Error(err)
			}
		}
		now := func() string {
			var st unix.Stat_t
			if err := unix.Lstat(root+"/d/n", &st); err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%o %d:%d", st.Mode&0o7777, st.Uid, st.Gid)
		}
		for _, test := range []struct {
			flags uint64
			want  string
			fails string
		}{
			{0, "604 5:6", ""},
			{wire.NodeMode, "640 5:6", ""},
			{wire.NodeUID, "604 7:6", ""},
			{wire.NodeGID, "604 5:8", ""},
			{wire.NodeMode | wire.NodeUID | wire.NodeGID, "640 7:8", ""},
			{wire.NodeKeep, "604 5:6", ""},
			{wire.NodeKeep | wire.NodeMode, "604 5:6", "chmod /d/n: EEXIST (it has another mode or owner"},
			{wire.NodeKeep | wire.NodeFind | wire.NodeUID, "604 5:6", "chmod /d/n: EEXIST (it has another mode or owner"},
			{wire.NodeFind | wire.NodeMode, "640 5:6", ""},
		} {
			fresh()
			before := openDescriptors(t)
			got := do(t, s, wire.Mknod, "/d/n", uint64(unix.S_IFCHR|0o640), uint64(null), uint64(7), uint64(8), test.flags)
			if test.fails == "" {
				wantDone(t, got)
				if after := openDescriptors(t); after != before {
					t.Errorf("flags %d: %d descriptors are left open", test.flags, after-before)
				}
			} else {
				wantFailure(t, got, test.fails)
			}
			if now() != test.want {
				t.Errorf("flags %d: it is %s, want %s", test.flags, now(), test.want)
			}
		}
		wantFailure(t, do(t, s, wire.Mknod, "/d/none", uint64(unix.S_IFCHR|0o640), uint64(null), nothing, nothing, uint64(wire.NodeFind)),
			"open /d/none: ENOENT (no device is made in a /dev")

		// The way of kernels without fchmodat2.
		fresh()
		for range 12 { // a number of two digits
			fd, err := unix.Open(root+"/d/n", unix.O_PATH|unix.O_CLOEXEC, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer unix.Close(fd)
			if e := s.chmodByName(fd, 0o651); e != 0 || now() != "651 5:6" {
				t.Errorf("descriptor %d: %v, it is %s", fd, e, now())
			}
			fresh()
		}
	})
}

// TestOnDevice: a bound device lies over the same device, or over an empty file.
func TestOnDevice(t *testing.T) {
	inMounts(t, 0, []string{"d/dir/"}, func(s *stage, root string) {
		const null, zero = 1<<8 | 3, 1<<8 | 5
		for name, dev := range map[string]int{"null": null, "zero": zero} {
			if err := unix.Mknod(root+"/d/"+name, unix.S_IFCHR|0o666, dev); err != nil {
				t.Error(err)
			}
		}
		for name, text := range map[string]string{"text": "x", "empty": ""} {
			if err := os.WriteFile(root+"/d/"+name, []byte(text), 0o644); err != nil {
				t.Error(err)
			}
		}
		attach := func(target string, flags uint64) string {
			return do(t, s, wire.Attach, give(s, detached(t, "/dev/null")), target, flags)
		}
		wantDone(t, attach("/d/null", wire.OnDevice))
		wantDone(t, attach("/d/empty", wire.OnDevice))
		wantDone(t, attach("/d/new", wire.OnDevice))
		const refused = "EEXIST (the path exists and is not this device)"
		wantFailure(t, attach("/d/zero", wire.OnDevice), "move_mount /d/zero: "+refused)
		wantFailure(t, attach("/d/text", wire.OnDevice), "move_mount /d/text: "+refused)
		wantFailure(t, attach("/d/dir", wire.OnDevice), "move_mount /d/dir: "+refused)
		wantFailure(t, attach("/d/none", wire.OnDevice|wire.MustExist), "open /d/none: ENOENT")
		if _, err := os.Lstat(root + "/d/none"); err == nil {
			t.Error("something was made")
		}
	})
}

// TestRemount changes a filesystem that is there.
func TestRemount(t *testing.T) {
	inMounts(t, 0, []string{"m/", "dir/"}, func(s *stage, root string) {
		if err := unix.Mount("tmpfs", root+"/m", "tmpfs", unix.MS_NOSUID, "size=64k"); err != nil {
			t.Error(err)
		}
		before := openDescriptors(t)
		wantDone(t, do(t, s, wire.Remount, "/m", wire.Pairs{"size", "128k"}))
		wantMounted(t, root+"/m", "rw,nosuid,relatime", "tmpfs")
		var st unix.Statfs_t
		if err := unix.Statfs(root+"/m", &st); err != nil || int64(st.Blocks)*st.Bsize != 128<<10 {
			t.Errorf("size %d, %v", int64(st.Blocks)*st.Bsize, err)
		}
		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors are left open", after-before)
		}
		wantFailure(t, do(t, s, wire.Remount, "/dir", wire.Pairs{"size", "1m"}), "fspick /dir: EINVAL")
		wantFailure(t, do(t, s, wire.Remount, "/none", wire.Pairs{"size", "1m"}), "open /none: ENOENT")
		wantFailure(t, do(t, s, wire.Remount, "/m", wire.Pairs{"nosuch", wire.Flag}), "fsconfig nosuch: EINVAL (tmpfs: Unknown parameter 'nosuch')")
	})
}
