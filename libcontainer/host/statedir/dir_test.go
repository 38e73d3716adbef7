package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func mustCreate(t *testing.T, root, id string) *Dir {
	t.Helper()
	d, err := Create(root, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func mustOpen(t *testing.T, root, id string) *Dir {
	t.Helper()
	d, err := Open(root, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestLifeOfADirectory(t *testing.T) {
	root := t.TempDir() + "/run/rung"
	d := mustCreate(t, root, "c1")
	for path, want := range map[string]fs.FileMode{root: 0o711, root + "/c1": 0o711} {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := st.Mode().Perm(); got != want {
			t.Errorf("%s: got mode %o want %o", path, got, want)
		}
	}
	if _, err := Create(root, "c1"); !errors.Is(err, ErrExist) {
		t.Errorf("second create: got %v want ErrExist", err)
	}

	want := exampleState()
	want.ID, want.BootID, want.Annotations = "c1", "", map[string]string{"a": "b"}
	if err := d.Save(want); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveConfig([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{stateFile, configFile} {
		if st, err := os.Stat(d.Path(name)); err != nil || st.Mode() != 0o600 {
			t.Errorf("%s: got %v, %v want mode 0600", name, st, err)
		}
	}
	other := mustOpen(t, root, "c1")
	got, err := other.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if b, err := other.LoadConfig(); err != nil || string(b) != "{}" {
		t.Errorf("config: got %q, %v", b, err)
	}
	if b, err := other.LoadUpdate(); err != nil || b != nil {
		t.Errorf("update before there is one: got %q, %v", b, err)
	}
	for _, text := range []string{`{"linux":{}}`, "{}"} {
		if err := d.SaveUpdate([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := other.LoadUpdate(); err != nil || string(b) != text {
			t.Errorf("update: got %q, %v want %s", b, err, text)
		}
	}
	if uid, err := other.Owner(); err != nil || int(uid) != os.Geteuid() {
		t.Errorf("owner: got %d, %v want %d", uid, err, os.Geteuid())
	}

	for _, name := range []string{StartSocket, creatingFile, newFile, "later"} {
		if err := os.WriteFile(d.Path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(d.Path(NotifyDir), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Path(NotifyDir+"/notify.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root, "c1"); !errors.Is(err, ErrNotExist) {
		t.Errorf("open after remove: got %v want ErrNotExist", err)
	}
	if _, err := other.Load(); !errors.Is(err, ErrNotExist) {
		t.Errorf("load after remove: got %v want ErrNotExist", err)
	}
}

func TestRemoveStopsAtWhatIsNotOurs(t *testing.T) {
	root := t.TempDir()
	d := mustCreate(t, root, "c")
	if err := d.Save(&State{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(root, "c", "precious", "file")
	if err := os.MkdirAll(filepath.Dir(victim), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(victim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := d.Remove()
	if err == nil || !strings.Contains(err.Error(), root+"/c/precious") {
		t.Errorf("got %v want an error that names the directory", err)
	}
	if _, err := os.Stat(victim); err != nil {
		t.Error(err)
	}
	if _, err := d.Load(); !errors.Is(err, ErrIncomplete) {
		t.Errorf("load of what is half removed: got %v want ErrIncomplete", err)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	root, victim := t.TempDir(), t.TempDir()
	mustWrite := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustLink := func(to, path string) {
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(victim+"/state.json", string(appendState(nil, &State{Version: Version, ID: "link"})))
	mustLink(victim, root+"/link")
	if d, err := Open(root, "link"); err == nil {
		_ = d.Close()
		t.Error("a link was opened as a container")
	}
	if _, err := Create(root, "link"); !errors.Is(err, ErrExist) {
		t.Errorf("create over a link: got %v want ErrExist", err)
	}

	d := mustCreate(t, root, "c")
	mustWrite(victim+"/c.json", string(appendState(nil, &State{Version: Version, ID: "c"})))
	mustLink(victim+"/c.json", d.Path(stateFile))
	mustLink(victim+"/config", d.Path(configFile))
	mustLink(victim+"/new", d.Path(newFile))
	if s, err := d.Load(); err == nil {
		t.Errorf("state read through a link: %+v", s)
	}
	if err := d.SaveConfig([]byte("x")); err == nil {
		t.Error("config written through a link")
	}
	if err := d.Save(&State{ID: "c", Bundle: "/new"}); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Load(); err != nil || s.Bundle != "/new" {
		t.Errorf("got %+v, %v", s, err)
	}
	mustLink(victim, d.Path(NotifyDir))
	if err := d.Remove(); err == nil {
		t.Error("the link notify was taken for a directory")
	}
	if err := os.Remove(d.Path(NotifyDir)); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(victim)
	if err != nil || len(entries) != 2 {
		t.Errorf("victim: got %v, %v want its two files", entries, err)
	}
}

func TestIDs(t *testing.T) {
	root := t.TempDir()
	for _, id := range []string{"a", "A-b_c+d.e", "...", "..a", "-", "0", strings.Repeat("x", 255)} {
		d, err := Create(root, id)
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		if err := d.Remove(); err != nil {
			t.Errorf("%q: %v", id, err)
		}
		_ = d.Close()
	}
	for _, id := range []string{"", ".", "..", "a/b", "../x", "a%2fb", "a b", "a\n", "a\x00b", "ü", strings.Repeat("x", 256), strings.Repeat("x", 1025)} {
		if _, err := Create(root, id); !errors.Is(err, ErrInvalidID) {
			t.Errorf("create %q: got %v want ErrInvalidID", id, err)
		}
		if _, err := Open(root, id); !errors.Is(err, ErrInvalidID) {
			t.Errorf("open %q: got %v want ErrInvalidID", id, err)
		}
	}
	if ids, err := List(root); err != nil || len(ids) != 0 {
		t.Errorf("left behind: %q, %v", ids, err)
	}
}

func TestList(t *testing.T) {
	root := t.TempDir()
	if _, err := List(root + "/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing root: got %v want fs.ErrNotExist", err)
	}
	var want []string
	for i := range 600 { // more than one call of the kernel returns
		want = append(want, fmt.Sprintf("container-with-a-rather-long-name-%03d", i))
	}
	for _, id := range want {
		if err := os.Mkdir(root+"/"+id, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{root + "/not an id"} {
		if err := os.Mkdir(path, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(root+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, root+"/link"); err != nil {
		t.Fatal(err)
	}
	link := t.TempDir() + "/root"
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	for _, r := range []string{root, link} {
		if got, err := List(r); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, %v", r, got, err)
		}
	}
}

func TestRootOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	base, err := os.MkdirTemp("", "statedir") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o777); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { // on a thread that is not used again: it is never unlocked
		done <- asUser(65534, func() error {
			d, err := Create(base+"/runc", "c")
			if err != nil {
				return err
			}
			return d.Close()
		})
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(base+"/runc", &st); err != nil {
		t.Fatal(err)
	}
	if got, want := st.Mode&0o7777, uint32(0o1700); got != want {
		t.Errorf("mode of the root: got %o want %o", got, want)
	}
}

func TestStale(t *testing.T) {
	d := mustCreate(t, t.TempDir(), "c")
	for _, tt := range []struct {
		boot  string
		stale bool
	}{{"", false}, {bootID(), false}, {"00000000-0000-0000-0000-000000000000", true}} {
		if err := d.Save(&State{ID: "c", BootID: tt.boot}); err != nil {
			t.Fatal(err)
		}
		s, err := d.Load()
		if err != nil {
			t.Fatal(err)
		}
		if s.Stale != tt.stale {
			t.Errorf("boot id %q: got stale %v want %v", tt.boot, s.Stale, tt.stale)
		}
	}
	if bootID() == "" {
		t.Error("no boot id")
	}
}

func TestLoadOfBadState(t *testing.T) {
	d := mustCreate(t, t.TempDir(), "c")
	tests := []struct {
		text string
		want error
		word string
	}{
		{"", ErrIncomplete, "want '{'"},
		{"{}", ErrVersion, "version 0"},
		{`{"version":7,"id":[]}`, ErrVersion, "version 7, this runtime reads 1"},
		{`{"version":1,"id":"d"}`, ErrIncomplete, `id "d"`},
		{`{"version":1,"id":"c","init_process_pid":{}}`, ErrIncomplete, "byte 41: want a number"},
		{strings.Repeat(" ", mostState+1), nil, "file too large"},
	}
	for _, tt := range tests {
		if err := os.WriteFile(d.Path(stateFile), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Load()
		if err == nil || !strings.Contains(err.Error(), tt.word) || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%.40q: got %v want %v with %q", tt.text, err, tt.want, tt.word)
		}
	}
	if err := d.Save(&State{ID: "other"}); err == nil {
		t.Error("saved the state of another container")
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}

func TestLargeState(t *testing.T) {
	d := mustCreate(t, t.TempDir(), "c")
	want := strings.Repeat("annotation ", 20000)
	if err := d.Save(&State{ID: "c", Annotations: map[string]string{"k": want}}); err != nil {
		t.Fatal(err)
	}
	s, err := d.Load()
	if err != nil || s.Annotations["k"] != want {
		t.Errorf("got %d bytes, %v want %d", len(s.Annotations["k"]), err, len(want))
	}
}

func TestLockOfADirectoryThatWasRemoved(t *testing.T) {
	root := t.TempDir()
	d := mustCreate(t, root, "c")
	late := mustOpen(t, root, "c")
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, root, "c")
	if err := late.Lock(Exclusive, time.Second); !errors.Is(err, ErrNotExist) {
		t.Errorf("got %v want ErrNotExist", err)
	}
}
