package probe

import (
	"os"
	"testing"
)

// On a machine on which the other tests run, containers do. What is not ok has
// a reason, what can be changed has a hint, and looking leaves nothing.
func TestHost(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	who := Caller{Path: os.Getenv("PATH"), User: "root"}
	Host(who)
	before := open()
	seen := map[string]bool{}
	for _, f := range Host(who) {
		if f.Name == "" || f.Area == "" || f.Way == "" {
			t.Errorf("incomplete: %+v", f)
		}
		if seen[f.Area+f.Name] {
			t.Errorf("%s %s: twice", f.Area, f.Name)
		}
		seen[f.Area+f.Name] = true
		if f.State != OK && f.Why == "" {
			t.Errorf("%s: %v, and no reason", f.Name, f.State)
		}
		if f.State == Bad {
			t.Errorf("%s: bad: %s", f.Name, f.Why)
		}
	}
	if after := open(); after != before {
		t.Errorf("descriptors: got %d, want %d", after, before)
	}
}

func TestLadder(t *testing.T) {
	if !mayMount() {
		t.Skip("needs the right to mount")
	}
	for name, want := range map[string]State{
		"openat2": Fallback, "mount_setattr": Fallback, "fspick": Without, "fsopen": Fallback, "open_tree": Fallback, "anything else": Bad,
	} {
		if way, got := ladder(name); got != want || way == "" {
			t.Errorf("%s: got %v by %q, want %v", name, got, way, want)
		}
	}
}
