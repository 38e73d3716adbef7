package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

func cloneFlag(t specs.LinuxNamespaceType) uint64 {
	ns, _ := spec.LookupNamespace(t)
	return ns.Flag
}

// sound checks what is true of every plan.
func sound(t *testing.T, s *specs.Spec, p *Plan) {
	t.Helper()
	if err := wire.CheckOrder(p.Steps); err != nil {
		t.Error(err)
	}
	if _, err := wire.Encode(p.Steps); err != nil {
		t.Errorf("not encodable: %v", err)
	}
	if last := len(p.Steps) - 1; last < 0 || p.Steps[last].Kind != wire.Exec || p.Steps[0].Kind != wire.Signals {
		t.Errorf("does not go from signals to exec: %s", text(p))
	}
	used := make([]int, len(p.Slots))
	copies := copied(t, p)
	ready := 0
	for i, step := range p.Steps {
		if step.Field == "" {
			t.Errorf("step %d %s: comes from no field", i, step.Kind.Name())
		}
		if step.Kind == wire.Ask && step.Args[0] == uint64(wire.Ready) {
			ready++
		}
		for _, a := range step.Args {
			if step.Kind == wire.Tree || step.Kind == wire.TreeAttr {
				continue
			}
			if slot, ok := a.(wire.Slot); ok && slot != wire.NoSlot {
				if int(slot) >= len(used) || slot < 0 {
					t.Fatalf("step %d %s: descriptor %d of %d", i, step.Kind.Name(), slot, len(used))
				}
				used[slot]++
			}
		}
	}
	if ready != 1 {
		t.Errorf("says ready %d times", ready)
	}
	for i, n := range used {
		d := p.Slots[i]
		if n == 0 {
			t.Errorf("descriptor %d (%s) is handed over for nothing", i, d.Field)
		}
		if d.Inside != (copies[i] > 0) || copies[i] > 1 {
			t.Errorf("descriptor %d (%s): left to init: %v, copied there %d times", i, d.Field, d.Inside, copies[i])
		}
		if d.Field == "" {
			t.Errorf("descriptor %d: comes from no field", i)
		}
		// A tree is moved where it goes; only the null device is copied.
		if n > 1 && d.Opens == OpenTree {
			t.Errorf("tree %d (%s) is attached %d times", i, d.Field, n)
		}
		if (d.Opens == OpenTree || d.Opens == OpenDevice) && len(d.Propagation) == 0 {
			t.Errorf("tree %d (%s) stays a peer of the host's", i, d.Field)
		}
	}
	quietHost(t, s, p)
}

// copied counts how often init copies each tree: once at most, with all of its
// attributes, in a mount namespace of its own.
func copied(t *testing.T, p *Plan) map[int]int {
	t.Helper()
	out := make(map[int]int)
	attributes := make(map[int]int)
	for i, step := range p.Steps {
		switch step.Kind {
		case wire.Tree:
			out[int(step.Args[0].(wire.Slot))]++
		case wire.TreeAttr:
			slot := int(step.Args[0].(wire.Slot))
			attributes[slot]++
			if out[slot] == 0 {
				t.Errorf("step %d: attributes of what is not copied yet", i)
			}
		}
	}
	for slot := range out {
		if attributes[slot] < len(p.Slots[slot].Propagation) {
			t.Errorf("tree %d stays a peer of the host's", slot)
		}
	}
	return out
}

// quietHost: a container without a mount namespace mounts nothing.
func quietHost(t *testing.T, s *specs.Spec, p *Plan) {
	t.Helper()
	if _, own := spec.FindNamespace(s, specs.MountNamespace); own {
		return
	}
	for i, step := range p.Steps {
		switch step.Kind {
		case wire.Mount, wire.Attach, wire.Setattr, wire.Propagate, wire.Mask, wire.Readonly:
			t.Errorf("step %d %s (%s): in the host's mount namespace", i, step.Kind.Name(), step.Field)
		case wire.Rootfs:
			if step.Args[1] != "" {
				t.Errorf("step %d: the root tree is attached in the host's mount namespace", i)
			}
		case wire.Console:
			if step.Args[0] != uint64(0) {
				t.Errorf("step %d: the terminal is mounted in the host's mount namespace", i)
			}
		}
	}
}

// conditions are what a plan's shape depends on, each a switch.
var conditions = []struct {
	name string
	set  func(*specs.Spec, *Facts, *Options)
}{
	{"no-new-privileges", func(s *specs.Spec, _ *Facts, _ *Options) { s.Process.NoNewPrivileges = true }},
	{"seccomp", func(s *specs.Spec, _ *Facts, _ *Options) {
		s.Linux.Seccomp = &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	}},
	{"terminal", func(s *specs.Spec, _ *Facts, _ *Options) { s.Process.Terminal = true }},
	{"hooks", func(s *specs.Spec, _ *Facts, _ *Options) {
		list := []specs.Hook{{Path: "/h"}}
		s.Hooks = &specs.Hooks{CreateRuntime: list, CreateContainer: list, StartContainer: list}
	}},
	{"user namespace", func(s *specs.Spec, _ *Facts, _ *Options) {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
		s.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: 5, Size: 1000}}
		s.Linux.GIDMappings = s.Linux.UIDMappings
	}},
	{"mount namespace", func(s *specs.Spec, _ *Facts, _ *Options) {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.MountNamespace})
		s.Mounts = []specs.Mount{
			{Destination: "/proc", Type: "proc"},
			{Destination: "/dev", Type: "tmpfs", Options: []string{"ro"}},
			{Destination: "/sys/fs/cgroup", Type: "cgroup", Options: []string{"ro"}},
			{Destination: "/b", Source: "/b", Options: []string{"rbind", "rro"}},
		}
		s.Root.Readonly = true
		s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = []string{"/proc/kcore", "/proc/keys"}, []string{"/proc/sys"}
		s.Linux.RootfsPropagation = "rslave"
	}},
	{"time namespace", func(s *specs.Spec, _ *Facts, _ *Options) {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.TimeNamespace})
		s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: 1}}
	}},
	{"other namespaces", func(s *specs.Spec, _ *Facts, _ *Options) {
		for _, n := range []specs.LinuxNamespaceType{specs.NetworkNamespace, specs.IPCNamespace, specs.UTSNamespace, specs.CgroupNamespace} {
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: n})
		}
		s.Hostname, s.Domainname = "h", "d"
		s.Linux.Sysctl = map[string]string{"kernel.msgmax": "1"}
	}},
	{"pid namespace by path", func(s *specs.Spec, _ *Facts, _ *Options) {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.PIDNamespace, Path: "/p"})
	}},
	{"cgroup v1", func(_ *specs.Spec, f *Facts, _ *Options) { *f = hostV1() }},
	{"no privilege", func(_ *specs.Spec, f *Facts, _ *Options) { *f = unprivileged(*f) }},
	{"run", func(_ *specs.Spec, _ *Facts, o *Options) { o.StartHere, o.Extra = true, 3 }},
	{"no-pivot", func(_ *specs.Spec, _ *Facts, o *Options) { o.NoPivot, o.NoNewKeyring = true, true }},
}

// TestEveryCombination builds a plan for each combination of conditions.
func TestEveryCombination(t *testing.T) {
	built, refused := 0, 0
	for mask := range 1 << len(conditions) {
		s := small()
		s.Linux.Namespaces = nil
		s.Process.NoNewPrivileges = false
		f, o := hostV2(), options()
		name := ""
		for i, c := range conditions {
			if mask>>i&1 == 1 {
				c.set(s, &f, &o)
				name += ", " + c.name
			}
		}
		if err := spec.Check(s, spec.Options{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := Build(s, f, o)
		_, user := spec.FindNamespace(s, specs.UserNamespace)
		_, mount := spec.FindNamespace(s, specs.MountNamespace)
		if (user || !f.Mknod) && !mount {
			if err == nil {
				t.Fatalf("%s: accepted", name)
			}
			refused++
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sound(t, s, p)
		if p, err = BuildExec(s, s.Process, f, o); err != nil {
			t.Fatalf("exec%s: %v", name, err)
		}
		built++
		if t.Failed() {
			t.Fatalf("the combination was: %s", name)
		}
	}
	t.Logf("%d plans, %d refusals", built, refused)
	if built < refused {
		t.Error("most combinations are refused: the test shows little")
	}
}

// FuzzBuild: what the check of the config accepts has a sound plan or a reason
// against it, on any host.
func FuzzBuild(f *testing.F) {
	for _, dir := range []string{"testdata", filepath.Join("..", "spec", "testdata")} {
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", dir, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, false)
			f.Add(data, true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, v1 bool) {
		s, err := spec.Decode(data)
		if err != nil || spec.Check(s, spec.Options{}) != nil {
			return
		}
		facts := hostV2()
		if v1 {
			facts = hostV1()
		}
		if p, err := Build(s, facts, options()); err == nil {
			sound(t, s, p)
		}
		if p, err := Build(s, unprivileged(facts), options()); err == nil {
			sound(t, s, p)
		}
		Birth(s)
		if s.Process == nil {
			return
		}
		if p, err := BuildExec(s, s.Process, facts, options()); err == nil {
			if _, err = wire.Encode(p.Steps); err != nil {
				t.Errorf("exec: not encodable: %v", err)
			}
		}
	})
}

// BenchmarkBuild measures the plan of a config of the size Docker writes, with
// its program.
func BenchmarkBuild(b *testing.B) {
	s := load(b, "docker.json")
	b.ReportAllocs()
	for b.Loop() {
		p, err := Build(s, hostV1(), options())
		if err == nil {
			_, err = wire.Encode(p.Steps)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// TestFields: an error of a plan names the field it is about.
func TestFields(t *testing.T) {
	s := small()
	s.Mounts = []specs.Mount{{Destination: "/m", Source: "/h", Options: []string{"bind"}}}
	p := build(t, s, hostV2(), options())
	for i, d := range p.Slots {
		if want := []string{"root.path", "mounts[0].source", "process"}[i]; d.Field != want {
			t.Errorf("descriptor %d: field %q, want %q", i, d.Field, want)
		}
	}
	if got, want := fmt.Sprint(only(p, wire.Attach)), `[fd1 "/m" 0]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
