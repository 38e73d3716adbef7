package inside

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
)

// plant makes a file, a directory (a name that ends in "/") or a link
// ("name -> target").
func plant(root, what string) error {
	name, target, link := strings.Cut(what, " -> ")
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch {
	case link:
		return os.Symlink(target, path)
	case strings.HasSuffix(name, "/"):
		return os.MkdirAll(path, 0o755)
	}
	return os.WriteFile(path, []byte(name), 0o644)
}

func tree(t testing.TB, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range names {
		if err := plant(root, n); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// chain is n links one after the other; the last one leads to target.
func chain(n int, target string) []string {
	var names []string
	for i := range n {
		to := fmt.Sprintf("chain%d", i+1)
		if i == n-1 {
			to = target
		}
		names = append(names, fmt.Sprintf("chain%d -> %s", i, to))
	}
	return names
}

var labyrinth = []string{
	"a/b/c", "a/b/d/", "a/e/", "file",
	"rel -> a/b", "abs -> /a/b", "up -> a/b/../e", "deep -> rel/d", "dots -> ./a/./b/.",
	"out -> ../../../../a/b", "a/out -> ../../../a/b", "absent -> nothing/here", "absabsent -> /nothing/here",
	"etc -> /etc", "parent -> ..", "a/b/home -> /", "tofile -> file", "tofileslash -> file/",
	"loop -> loop", "loop1 -> loop2", "loop2 -> loop1", "loopin -> loopin/x",
	"long -> a//////b//c",
}

func TestResolve(t *testing.T) {
	root := tree(t, labyrinth...)
	forty, fortyOne := tree(t, append(chain(40, "x"), "x")...), tree(t, append(chain(41, "x"), "x")...)
	long := strings.Repeat("n", raw.NameMax+1)
	tests := []struct {
		path string
		want string // place, or error's name
	}{
		{"/", "."},
		{".", "."},
		{"/a/b/c", "a/b/c"},
		{"a/b/c", "a/b/c"},
		{"//a///b//c", "a/b/c"},
		{"/a/./b/./c", "a/b/c"},
		{"/a/b/d/", "a/b/d"},
		{"/a/b/../e", "a/e"},
		{"/../../a", "a"},
		{"/a/../../../a/e", "a/e"},
		{"/..", "."},
		{"/rel/c", "a/b/c"},
		{"/rel", "a/b"},
		{"/abs/c", "a/b/c"},
		{"/abs/..", "a"},
		{"/up", "a/e"},
		{"/deep", "a/b/d"},
		{"/deep/..", "a/b"},
		{"/dots/c", "a/b/c"},
		{"/long", "a/b/c"},
		{"/out/c", "a/b/c"},
		{"/a/out/c", "a/b/c"},
		{"/parent/a", "a"},
		{"/a/b/home/file", "file"},
		{"/tofile", "file"},
		{"/etc/passwd", "ELOOP"}, // a link to itself, in here
		{"/absent", "ENOENT"},
		{"/absabsent", "ENOENT"},
		{"/a/x/../b", "ENOENT"},
		{"/a/b/c/", "ENOTDIR"},
		{"/a/b/c/.", "ENOTDIR"},
		{"/a/b/c/..", "ENOTDIR"},
		{"/file/x", "ENOTDIR"},
		{"/tofile/x", "ENOTDIR"},
		{"/tofile/", "ENOTDIR"},
		{"/tofileslash", "ENOTDIR"},
		{"/loop", "ELOOP"},
		{"/loop1/x", "ELOOP"},
		{"/loopin", "ELOOP"},
		{"/a/" + long, "ENAMETOOLONG"},
		{"/" + long + "/a", "ENAMETOOLONG"},
		{"/" + strings.Repeat("a/../", raw.PathMax/5) + "a", "ENAMETOOLONG"},
	}
	withOpenat2(t, func(t *testing.T, _ openat2) {
		for _, test := range tests {
			resolves(t, root, test.path, followInside, test.want)
		}
		// As many links as the kernel follows, and one more.
		resolves(t, forty, "/chain0", followInside, "x")
		resolves(t, fortyOne, "/chain0", followInside, "ELOOP")
		resolves(t, fortyOne, "/chain1", followInside, "x")

		for path, want := range map[string]string{
			"/a/b/c": "a/b/c", "/a/../a/b": "a/b", "/rel": "ELOOP", "/rel/c": "ELOOP", "/parent": "ELOOP", "/absent": "ELOOP", "/x": "ENOENT",
		} {
			resolves(t, root, path, refuseLinks, want)
		}
	})
}

// resolves opens path below root, and wants it to be the file at want, or the
// error of that name.
func resolves(t *testing.T, root, path string, l links, want string) {
	t.Helper()
	s := reset(t, root)
	p, hold := cstring(path)
	before := openDescriptors(t)
	fd, e := s.open(p, l)
	got := unix.ErrnoName(e)
	if e == 0 {
		got = place(t, root, fd)
		raw.Close(fd)
	}
	if got != want {
		t.Errorf("%.60s: got %s, want %s", path, got, want)
	}
	if after := openDescriptors(t); after != before {
		t.Errorf("%.60s: %d descriptors are left open", path, after-before)
	}
	runtime.KeepAlive(hold)
}

// TestWalkIsOpenat2 compares the walk with the kernel's own resolution on
// paths nobody thought of.
func TestWalkIsOpenat2(t *testing.T) {
	root := tree(t, append(labyrinth, chain(3, "a")...)...)
	words := []string{"a", "b", "c", "d", "e", "file", "rel", "abs", "up", "deep", "dots", "out", "parent", "home",
		"tofile", "absent", "loop1", "chain0", "..", "..", ".", "", "x"}
	random := rand.New(rand.NewPCG(1, 2))
	s := reset(t, root)
	worked := 0
	for range 5000 {
		var parts []string
		for range 1 + random.IntN(6) {
			parts = append(parts, words[random.IntN(len(words))])
		}
		path := strings.Join(parts, "/")
		if path == "" {
			continue
		}
		p, hold := cstring(path)
		l := links(random.IntN(2))
		want, we := s.open(p, l)
		got, e := s.resolve(p, makeNothing, l, 0)
		if e != we {
			t.Errorf("%q (links %d): the walk says %s, the kernel %s", path, l, unix.ErrnoName(e), unix.ErrnoName(we))
			if e == 0 {
				raw.Close(got)
			}
		} else if e == 0 {
			worked++
			if a, b := place(t, root, got), place(t, root, want); a != b {
				t.Errorf("%q: the walk leads to %s, the kernel to %s", path, a, b)
			}
			raw.Close(got)
		}
		if we == 0 {
			raw.Close(want)
		}
		runtime.KeepAlive(hold)
	}
	if worked < 500 {
		t.Errorf("only %d of the paths lead anywhere", worked)
	}
}

func TestOpenOrMake(t *testing.T) {
	long := strings.Repeat("n", raw.NameMax+1)
	withOpenat2(t, func(t *testing.T, _ openat2) {
		for _, test := range []struct {
			name string
			path string
			m    making
			l    links
			want string // where it is, a "/" behind a directory; or error's name
		}{
			{"there already", "/a/b", makeDirs, followInside, "a/b/"},
			{"a directory", "/new/x/y", makeDirs, followInside, "new/x/y/"},
			{"a file", "/new/x/y", makeFile, followInside, "new/x/y"},
			{"a file where one is", "/file", makeFile, followInside, "file"},
			{"a file where a directory is", "/a/b", makeFile, followInside, "a/b/"},
			{"a directory where a file is", "/file", makeDirs, followInside, "file"},
			{"below a file", "/file/x", makeDirs, followInside, "ENOTDIR"},
			{"through a link", "/rel/new", makeDirs, followInside, "a/b/new/"},
			{"through an absolute link", "/abs/new", makeFile, followInside, "a/b/new"},
			{"through a link out", "/etc/new", makeFile, followInside, "etc2/new"},
			{"at a dangling link", "/absent", makeFile, followInside, "nothing/here"},
			{"below a dangling link", "/absabsent/x", makeDirs, followInside, "nothing/here/x/"},
			{"up from what is made", "/n1/../n2", makeDirs, followInside, "n2/"},
			{"up over the root", "/../../n3", makeDirs, followInside, "n3/"},
			{"loop", "/loop1/x", makeDirs, followInside, "ELOOP"},
			{"links refused", "/rel/new", makeDirs, refuseLinks, "ELOOP"},
			{"dangling link refused", "/absent", makeFile, refuseLinks, "ELOOP"},
			{"without links", "/a/b/new", makeDirs, refuseLinks, "a/b/new/"},
			{"name too long", "/new/" + long, makeDirs, followInside, "ENAMETOOLONG"},
			{"name too long, and more", "/new/" + long + "/x", makeFile, followInside, "ENAMETOOLONG"},
			{"longest name", "/new/" + long[1:], makeDirs, followInside, "new/" + long[1:] + "/"},
			{"a file, with a slash behind", "/new/x/", makeFile, followInside, "ENOTDIR"},
		} {
			root := tree(t, "a/b/", "etc2/", "file", "rel -> a/b", "abs -> /a/b", "etc -> ../../etc2",
				"absent -> nothing/here", "absabsent -> /nothing/here", "loop1 -> loop2", "loop2 -> loop1")
			s := reset(t, root)
			p, hold := cstring(test.path)
			before := openDescriptors(t)
			fd, e := s.openOrMake(p, test.m, test.l, 0o750)
			got := unix.ErrnoName(e)
			if e == 0 {
				got = place(t, root, fd)
				var st unix.Stat_t
				if err := unix.Fstat(fd, &st); err != nil {
					t.Error(err)
				}
				if st.Mode&unix.S_IFMT == unix.S_IFDIR {
					got += "/"
				}
				raw.Close(fd)
			}
			if got != test.want {
				t.Errorf("%s: got %s, want %s", test.name, got, test.want)
			}
			if after := openDescriptors(t); after != before {
				t.Errorf("%s: %d descriptors are left open", test.name, after-before)
			}
			runtime.KeepAlive(hold)
		}
	})
}

// TestMadeModes: what is made has the mode asked for, directories on the way
// too, and a file one that is no program.
func TestMadeModes(t *testing.T) {
	root := tree(t)
	s := reset(t, root)
	for _, path := range []string{"/d/e", "/f/g"} {
		p, hold := cstring(path)
		m := makeDirs
		if path == "/f/g" {
			m = makeFile
		}
		fd, e := s.openOrMake(p, m, followInside, 0o1731)
		if e != 0 {
			t.Fatal(e)
		}
		raw.Close(fd)
		runtime.KeepAlive(hold)
	}
	for name, want := range map[string]os.FileMode{
		"d": os.ModeDir | os.ModeSticky | 0o731, "d/e": os.ModeDir | os.ModeSticky | 0o731, "f": os.ModeDir | os.ModeSticky | 0o731, "f/g": 0o644,
	} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestParent(t *testing.T) {
	long := strings.Repeat("n", raw.NameMax+1)
	for _, test := range []struct{ path, dir, name string }{
		{"/dev/null", "dev", "null"}, // the directory is made
		{"/null", ".", "null"},
		{"null", ".", "null"},
		{"dev/null", "dev", "null"},
		{"/dev/null//", "dev", "null"},
		{"/dev//null", "dev", "null"},
		{"/a/b/../x/y", "a/x", "y"},
		{"/rel/new/x", "a/b/new", "x"},
		{"/abs/x", "a/b", "x"},
		{"/dev/" + long[1:], "dev", long[1:]},
		{"/dev/" + long, "ENAMETOOLONG", ""},
		{"/" + strings.Repeat("x/", raw.PathMax), "ENAMETOOLONG", ""},
		{"/", "EINVAL", ""},
		{"///", "EINVAL", ""},
		{"/file/x", "file", "x"}, // and mknodat says ENOTDIR
	} {
		root := tree(t, "a/b/", "file", "rel -> a/b", "abs -> /a/b")
		s := reset(t, root)
		p, hold := cstring(test.path)
		fd, e := s.parent(p)
		dir, name := unix.ErrnoName(e), ""
		if e == 0 {
			dir, name = place(t, root, fd), string(raw.Text(raw.Addr(s.walk.name[:])))
			raw.Close(fd)
		}
		if dir != test.dir || name != test.name {
			t.Errorf("%.40s: got %s and %.40s, want %s and %.40s", test.path, dir, name, test.dir, test.name)
		}
		runtime.KeepAlive(hold)
	}
}

// TestMagicLinks: the links of procfs that are no text lead to descriptors of
// this process, so out of any root.
func TestMagicLinks(t *testing.T) {
	needRoot(t)
	for _, how := range []openat2{openat2Works, openat2Absent} {
		thread(t, unix.CLONE_NEWNS, func() {
			root := tree(t, "proc/", "trap -> /proc/self/root")
			if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
				t.Error(err)
				return
			}
			if how == openat2Absent {
				deny(t, unix.SYS_OPENAT2, unix.ENOSYS)
			}
			s := reset(t, root)
			for _, path := range []string{
				"/proc/self/root", "/proc/self/root/etc", "/proc/self/cwd", "/proc/self/fd/0", "/proc/self/exe",
				"/trap", "/trap/etc", "/proc/self/ns/mnt",
			} {
				p, hold := cstring(path)
				fd, e := s.open(p, followInside)
				switch {
				case e == 0:
					// Without openat2 the text of the link is followed, inside.
					if how == openat2Works {
						t.Errorf("%s: followed", path)
					}
					place(t, root, fd)
					raw.Close(fd)
				case how == openat2Works && e != unix.ELOOP:
					t.Errorf("%s: %v, want ELOOP", path, e)
				}
				runtime.KeepAlive(hold)
			}
			// Links that are text are links.
			p, hold := cstring("/proc/self/status")
			fd, e := s.open(p, followInside)
			if e != 0 {
				t.Errorf("%s: /proc/self/status: %v", how, e)
			}
			raw.Close(fd)
			runtime.KeepAlive(hold)
		})
	}
}

// TestResolveRace exchanges a directory with a link out of the root while it
// is resolved: whatever comes of it is inside.
func TestResolveRace(t *testing.T) {
	outside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(outside, "deep/er"), 0o755); err != nil {
		t.Fatal(err)
	}
	withOpenat2(t, func(t *testing.T, _ openat2) {
		root := tree(t, "d/deep/er/", "swap -> "+outside)
		s := reset(t, root)
		var stop atomic.Bool
		stopped := make(chan int)
		go func() {
			n := 0
			for ; !stop.Load(); n++ {
				if err := unix.Renameat2(unix.AT_FDCWD, root+"/d", unix.AT_FDCWD, root+"/swap", unix.RENAME_EXCHANGE); err != nil {
					t.Error(err)
					break
				}
			}
			stopped <- n
		}()
		opened, refused := 0, 0
		for i := range 3000 {
			path := "/d/deep/er"
			if i%2 == 1 {
				path = "/d/deep/../deep/er/new/../.."
			}
			p, hold := cstring(path)
			fd, e := s.openOrMake(p, makeDirs, followInside, 0o755)
			if e == 0 {
				place(t, root, fd)
				opened++
				raw.Close(fd)
			} else {
				refused++
			}
			runtime.KeepAlive(hold)
		}
		stop.Store(true)
		t.Logf("%d exchanges, %d opened, %d refused", <-stopped, opened, refused)
		if opened == 0 {
			t.Error("nothing was ever opened")
		}
		entries, err := os.ReadDir(filepath.Join(outside, "deep/er"))
		if err != nil || len(entries) != 0 {
			t.Errorf("made outside: %v, %v", entries, err)
		}
	})
}
