package cgroup

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// ready waits until w has something to say.
func ready(t *testing.T, w *OOMWatch) {
	t.Helper()
	fds := []linux.PollFd{w.Readable()}
	if n, err := linux.Poll(fds, 20*time.Second); n == 0 || err != nil {
		t.Fatalf("nothing to read: %d, %v", n, err)
	}
}

func TestOOMWatch(t *testing.T) {
	need(t, anyLayout...)
	g := made(t, Config{Resources: resourcesOf(t, `{"memory":{"limit":16777216,"swap":16777216}}`)})
	process := start(t, g, `while read go; do sh -c "tail /dev/zero" 2>/dev/null; echo after; done`)
	if err := g.Limit(); err != nil {
		t.Fatal(err)
	}
	w, err := g.WatchOOM()
	if err != nil || w == nil {
		t.Fatalf("got %v, %v", w, err)
	}
	defer w.Close()
	if lacked, err := w.Read(); lacked || err != nil {
		t.Errorf("before: got %v, %v", lacked, err)
	}
	for range 2 {
		if _, err := process.in.Write([]byte("go\n")); err != nil {
			t.Fatal(err)
		}
		if got := process.line(); got != "after" {
			t.Fatalf("got %q want after", got)
		}
		ready(t, w)
		lacked := false
		for !lacked && err == nil {
			ready(t, w)
			lacked, err = w.Read() // v2 also tells of limits that were only met
		}
		if err != nil {
			t.Fatal(err)
		}
		for { // v1 may tell more than once
			if again, err := w.Read(); !again {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
	}
	if err := errors.Join(g.Kill(), g.Destroy()); err != nil {
		t.Fatal(err)
	}
	ready(t, w)
	if lacked, err := w.Read(); lacked || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a group that is gone: got %v, %v", lacked, err)
	}
}

func TestOOMWatchNothing(t *testing.T) {
	g, err := Load(map[string]string{"devices": "/sys/fs/cgroup/devices/none"})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := g.WatchOOM(); w != nil || err != nil {
		t.Errorf("without memory: got %v, %v", w, err)
	}
}
