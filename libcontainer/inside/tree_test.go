package inside

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestTreeStep(t *testing.T) {
	names := []string{"source/", "source/file", "source/below/", "target/", "other/", "link -> source"}
	inMounts(t, 0, names, func(s *stage, root string) {
		if err := unix.Mount("tmpfs", root+"/source/below", "tmpfs", unix.MS_NOSUID, ""); err != nil {
			t.Error(err)
			return
		}
		before := openDescriptors(t)
		slot := give(s, reference(t, "/"))
		wantDone(t, do(t, s, wire.Tree, slot, root+"/link", uint64(wire.TreeRecursive)))
		wantDone(t, do(t, s, wire.TreeAttr, slot, root+"/link", uint64(raw.AttrRdonly), nothing, nothing, uint64(raw.AtRecursive)))
		wantDone(t, do(t, s, wire.Attach, slot, "/target", nothing))
		if _, err := os.Stat(root + "/target/file"); err != nil {
			t.Error(err)
		}
		wantMounted(t, root+"/target", "ro,relatime", "tmpfs")
		wantMounted(t, root+"/target/below", "ro,nosuid,relatime", "tmpfs")
		wantMounted(t, root+"/source/below", "rw,nosuid,relatime", "tmpfs")

		// Without what is below, and only the very file that was checked.
		slot = give(s, reference(t, root+"/source"))
		wantDone(t, do(t, s, wire.Tree, slot, root+"/source", uint64(wire.TreeSame)))
		wantDone(t, do(t, s, wire.Attach, slot, "/other", nothing))
		if got := mounted(t, root+"/other/below"); got != "" {
			t.Errorf("copied too: %s", got)
		}
		slot = give(s, reference(t, root+"/source"))
		wantFailure(t, do(t, s, wire.Tree, slot, root, uint64(wire.TreeSame)), "open_tree "+root+": ESTALE (replaced since it was checked)")
		wantFailure(t, do(t, s, wire.Tree, slot, root+"/missing", nothing), "open_tree "+root+"/missing: ENOENT")
		wantFailure(t, do(t, s, wire.TreeAttr, slot, root+"/source", uint64(raw.AttrRdonly), nothing, nothing, nothing), "mount_setattr "+root+"/source: EINVAL")
		raw.Close(int(s.slots[slot]))
		if after := openDescriptors(t); after > before+1 {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

// reference opens a path as the parent does for what init is to copy.
func reference(t *testing.T, path string) int {
	t.Helper()
	fd, err := unix.Open(filepath.Clean(path), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
	}
	return fd
}
