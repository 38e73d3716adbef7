package inside

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
)

func TestOldFlags(t *testing.T) {
	const everyAtime = unix.MS_RELATIME | unix.MS_NOATIME | unix.MS_STRICTATIME
	for _, test := range []struct {
		attr uint64
		want uint
	}{
		{unix.MOUNT_ATTR_RDONLY, unix.MS_RDONLY},
		{unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC, unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{unix.MOUNT_ATTR_NOATIME, unix.MS_NOATIME},
		{unix.MOUNT_ATTR_STRICTATIME, unix.MS_STRICTATIME},
		{unix.MOUNT_ATTR__ATIME, everyAtime}, // to clear them
		{unix.MOUNT_ATTR_NODIRATIME, unix.MS_NODIRATIME},
		{unix.MOUNT_ATTR_NOSYMFOLLOW, unix.MS_NOSYMFOLLOW},
	} {
		if got := oldFlags(test.attr); got != test.want {
			t.Errorf("attributes %#x: got flags %#x, want %#x", test.attr, got, test.want)
		}
	}
}

// mountinfo as the kernel writes it, in pieces of every size.
func TestMountsBelow(t *testing.T) {
	const table = "22 1 0:5 / / rw,relatime shared:1 - ext4 /dev/vda rw\n" +
		"36 22 0:6 / /a rw,noatime - tmpfs tmpfs ro\n" +
		"37 36 0:7 /x /a/b ro,nosuid master:1 - tmpfs tmpfs rw\n" +
		"38 36 0:8 / /a/ro rosy - tmpfs tmpfs rw\n" +
		"137 37 0:9 / /a/b/c ro - tmpfs tmpfs rw\n"
	for _, test := range []struct {
		parent   uint64
		readonly bool
		other    bool
		ids      []uint64
	}{
		{137, true, false, nil},
		{37, true, false, []uint64{137}},
		{37, false, true, nil},
		{36, true, true, []uint64{37}}, // "rosy" is not read-only
		{22, true, true, nil},
		{7, true, false, nil}, // not the end of 37 or 137
	} {
		var b below
		for i := range len(table) {
			b.feed(table[i], test.parent, test.readonly)
		}
		if b.other != test.other || b.n != len(test.ids) || b.n > 0 && b.ids[0] != test.ids[0] {
			t.Errorf("below %d, read-only %t: got %t and %v, want %t and %v", test.parent, test.readonly, b.other, b.ids[:b.n], test.other, test.ids)
		}
	}
}

// Without close_range every descriptor is found, whatever lies between.
func TestCloexecEach(t *testing.T) {
	const first, far = 500, 3000
	for _, n := range []int{first, far} {
		if e := raw.Dup3(0, n, 0); e != 0 {
			t.Skip("no such number is free under the limit of open files")
		}
		defer unix.Close(n)
	}
	if e := raw.CloexecEach(first); e != 0 {
		t.Fatal(e)
	}
	for _, n := range []uintptr{first, far} {
		if flags, err := unix.FcntlInt(n, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d: got flags %#x, %v", n, flags, err)
		}
	}
}
