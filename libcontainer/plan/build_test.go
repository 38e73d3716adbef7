package plan

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// small is a config with a mount namespace and nothing that is not needed.
func small() *specs.Spec {
	return &specs.Spec{
		Version: spec.MaxVersion,
		Root:    &specs.Root{Path: "rootfs"},
		Process: &specs.Process{Args: []string{"/bin/true"}, Cwd: "/", Env: []string{"PATH=/bin", "HOME=/"}, NoNewPrivileges: true},
		Linux:   &specs.Linux{Namespaces: []specs.LinuxNamespace{{Type: specs.MountNamespace}}},
	}
}

func build(t testing.TB, s *specs.Spec, f Facts, o Options) *Plan {
	t.Helper()
	if err := spec.Check(s, spec.Options{}); err != nil {
		t.Fatalf("the test's config is wrong: %v", err)
	}
	p, err := Build(s, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// only are the steps of one kind, as the golden files show their arguments.
func only(p *Plan, k wire.Kind) []string {
	var out []string
	for _, s := range p.Steps {
		if s.Kind == k {
			out = append(out, strings.Join(arguments(s), " "))
		}
	}
	return out
}

func wantSteps(t *testing.T, p *Plan, k wire.Kind, want ...string) {
	t.Helper()
	if got := only(p, k); !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", k.Name(), got, want)
	}
}

func wantRefusal(t *testing.T, s *specs.Spec, f Facts, want string) {
	t.Helper()
	if err := spec.Check(s, spec.Options{}); err != nil {
		t.Fatalf("the test's config is wrong: %v", err)
	}
	p, err := Build(s, f, options())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v and %v, want an error with %q", p != nil, err, want)
	}
}

func TestMounts(t *testing.T) {
	for _, test := range []struct {
		name  string
		mount specs.Mount
		kind  wire.Kind
		want  string
	}{
		{"tmpfs takes the mode of what it hides", specs.Mount{Destination: "/run", Type: "tmpfs", Source: "t"}, wire.Mount,
			`"tmpfs" "/run" "t" 0 {} 1`},
		{"unless it has one", specs.Mount{Destination: "/run", Type: "tmpfs", Options: []string{"mode=0755"}}, wire.Mount,
			`"tmpfs" "/run" "" 0 {mode=0755} 0`},
		{"flags of mount and filesystem", specs.Mount{Destination: "/m", Type: "ext4", Source: "/dev/x", Options: []string{"ro", "nosuid", "nodev", "noexec", "sync", "data=x"}}, wire.Mount,
			`"ext4" "/m" "/dev/x" 15 {sync ro data=x} 0`},
		{"relative and unclean target", specs.Mount{Destination: "a/../b//c", Type: "tmpfs", Options: []string{"mode=1"}}, wire.Mount,
			`"tmpfs" "/b/c" "" 0 {mode=1} 0`},
		{"target that leads out", specs.Mount{Destination: "/../../x", Type: "tmpfs", Options: []string{"mode=1"}}, wire.Mount,
			`"tmpfs" "/x" "" 0 {mode=1} 0`},
		{"the root itself", specs.Mount{Destination: "/", Type: "tmpfs", Options: []string{"mode=1"}}, wire.Mount,
			`"tmpfs" "/" "" 0 {mode=1} 32`},
		{"proc", specs.Mount{Destination: "/proc", Type: "proc", Source: "proc"}, wire.Mount,
			`"proc" "/proc" "proc" 0 {} 6`},
		{"sysfs", specs.Mount{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"ro"}}, wire.Mount,
			`"sysfs" "/sys" "sysfs" 1 {} 6`},
		{"read-only /dev waits for the devices", specs.Mount{Destination: "/dev", Type: "tmpfs", Options: []string{"ro", "mode=755"}}, wire.Mount,
			`"tmpfs" "/dev" "" 0 {mode=755} 0`},
		{"and is made read-only then", specs.Mount{Destination: "/dev", Type: "tmpfs", Options: []string{"ro", "mode=755"}}, wire.Setattr,
			`"/dev" 1 0 0 0`},
		{"propagation", specs.Mount{Destination: "/m", Type: "tmpfs", Options: []string{"mode=1", "rshared"}}, wire.Setattr,
			`"/m" 0 0 0x100000 0x8000`},
		{"bind", specs.Mount{Destination: "/m", Source: "/h", Options: []string{"bind"}}, wire.Attach, `fd1 "/m" 0`},
		{"bind over a file of proc that emulations hide", specs.Mount{Destination: "/proc/meminfo", Source: "/h", Options: []string{"bind"}}, wire.Attach,
			`fd1 "/proc/meminfo" 2`},
		{"bind over another file of proc", specs.Mount{Destination: "/proc/self/attr", Source: "/h", Options: []string{"bind"}}, wire.Attach,
			`fd1 "/proc/self/attr" 0`},
		{"bind over the root", specs.Mount{Destination: "/", Source: "/h", Options: []string{"bind"}}, wire.Attach, `fd1 "/" 32`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Mounts = []specs.Mount{test.mount}
			wantSteps(t, build(t, s, hostV2(), options()), test.kind, test.want)
		})
	}
}

func TestBindSources(t *testing.T) {
	for _, test := range []struct {
		name, source string
		options      []string
		want         string
	}{
		{"absolute", "/h/../i", []string{"bind"}, "/i propagation=0x84000"},
		{"relative to the bundle", "data", []string{"bind"}, "/bundle/data propagation=0x84000"},
		{"recursive", "/h", []string{"rbind"}, "/h recursive propagation=0x84000"},
		{"own propagation after the default", "/h", []string{"rbind", "rprivate"}, "/h recursive propagation=0x84000 propagation=0x44000"},
		{"shared with its source", "/h", []string{"rbind", "rshared"}, "/h recursive propagation=0x104000"},
		{"read-only, this mount", "/h", []string{"rbind", "ro"}, "/h recursive set=0x1 propagation=0x84000"},
		{"read-only, all mounts", "/h", []string{"rbind", "rro"}, "/h recursive rec-set=0x1 propagation=0x84000"},
		{"writable again", "/h", []string{"bind", "rw"}, "/h clear=0x1 propagation=0x84000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Mounts = []specs.Mount{{Destination: "/m", Source: test.source, Options: test.options}}
			p := build(t, s, hostV2(), options())
			if got, want := descriptor(p.Slots[1]), "tree mounts[0].source "+test.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	// What is bound over /proc has to be a proc filesystem, which only the
	// parent can see (CVE-2019-16884).
	s := small()
	s.Mounts = []specs.Mount{{Destination: "/proc", Source: "/h", Options: []string{"rbind"}}}
	if d := build(t, s, hostV2(), options()).Slots[1]; d.Filesystem != procMagic {
		t.Errorf("no check of the filesystem: %s", descriptor(d))
	}
	s.Mounts[0] = specs.Mount{Destination: "/proc", Type: "tmpfs", Source: "x"}
	wantRefusal(t, s, hostV2(), `mounts[0].type: filesystem "tmpfs" over /proc`)
}

func TestRootPropagation(t *testing.T) {
	for word, want := range map[string][2]string{
		"":            {"0x84000", ""},
		"private":     {"0x44000", "0x40000"},
		"rprivate":    {"0x44000", "0x44000"},
		"slave":       {"0x84000", "0x80000"},
		"rshared":     {"0x84000", "0x104000"},
		"runbindable": {"0x84000", "0x24000"},
	} {
		s := small()
		s.Linux.RootfsPropagation = word
		steps := []string{want[0]}
		if want[1] != "" {
			steps = append(steps, want[1])
		}
		wantSteps(t, build(t, s, hostV2(), options()), wire.Propagate, steps...)
	}
}

func TestCgroupViews(t *testing.T) {
	withNamespace := specs.LinuxNamespace{Type: specs.CgroupNamespace}
	joined := specs.LinuxNamespace{Type: specs.CgroupNamespace, Path: "/n"}
	for _, test := range []struct {
		name    string
		facts   Facts
		ns      []specs.LinuxNamespace
		fstype  string
		options []string
		mounts  []string
		attach  []string
		links   int
		setattr []string
	}{
		{"v2 with a namespace", hostV2(), []specs.LinuxNamespace{withNamespace}, "cgroup", []string{"ro", "nosuid"},
			[]string{`"cgroup2" "/sys/fs/cgroup" "cgroup" 3 {} 0`}, nil, 0, nil},
		{"v2 by its own name", hostV2(), []specs.LinuxNamespace{withNamespace}, "cgroup2", nil,
			[]string{`"cgroup2" "/sys/fs/cgroup" "cgroup" 0 {} 0`}, nil, 0, nil},
		{"v2 with a joined namespace", hostV2(), []specs.LinuxNamespace{joined}, "cgroup", nil,
			[]string{`"cgroup2" "/sys/fs/cgroup" "cgroup" 0 {} 0`}, nil, 0, nil},
		{"v2 without", hostV2(), nil, "cgroup", []string{"ro"},
			nil, []string{`fd1 "/sys/fs/cgroup" 0`}, 0, nil},
		{"v1 with a namespace", hostV1(), []specs.LinuxNamespace{withNamespace}, "cgroup", []string{"ro"},
			[]string{
				`"tmpfs" "/sys/fs/cgroup" "tmpfs" 14 {mode=755} 0`,
				`"cgroup" "/sys/fs/cgroup/memory" "cgroup" 15 {memory} 0`,
				`"cgroup" "/sys/fs/cgroup/cpu,cpuacct" "cgroup" 15 {cpu cpuacct} 0`,
				`"cgroup" "/sys/fs/cgroup/systemd" "cgroup" 15 {name=systemd} 0`,
				`"cgroup2" "/sys/fs/cgroup/unified" "cgroup" 15 {} 0`,
			}, nil, 2, []string{`"/sys/fs/cgroup" 1 0 0 0`}},
		{"v1 without", hostV1(), nil, "cgroup", []string{"rslave"},
			[]string{`"tmpfs" "/sys/fs/cgroup" "tmpfs" 14 {mode=755} 0`},
			[]string{
				`fd4 "/sys/fs/cgroup/memory" 0`, `fd5 "/sys/fs/cgroup/cpu,cpuacct" 0`,
				`fd6 "/sys/fs/cgroup/systemd" 0`, `fd7 "/sys/fs/cgroup/unified" 0`,
			}, 2, []string{`"/sys/fs/cgroup" 0 0 0x80000 0x8000`}},
		{"v2 asked for on a v1 host", hostV1(), nil, "cgroup2", nil,
			[]string{`"cgroup2" "/sys/fs/cgroup" "cgroup" 0 {} 0`}, nil, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.Namespaces = append(s.Linux.Namespaces, test.ns...)
			s.Mounts = []specs.Mount{{Destination: "/sys/fs/cgroup", Type: test.fstype, Source: "cgroup", Options: test.options}}
			p := build(t, s, test.facts, options())
			wantSteps(t, p, wire.Mount, test.mounts...)
			wantSteps(t, p, wire.Attach, test.attach...)
			wantSteps(t, p, wire.Setattr, test.setattr...)
			links := 0
			for _, l := range only(p, wire.Symlink) {
				if strings.Contains(l, "/sys/fs/cgroup/cpu") {
					links++
				}
			}
			if links != test.links {
				t.Errorf("%d links to a hierarchy with several controllers, want %d", links, test.links)
			}
		})
	}
}

func TestDevices(t *testing.T) {
	mode, owner := os.FileMode(0o100600), uint32(7)
	s := small()
	s.Linux.Devices = []specs.LinuxDevice{
		{Path: "/dev/null", Type: "c", Major: 1, Minor: 3, FileMode: &mode, UID: &owner, GID: &owner},
		{Path: "/dev/b", Type: "b", Major: 4095, Minor: 1<<20 - 1},
		{Path: "/dev/u", Type: "u", Major: 1, Minor: 256},
		{Path: "/dev/f", Type: "p"},
	}
	nodes := only(build(t, s, hostV2(), options()), wire.Mknod)
	want := []string{
		`"/dev/null" 0x2180 0x103 7 7 7`, `"/dev/b" 0x61b6 0xffffffff 0 0 0`,
		`"/dev/u" 0x21b6 0x100100 0 0 0`, `"/dev/f" 0x11b6 0 0 0 0`,
	}
	if got := nodes[len(nodes)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n := len(defaultDevices) - 1 + len(want); len(nodes) != n {
		t.Errorf("%d nodes, want %d: a default device that the config has too is the config's", len(nodes), n)
	}

	// A /dev of the config's own is complete as it is: nothing is made in it,
	// and what is listed has to be there (16) and stays as it is (8).
	s.Mounts = []specs.Mount{{Destination: "/dev/", Source: "/dev", Options: []string{"rbind"}}}
	p := build(t, s, hostV2(), options())
	wantSteps(t, p, wire.Mknod,
		`"/dev/null" 0x2180 0x103 7 7 31`, `"/dev/b" 0x61b6 0xffffffff 0 0 24`,
		`"/dev/u" 0x21b6 0x100100 0 0 24`, `"/dev/f" 0x11b6 0 0 0 24`)
	wantSteps(t, p, wire.Symlink)
}

func TestUserNamespaceDevices(t *testing.T) {
	s := small()
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	s.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: 1000, Size: 1}}
	s.Linux.GIDMappings = s.Linux.UIDMappings
	s.Linux.Devices = []specs.LinuxDevice{{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229}, {Path: "/dev/f", Type: "p"}}
	p := build(t, s, hostV2(), options())
	wantSteps(t, p, wire.Mknod, `"/dev/f" 0x11b6 0 0 0 0`)
	if got := len(only(p, wire.Attach)); got != len(defaultDevices)+1 {
		t.Errorf("%d devices attached", got)
	}
	last := p.Slots[len(defaultDevices)+1]
	want := "node linux.devices[0] /dev/fuse number=0xae5 mode=666 owner=0:0 given=0 owners=[{0 1000 1}],[{0 1000 1}], char"
	if got := descriptor(last); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Where no node can be made it is the host's.
	facts := hostV2()
	facts.Mknod = false
	p = build(t, s, facts, options())
	want = strings.Replace("device"+strings.TrimPrefix(want, "node"), "0xae5", "0xae5 propagation=0x40000", 1)
	if got := descriptor(p.Slots[len(defaultDevices)+1]); got != want {
		t.Errorf("without mknod: got  %s", got)
	}

	// Devices are bind mounts here; without a mount namespace they would be
	// the host's, which the kernel refuses with a number that explains nothing.
	s.Linux.Namespaces = s.Linux.Namespaces[1:]
	wantRefusal(t, s, hostV2(), "linux.namespaces: a user namespace needs a mount namespace")
}

// TestNoMountNamespace: a container in the host's mount namespace leaves
// nothing mounted there.
func TestNoMountNamespace(t *testing.T) {
	s := load(t, "nomount.json")
	p := build(t, s, hostV1(), options())
	for _, k := range []wire.Kind{wire.Propagate, wire.Mount, wire.Attach, wire.Setattr, wire.Mask, wire.Readonly} {
		wantSteps(t, p, k)
	}
	wantSteps(t, p, wire.Console, "0")
	wantSteps(t, p, wire.Pivot, fmt.Sprint(wire.PivotChroot))
}

func TestSysctlHandle(t *testing.T) {
	for _, test := range []struct {
		name   string
		mounts []specs.Mount
		own    bool
	}{
		{"none mounted", nil, true},
		{"the container's", []specs.Mount{{Destination: "/proc", Type: "proc"}}, false},
		{"elsewhere", []specs.Mount{{Destination: "/p", Type: "proc"}}, true},
		{"bound", []specs.Mount{{Destination: "/proc", Source: "/proc", Options: []string{"rbind"}}}, true},
		{"read-only", []specs.Mount{{Destination: "/proc", Type: "proc", Options: []string{"ro"}}}, true},
		{"with the pids only", []specs.Mount{{Destination: "/proc", Type: "proc", Options: []string{"subset=pid"}}}, true},
		{"read-only filesystem", []specs.Mount{{Destination: "/proc", Type: "proc", Options: []string{"hidepid=2", "ro"}}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.IPCNamespace})
			s.Linux.Sysctl = map[string]string{"kernel.msgmax": "1", "fs.mqueue.msg_max": "2", "kernel.sem": "1 2 3 4"}
			s.Mounts = test.mounts
			p := build(t, s, hostV2(), options())
			if got := len(only(p, wire.Procfs)) == 1; got != test.own {
				t.Errorf("a procfs of its own: %v, want %v", got, test.own)
			}
			kept := false
			for _, m := range p.Steps {
				kept = kept || m.Kind == wire.Mount && m.Args[5].(uint64)&wire.KeepProc != 0
			}
			if kept == test.own {
				t.Errorf("the container's procfs kept: %v", kept)
			}
			wantSteps(t, p, wire.Sysctl, `"sys/fs/mqueue/msg_max" "2"`, `"sys/kernel/msgmax" "1"`, `"sys/kernel/sem" "1 2 3 4"`)
		})
	}
}

func TestHooks(t *testing.T) {
	second, ages := 1, math.MaxInt
	s := small()
	s.Process.Env = []string{"A=b", "HOME=/"}
	s.Hooks = &specs.Hooks{
		CreateContainer: []specs.Hook{{Path: "/a"}, {Path: "/b", Args: []string{"b", "c"}, Env: []string{"X=y"}, Timeout: &second}},
		StartContainer:  []specs.Hook{{Path: "/s", Timeout: &ages}},
	}
	p := build(t, s, hostV2(), options())
	wantSteps(t, p, wire.Hook,
		`"/a" ["/a"] [] 0 fd1`, `"/b" ["b" "c"] ["X=y"] 0x3e8 fd1`,
		fmt.Sprintf(`"/s" ["/s"] ["A=b" "HOME=/"] %#x fd3`, math.MaxInt32/1000*1000))
	wantSteps(t, p, wire.Ask, "hooks", "ready")
	if p.Slots[1].Status != specs.StateCreating || p.Slots[3].Status != specs.StateCreated {
		t.Errorf("states %s and %s", p.Slots[1].Status, p.Slots[3].Status)
	}

	// Hooks that run elsewhere are no steps of init.
	s.Hooks = &specs.Hooks{Poststart: []specs.Hook{{Path: "/a"}}, Poststop: []specs.Hook{{Path: "/a"}}}
	wantSteps(t, build(t, s, hostV2(), options()), wire.Ask, "ready")
	s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{Path: "/a"}}}
	wantSteps(t, build(t, s, hostV2(), options()), wire.Ask, "hooks", "ready")
}

// TestTooManyDescriptors: what does not fit into one start is refused with a
// reason, before a process exists.
func TestTooManyDescriptors(t *testing.T) {
	s := small()
	for i := range wire.MaxSlots - 2 { // the root tree and the socket are there already
		s.Mounts = append(s.Mounts, specs.Mount{Destination: fmt.Sprintf("/m/%d", i), Source: "/h", Options: []string{"bind"}})
	}
	build(t, s, hostV2(), options())
	s.Mounts = append(s.Mounts, specs.Mount{Destination: "/one/more", Source: "/h", Options: []string{"bind"}})
	wantRefusal(t, s, hostV2(), "descriptors")
}
