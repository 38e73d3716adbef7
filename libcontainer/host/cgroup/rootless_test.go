package cgroup

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const asNobody = "RUNG_TEST_AS_NOBODY"

// TestRootless runs TestAsNobody as a user who may make no cgroup anywhere.
func TestRootless(t *testing.T) {
	need(t, anyLayout...)
	const nobody = 65534
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestAsNobody$", "-test.v")
	cmd.Env = append(os.Environ(), asNobody+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestAsNobody") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestAsNobody(t *testing.T) {
	if os.Getenv(asNobody) == "" {
		t.Skip("runs inside TestRootless")
	}
	limited := &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: p[int64](5)}}
	for _, test := range []struct {
		name string
		Config
		make, limit string // words of the error, empty for none
	}{
		{name: "nothing asked for", Config: Config{Rootless: true}},
		{name: "a limit", Config: Config{Rootless: true, Resources: limited}, limit: "linux.resources.pids: rootless needs no limits + no cgrouppath when no permission is granted for cgroups: cannot set pids limit: container could not join or create cgroup"},
		{name: "a path", Config: Config{Rootless: true, Path: "/" + name()}, make: "permission denied"},
		{name: "not rootless", Config: Config{}, make: "permission denied"},
	} {
		test.ID = name()
		g, err := New(test.Config)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		err = g.Make()
		if test.make != "" {
			if err == nil || !strings.Contains(err.Error(), "unable to apply cgroup configuration") || !strings.Contains(err.Error(), test.make) {
				t.Errorf("%s: got %v from Make, want %q", test.name, err, test.make)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		dir, direrr := g.Dir()
		tasks, taskserr := g.Tasks()
		if dir != nil || len(tasks) > 0 || direrr != nil || taskserr != nil || len(g.Paths()) > 0 {
			t.Errorf("%s: got %v, %v, %v, %v, %v, want no cgroup at all", test.name, dir, direrr, tasks, taskserr, g.Paths())
		}
		err = g.Limit()
		if (err == nil) != (test.limit == "") || err != nil && !strings.Contains(err.Error(), test.limit) {
			t.Errorf("%s: got %v from Limit, want %q", test.name, err, test.limit)
		}
	}
}
