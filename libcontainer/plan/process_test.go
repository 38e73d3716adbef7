package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		name string
		env  []string
		want []string
		home bool // looked up inside
	}{
		{"nothing", nil, []string{"HOME="}, true},
		{"as it is", []string{"A=1", "HOME=/h", "B="}, []string{"A=1", "HOME=/h", "B="}, false},
		{"last of each name, in its place", []string{"A=1", "B=2", "A=3", "HOME=/", "B=4"}, []string{"A=3", "HOME=/", "B=4"}, false},
		{"names that begin alike", []string{"A=1", "AB=2", "HOME=/", "HOMER=x"}, []string{"A=1", "AB=2", "HOME=/", "HOMER=x"}, false},
		{"values with =", []string{"A=b=c", "A=d=e", "HOME=/"}, []string{"A=d=e", "HOME=/"}, false},
		{"empty home", []string{"HOME=", "A=1"}, []string{"A=1", "HOME="}, true},
		{"home emptied later", []string{"HOME=/h", "A=1", "HOME="}, []string{"A=1", "HOME="}, true},
		{"home filled later", []string{"HOME=", "A=1", "HOME=/h"}, []string{"A=1", "HOME=/h"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Process.Env = test.env
			before := slices.Clone(test.env)
			p := build(t, s, hostV2(), options())
			if !slices.Equal(before, s.Process.Env) {
				t.Errorf("the config's own list is now %q", s.Process.Env)
			}
			exec := p.Steps[len(p.Steps)-1]
			if got := exec.Args[1].([]string); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			place := int64(exec.Args[2].(uint64))
			if homes := only(p, wire.Home); (len(homes) == 1) != test.home {
				t.Errorf("steps that look HOME up: %q", homes)
			}
			if test.home && test.want[place] != "HOME=" || !test.home && place != -1 {
				t.Errorf("HOME is put at %d", place)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	for _, test := range []struct {
		name string
		env  []string
		want []string
	}{
		{"sh", []string{"PATH=/a:/b"}, []string{"/a/sh", "/b/sh"}},
		{"sh", []string{"PATH=/a/:/b//c"}, []string{"/a/sh", "/b/c/sh"}},
		{"sh", []string{"PATH=:/a:"}, []string{"sh", "/a/sh", "sh"}},
		{"sh", []string{"PATH="}, []string{"sh"}},
		{"sh", []string{"PATHS=/a", "XPATH=/b"}, nil},
		{"sh", []string{"PATH=/a", "PATH=/b"}, []string{"/b/sh"}},
		{"sh", nil, nil},
		{"/bin/sh", []string{"PATH=/a"}, []string{"/bin/sh"}},
		{"./sh", []string{"PATH=/a"}, []string{"./sh"}},
		{"bin/sh", []string{"PATH=/a"}, []string{"bin/sh"}},
	} {
		s := small()
		s.Process.Args, s.Process.Env = []string{test.name}, test.env
		p := build(t, s, hostV2(), options())
		for _, step := range p.Steps {
			if step.Kind != wire.Find {
				continue
			}
			if got := step.Args[1].([]string); step.Args[0] != test.name || !slices.Equal(got, test.want) {
				t.Errorf("%s with %q: got %q, want %q", test.name, test.env, got, test.want)
			}
		}
	}
}

func TestCapabilities(t *testing.T) {
	const chown, kill = 1 << 0, 1 << 5
	host := hostV2()
	for _, test := range []struct {
		name     string
		caps     *specs.LinuxCapabilities
		have     uint64
		bounding string
		caps3    string
		ambient  string
		warnings []string
	}{
		{"none asked for", nil, host.Caps, "0 40", "0 0 0", "0", nil},
		{"each set its own", &specs.LinuxCapabilities{
			Bounding: []string{"CAP_CHOWN", "CAP_KILL"}, Effective: []string{"CAP_KILL"},
			Permitted: []string{"CAP_KILL", "CAP_CHOWN"}, Inheritable: []string{"CAP_CHOWN"}, Ambient: []string{"CAP_CHOWN"},
		}, host.Caps, "33 40", "32 33 1", "1", nil},
		{"beyond what this process has", &specs.LinuxCapabilities{
			Bounding: []string{"CAP_KILL", "CAP_SYS_ADMIN"}, Permitted: []string{"CAP_SYS_ADMIN"},
		}, chown | kill, "32 40", "0 0 0", "0", []string{"bounding: capabilities 0x200000", "permitted: capabilities 0x200000"}},
		{"effective but not permitted", &specs.LinuxCapabilities{Effective: []string{"CAP_KILL"}},
			host.Caps, "0 40", "0 0 0", "0", []string{"effective: capabilities 0x20 are not in permitted"}},
		{"ambient but not inheritable", &specs.LinuxCapabilities{Permitted: []string{"CAP_KILL"}, Ambient: []string{"CAP_KILL"}},
			host.Caps, "0 40", "0 32 0", "0", []string{"ambient: capabilities 0x20 are not in permitted and inheritable"}},
		{"unknown", &specs.LinuxCapabilities{Bounding: []string{"CAP_NOPE", "CAP_KILL"}},
			host.Caps, "32 40", "0 0 0", "0", []string{`bounding: unknown capability "CAP_NOPE"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Process.Capabilities = test.caps
			f := host
			f.Caps = test.have
			p := build(t, s, f, options())
			wantSteps(t, p, wire.Bounding, test.bounding)
			wantSteps(t, p, wire.Caps, test.caps3)
			wantSteps(t, p, wire.Ambient, test.ambient)
			if len(p.Warnings) != len(test.warnings) {
				t.Fatalf("warnings %q, want %q", p.Warnings, test.warnings)
			}
			for i, w := range test.warnings {
				if !strings.Contains(p.Warnings[i], w) || !strings.HasPrefix(p.Warnings[i], "process.capabilities.") {
					t.Errorf("warning %q, want %q", p.Warnings[i], w)
				}
			}
		})
	}
}

// order is where steps of a kind stand; -1 is nowhere.
func order(p *Plan, k wire.Kind) int {
	return slices.IndexFunc(p.Steps, func(s wire.Step) bool { return s.Kind == k })
}

// TestFilterPlace: without no-new-privileges the filter is loaded while init
// may still load one, and after it waited; with it at the very end.
func TestFilterPlace(t *testing.T) {
	filter := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow,
		Syscalls: []specs.LinuxSyscall{{Names: []string{"reboot"}, Action: specs.ActErrno}}}
	s := small()
	s.Linux.Seccomp = filter
	p := build(t, s, hostV2(), options())
	if at := order(p, wire.Seccomp); at != len(p.Steps)-2 || order(p, wire.NoNewPrivs) > at {
		t.Errorf("with no-new-privileges the filter is step %d of %d", at, len(p.Steps))
	}
	s.Process.NoNewPrivileges = false
	p = build(t, s, hostV2(), options())
	wait, closes, load, user := order(p, wire.Wait), order(p, wire.CloseFDs), order(p, wire.Seccomp), order(p, wire.User)
	if !(wait < closes && closes < load && load < user) || order(p, wire.NoNewPrivs) >= 0 {
		t.Errorf("without: wait %d, close %d, filter %d, user %d", wait, closes, load, user)
	}
	// exec is under the container's filter too.
	p, err := BuildExec(s, s.Process, hostV2(), options())
	if err != nil || order(p, wire.Seccomp) < 0 || order(p, wire.Wait) >= 0 {
		t.Errorf("exec: filter at %d, wait at %d, %v", order(p, wire.Seccomp), order(p, wire.Wait), err)
	}
	// One that cannot be compiled is no plan.
	filter.Syscalls[0].Args = []specs.LinuxSeccompArg{{Index: 9, Op: specs.OpEqualTo}}
	if _, err = Build(s, hostV2(), options()); err == nil {
		t.Error("a filter with argument 9: accepted")
	}
}

func TestUser(t *testing.T) {
	umask := uint32(0)
	s := small()
	s.Process.User = specs.User{UID: 1, GID: 2, AdditionalGids: []uint32{70000, 4}, Umask: &umask}
	p := build(t, s, hostV2(), options())
	wantSteps(t, p, wire.Stdio, "1")
	wantSteps(t, p, wire.Umask, "0")
	i := order(p, wire.User)
	if a := p.Steps[i].Args; a[0] != uint64(1) || a[1] != uint64(2) || a[2] != uint64(2) || !slices.Equal(a[3].([]uint32), []uint32{70000, 4}) {
		t.Errorf("user %v", a)
	}
	s.Process.User.Umask = nil
	wantSteps(t, build(t, s, hostV2(), options()), wire.Umask, "18")
}

func TestBirth(t *testing.T) {
	const all = 0x7e020000 | 0x80
	of := func(list ...specs.LinuxNamespace) *specs.Spec {
		s := small()
		s.Linux.Namespaces = list
		return s
	}
	fresh := func(t specs.LinuxNamespaceType) specs.LinuxNamespace { return specs.LinuxNamespace{Type: t} }
	at := func(t specs.LinuxNamespaceType) specs.LinuxNamespace {
		return specs.LinuxNamespace{Type: t, Path: "/n/" + string(t)}
	}
	for _, test := range []struct {
		name string
		spec *specs.Spec
		want Born
	}{
		{"nothing of its own", of(), Born{}},
		{"all new ones in one call, but for the cgroup namespace", of(fresh(specs.PIDNamespace), fresh(specs.NetworkNamespace),
			fresh(specs.MountNamespace), fresh(specs.IPCNamespace), fresh(specs.UTSNamespace), fresh(specs.CgroupNamespace)),
			Born{CloneFlags: 0x6c020000}},
		{"pid namespace by path", of(fresh(specs.MountNamespace), at(specs.PIDNamespace)),
			Born{CloneFlags: cloneMount, PIDNamespace: "/n/pid", PIDFlag: clonePID, PIDField: "linux.namespaces[1].path"}},
		{"others by path are joined later", of(at(specs.NetworkNamespace), at(specs.IPCNamespace)), Born{}},
		{"a time namespace by path takes a process of one thread", of(at(specs.TimeNamespace)), Born{Single: true}},
		{"a user namespace: init makes everything", of(fresh(specs.UserNamespace), fresh(specs.PIDNamespace)), Born{Single: true}},
		{"a user namespace by path: likewise", of(at(specs.UserNamespace), fresh(specs.PIDNamespace)), Born{Single: true}},
		{"a new time namespace: likewise", of(fresh(specs.TimeNamespace), fresh(specs.PIDNamespace)), Born{Single: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Birth(test.spec); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			// Who is not born in a namespace makes or joins it by steps.
			test.spec.Linux.Namespaces = append(slices.Clone(test.spec.Linux.Namespaces), missing(test.spec)...)
			p, err := Build(test.spec, hostV2(), options())
			if err != nil {
				t.Fatal(err)
			}
			made := Birth(test.spec).CloneFlags | Birth(test.spec).PIDFlag
			for _, step := range p.Steps {
				switch step.Kind {
				case wire.Unshare:
					made |= step.Args[0].(uint64)
				case wire.Setns:
					made |= step.Args[1].(uint64)
				}
			}
			want := uint64(0)
			for _, ns := range test.spec.Linux.Namespaces {
				want |= cloneFlag(ns.Type)
			}
			if made != want || made&^all != 0 {
				t.Errorf("namespaces made or joined %#x, want %#x", made, want)
			}
		})
	}
	want := Born{PIDFlag: clonePID}
	if got := ExecBirth(of(fresh(specs.PIDNamespace)), true); got != want {
		t.Errorf("exec: got %+v, want %+v", got, want)
	}
	if got := ExecBirth(of(fresh(specs.UserNamespace)), false); got != (Born{Single: true}) {
		t.Errorf("exec: got %+v", got)
	}
	// Who is root in the user namespace alone joins that before the other.
	both := of(fresh(specs.UserNamespace), fresh(specs.PIDNamespace))
	if got := ExecBirth(both, false); got != (Born{Single: true, PIDFlag: clonePID}) {
		t.Errorf("exec: got %+v", got)
	}
	if got := ExecBirth(both, true); got != (Born{Single: true}) {
		t.Errorf("exec without privilege: got %+v", got)
	}
}

// missing is the mount namespace that a user namespace needs.
func missing(s *specs.Spec) []specs.LinuxNamespace {
	has := func(t specs.LinuxNamespaceType) bool {
		return slices.ContainsFunc(s.Linux.Namespaces, func(ns specs.LinuxNamespace) bool { return ns.Type == t })
	}
	if has(specs.UserNamespace) && !has(specs.MountNamespace) {
		return []specs.LinuxNamespace{{Type: specs.MountNamespace}}
	}
	return nil
}
