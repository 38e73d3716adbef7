package plan

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostV1 and hostV2 are the hosts that the golden plans are for.
func hostV1() Facts {
	return Facts{
		Arch: "amd64", LastCap: 40, Caps: 1<<41 - 1, Mknod: true, Tasks: 3,
		Hierarchies: []Hierarchy{
			{Name: "memory", Parameters: []string{"memory"}, Path: "/sys/fs/cgroup/memory/c"},
			{Name: "cpu,cpuacct", Parameters: []string{"cpu", "cpuacct"}, Path: "/sys/fs/cgroup/cpu,cpuacct/c"},
			{Name: "systemd", Parameters: []string{"name=systemd"}, Path: "/sys/fs/cgroup/systemd/c"},
			{Name: "unified", Parameters: []string{""}, Unified: true, Path: "/sys/fs/cgroup/unified/c"},
		},
	}
}

func hostV2() Facts {
	return Facts{
		Arch: "amd64", LastCap: 40, Caps: 1<<41 - 1, Mknod: true, Unified: true,
		Hierarchies: []Hierarchy{{Parameters: []string{""}, Unified: true, Path: "/sys/fs/cgroup/c"}},
	}
}

// unprivileged is that host for an ordinary user.
func unprivileged(f Facts) Facts {
	f.Caps, f.Mknod, f.NoMount, f.OwnIDs, f.Visible, f.KeepGroups = 0, false, true, true, true, true
	return f
}

func options() Options { return Options{ID: "c", Bundle: "/bundle"} }

func load(t testing.TB, name string) *specs.Spec {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if err = spec.Check(s, spec.Options{}); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// rootless is what spec --rootless writes.
func rootless() *specs.Spec {
	s := spec.Default()
	spec.Rootless(s, 1000, 100)
	return s
}

// difference is the lines that only one of two texts has.
func difference(want, got string) string {
	var out strings.Builder
	missing := func(mark, of, in string) {
		have := strings.Split(in, "\n")
		for _, line := range strings.Split(of, "\n") {
			if !slices.Contains(have, line) {
				out.WriteString(mark + " " + line + "\n")
			}
		}
	}
	missing("-", want, got)
	missing("+", got, want)
	return out.String()
}

// TestGolden shows whole plans to a reviewer: one file a config and host. A
// change of the plan is a change of these files, to be read in the same commit.
func TestGolden(t *testing.T) {
	create := func(config string, f Facts, o Options) func(*testing.T) (*Plan, error) {
		return func(t *testing.T) (*Plan, error) { return Build(load(t, config), f, o) }
	}
	labels := hostV1()
	labels.AppArmor, labels.SELinux = true, true
	run, noPivot := options(), options()
	run.StartHere, run.Extra = true, 2
	noPivot.NoPivot, noPivot.NoNewKeyring = true, true
	for _, test := range []struct {
		name string
		plan func(*testing.T) (*Plan, error)
	}{
		{"default-v1", func(*testing.T) (*Plan, error) { return Build(spec.Default(), hostV1(), options()) }},
		{"default-v2-run", func(*testing.T) (*Plan, error) { return Build(spec.Default(), hostV2(), run) }},
		{"default-no-pivot", func(*testing.T) (*Plan, error) { return Build(spec.Default(), hostV2(), noPivot) }},
		{"docker-v1", create("docker.json", hostV1(), options())},
		{"docker-v2", create("docker.json", hostV2(), options())},
		{"docker-exec", func(t *testing.T) (*Plan, error) {
			s := load(t, "docker.json")
			p := &specs.Process{Terminal: true, Args: []string{"sh"}, Cwd: "/srv", Env: []string{"PATH=/bin"}, NoNewPrivileges: true}
			return BuildExec(s, p, hostV1(), Options{ID: "c", Extra: 1})
		}},
		{"userns", create("userns.json", hostV2(), options())},
		{"userns-exec", func(t *testing.T) (*Plan, error) {
			s := load(t, "userns.json")
			return BuildExec(s, s.Process, hostV2(), Options{ID: "c"})
		}},
		{"process", create("process.json", labels, options())},
		{"process-exec", func(t *testing.T) (*Plan, error) {
			s := load(t, "process.json")
			return BuildExec(s, s.Process, labels, Options{ID: "c"})
		}},
		{"joins", create("joins.json", hostV2(), options())},
		{"mounts", create("mounts.json", hostV2(), options())},
		{"no-mount-namespace", create("nomount.json", hostV2(), options())},
		{"rootless", func(*testing.T) (*Plan, error) { return Build(rootless(), unprivileged(hostV2()), options()) }},
		{"rootless-exec", func(*testing.T) (*Plan, error) {
			s := rootless()
			return BuildExec(s, s.Process, unprivileged(hostV2()), Options{ID: "c"})
		}},
		{"no-process", create("noprocess.json", hostV2(), options())},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := test.plan(t)
			if err != nil {
				t.Fatal(err)
			}
			got := text(p)
			file := filepath.Join("testdata", test.name+".plan")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the plan is not the one of %s; after reading it: go test -run Golden -update\n%s",
					file, difference(string(want), got))
			}
		})
	}
}
