package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestCopyUp: what a tmpfs hides is in it, the tree below is as it was, and no
// descriptor is left.
func TestCopyUp(t *testing.T) {
	inMounts(t, 0, []string{"d/sub/deep/", "d/file", "d/link -> ../../out", "d/sub/other"}, func(s *stage, root string) {
		if err := os.Chmod(root+"/d", 0o751); err != nil {
			t.Error(err)
		}
		if err := unix.Chown(root+"/d", 7, 8); err != nil {
			t.Error(err)
		}
		if err := unix.Mount("tmpfs", root+"/d/sub/deep", "tmpfs", 0, ""); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(root+"/d/sub/deep/mounted", nil, 0o644); err != nil {
			t.Error(err)
		}
		// A directory that takes many blocks of names, with others among them.
		for i := range 700 {
			name := fmt.Sprintf("%s/d/sub/%03d-%s", root, i, strings.Repeat("n", 40))
			var err error
			if i%100 == 50 {
				err = os.MkdirAll(name+"/in", 0o700)
			} else {
				err = os.WriteFile(name, []byte(name), 0o640)
			}
			if err != nil {
				t.Error(err)
			}
		}
		want := list(t, root+"/d")
		before := openDescriptors(t)
		flags := uint64(wire.CopyMode | wire.CopyUp | wire.CopyOwner)
		wantDone(t, do(t, s, wire.Mount, "tmpfs", "/d", "t", nothing, wire.Pairs{}, flags))
		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors are left open", after-before)
		}
		wantMounted(t, root+"/d", "rw,relatime", "tmpfs t")
		delete(want, "sub/deep/mounted")
		got := list(t, root+"/d")
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%s: got %q, want %q", name, got[name], text)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d names, want %d", len(got), len(want))
		}
		var st unix.Stat_t
		if err := unix.Stat(root+"/d", &st); err != nil || st.Mode&0o7777 != 0o751 || st.Uid != 7 || st.Gid != 8 {
			t.Errorf("its root: %o %d:%d, %v", st.Mode, st.Uid, st.Gid, err)
		}
	})
}

// list is what a directory holds, by the names below it.
func list(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || path == dir {
			return err
		}
		text := ""
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(b)
		} else if info.Mode()&os.ModeSymlink != 0 {
			if text, err = os.Readlink(path); err != nil {
				return err
			}
		}
		rel, err := filepath.Rel(dir, path)
		out[rel] = fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), text)
		if info.IsDir() && strings.HasSuffix(rel, "deep") {
			out[rel] = "a place to mount on"
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestCopyUpFails(t *testing.T) {
	inMounts(t, 0, []string{"d/big", "file"}, func(s *stage, root string) {
		if err := os.WriteFile(root+"/d/big", make([]byte, 1<<20), 0o644); err != nil {
			t.Error(err)
		}
		flags := uint64(wire.CopyUp)
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/d", "t", nothing, wire.Pairs{"size", "64k"}, flags),
			"write /d/big: ENOSPC (copying it for tmpcopyup)")
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/file", "t", nothing, wire.Pairs{}, flags), "open /file: ENOTDIR")
		if err := os.MkdirAll(root+"/deep"+strings.Repeat("/d", maxLevels), 0o755); err != nil {
			t.Error(err)
		}
		wantFailure(t, do(t, s, wire.Mount, "tmpfs", "/deep", "t", nothing, wire.Pairs{}, flags), "ENAMETOOLONG")
	})
}
