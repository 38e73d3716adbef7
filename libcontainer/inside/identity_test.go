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

// home runs the Home step for uid and returns what it puts into the
// environment.
func home(t *testing.T, s *stage, uid uint64) string {
	t.Helper()
	wantDone(t, do(t, s, wire.Home, uid))
	return string(raw.Text(raw.Addr(s.home[:])))
}

func TestHome(t *testing.T) {
	filler := strings.Repeat("x:x:77:77:"+strings.Repeat("g", 90)+":/x:/x\n", 40) // several reads
	for _, test := range []struct {
		name, passwd string
		uid          uint64
		want         string
	}{
		{"found", "root:x:0:0:root:/root:/bin/sh\n", 0, "/root"},
		{"not the first", "root:x:0:0::/root:\nu:x:1000:1000:U:/home/u:/bin/sh\n", 1000, "/home/u"},
		{"first of two", "a:x:5:5::/a:\nb:x:5:5::/b:\n", 5, "/a"},
		{"not there", "root:x:0:0:root:/root:/bin/sh\n", 1, "/"},
		{"no newline at the end", "u:x:7:7:U:/home/u:/bin/sh", 7, "/home/u"},
		{"end within the home", "u:x:7:7:U:/home/u", 7, "/home/u"},
		{"no shell field", "u:x:7:7:U:/home/u\n", 7, "/home/u"},
		{"end before the home", "u:x:7:7:U", 7, "/"},
		{"empty home", "u:x:7:7:U::/bin/sh\n", 7, "/"},
		{"empty home, then another", "u:x:7:7:U::\nv:x:7:7::/v:\n", 7, "/v"},
		{"empty file", "", 0, "/"},
		{"empty lines", "\n\n\nu:x:7:7::/u:\n\n", 7, "/u"},
		{"no uid is not 0", "u:x::0::/u:\n", 0, "/"},
		{"words for a uid", "u:x:zero:0::/u:\n+::::::\n", 0, "/"},
		{"uid with a sign", "u:x:-0:0::/u:\nv:x:+0:0::/v:\n", 0, "/"},
		{"uid with something behind", "u:x:1a:0::/u:\n", 1, "/"},
		{"uid of more than 32 bits", "u:x:4294967296:0::/u:\nv:x:18446744073709551616:0::/v:\n", 0, "/"},
		{"largest uid", "u:x:4294967294:0::/u:\n", 4294967294, "/u"},
		{"leading zeros", "u:x:007:0::/u:\n", 7, "/u"},
		{"colons behind the shell", "u:x:7:7::/u:/bin/sh:more:\n", 7, "/u"},
		{"across reads", filler + "u:x:7:7:U:/home/u:/bin/sh\n" + filler, 7, "/home/u"},
		{"long home", "u:x:7:7::/" + strings.Repeat("h", 3000) + ":\n", 7, "/" + strings.Repeat("h", 3000)},
		{"binary", "\x00\xff\x00:\x00:7:\x00:\x00:/\xff:\n", 7, "/\xff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := tree(t, "etc/")
			if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(test.passwd), 0o644); err != nil {
				t.Fatal(err)
			}
			before := openDescriptors(t)
			if got := home(t, reset(t, root), test.uid); got != "HOME="+test.want {
				t.Errorf("got %.60q, want %.60q", got, "HOME="+test.want)
			}
			if after := openDescriptors(t); after-before > 1 { // the root handle
				t.Errorf("%d descriptors are left open", after-before-1)
			}
		})
	}
}

// TestHomeFile: whatever stands where the file should be, init neither waits
// for it nor leaves the root.
func TestHomeFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(outside, []byte("root:x:0:0::/outside:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const line = "root:x:0:0::/inside:\n"
	for _, test := range []struct {
		name string
		make func(root string) error
		// without openat2 the last component may not be a link
		want, without string
	}{
		{"none", func(string) error { return nil }, "/", "/"},
		{"a directory", func(r string) error { return os.Mkdir(r+"/etc/passwd", 0o755) }, "/", "/"},
		{"a fifo", func(r string) error { return unix.Mkfifo(r+"/etc/passwd", 0o644) }, "/", "/"},
		{"a link out", func(r string) error { return os.Symlink(outside, r+"/etc/passwd") }, "/", "/"},
		{"a link within", func(r string) error {
			if err := os.WriteFile(r+"/etc/real", []byte(line), 0o644); err != nil {
				return err
			}
			return os.Symlink("/etc/real", r+"/etc/passwd")
		}, "/inside", "/"},
		{"a loop", func(r string) error { return os.Symlink("passwd", r+"/etc/passwd") }, "/", "/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			withOpenat2(t, func(t *testing.T, how openat2) {
				root := tree(t, "etc/")
				if err := test.make(root); err != nil {
					t.Error(err)
				}
				want := test.want
				if how != openat2Works {
					want = test.without
				}
				if got := home(t, reset(t, root), 0); got != "HOME="+want {
					t.Errorf("got %q, want %q", got, "HOME="+want)
				}
			})
		})
	}
}

func TestHexDigit(t *testing.T) {
	for c, want := range map[byte]uint32{'0': 0, '9': 9, 'a': 10, 'f': 15, 'g': 0, ';': 0} {
		if got := hexDigit(c); got != want {
			t.Errorf("%c: got %d, want %d", c, got, want)
		}
	}
}
