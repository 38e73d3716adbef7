package linux

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Every call is tried in a way that comes to nothing.
func TestCalls(t *testing.T) {
	all := append(Calls(), Uses()...)
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		e := c.Answer()
		if Older(KernelRelease(), c.Since) {
			continue
		}
		if e == unix.ENOSYS {
			t.Errorf("%s: missing, and this is %s", c.Name, KernelRelease())
		}
		// That of no descriptor is the one thing that is done.
		if e == 0 && !strings.HasPrefix(c.Name, "close_range ") && !strings.HasPrefix(c.Name, "setns ") {
			t.Errorf("%s: succeeds", c.Name)
		}
	}
	if n := len(Calls()); !slices.IsSorted(names[:n]) || !slices.IsSorted(names[n:]) {
		t.Errorf("not in order: %q", names)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child was left: %d, %v", pid, err)
	}
}

func TestWhyAbsent(t *testing.T) {
	for _, test := range []struct {
		op    string
		errno Errno
	}{
		{"mkdir", unix.ENOSYS},         // not one of them
		{"openat2", unix.EINVAL},       // another failure
		{"mount_setattr", unix.EPERM},  // by the kernel, for this mount
		{"fsconfig size", unix.ENOSYS}, // of the filesystem: the call is there
	} {
		if got := WhyAbsent(test.op, test.errno); got != "" {
			t.Errorf("%s, %v: got %q, want nothing", test.op, test.errno, got)
		}
	}
}

func TestOlder(t *testing.T) {
	for _, test := range []struct {
		release, version string
		want             bool
	}{
		{"5.10.0-28-amd64", "5.11", true},
		{"5.10.0-28-amd64", "5.10", false},
		{"5.9", "5.10", true},
		{"6.1.0", "5.12", false},
		{"4.18.0-553.el8.x86_64", "5.3", true},
		{"6.18-rc1", "6.18", false},
		{"6.18+", "6.19", true},
	} {
		if got := Older(test.release, test.version); got != test.want {
			t.Errorf("Older(%q, %q): got %t, want %t", test.release, test.version, got, test.want)
		}
	}
}
