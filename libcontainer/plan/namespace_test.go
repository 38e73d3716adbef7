package plan

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestJoinOrder: with a user namespace to join, the others are tried before it
// and, if the caller may not, after it; with a new one, or none, only before.
func TestJoinOrder(t *testing.T) {
	network := specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: "/n/net"}
	pid := specs.LinuxNamespace{Type: specs.PIDNamespace, Path: "/n/pid"}
	maps := []specs.LinuxIDMapping{{HostID: 1000, Size: 10}}
	for _, test := range []struct {
		name string
		user *specs.LinuxNamespace
		maps []specs.LinuxIDMapping
		join []string
		asks []string
	}{
		{"no user namespace", nil, nil, []string{"fd0 0x40000000 0"}, nil},
		{"a new one", &specs.LinuxNamespace{Type: specs.UserNamespace}, maps,
			[]string{"fd0 0x40000000 0", "fd1 0x20000000 0"}, []string{"idmap"}},
		{"one by path", &specs.LinuxNamespace{Type: specs.UserNamespace, Path: "/n/user"}, nil,
			[]string{"fd0 0x40000000 1", "fd1 0x20000000 1", "fd2 0x10000000 0", "fd0 0x40000000 2", "fd1 0x20000000 2"}, nil},
		{"one by path that is described too", &specs.LinuxNamespace{Type: specs.UserNamespace, Path: "/n/user"}, maps,
			[]string{"fd0 0x40000000 1", "fd1 0x20000000 1", "fd2 0x10000000 0", "fd0 0x40000000 2", "fd1 0x20000000 2"}, []string{"same maps"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.Namespaces = append(s.Linux.Namespaces, network, pid)
			if test.user != nil {
				s.Linux.Namespaces = append(s.Linux.Namespaces, *test.user)
			}
			s.Linux.UIDMappings, s.Linux.GIDMappings = test.maps, test.maps
			p := build(t, s, hostV2(), options())
			wantSteps(t, p, wire.Setns, test.join...)
			wantSteps(t, p, wire.Ask, append(test.asks, "ready")...)
			if forks := len(only(p, wire.Fork)); forks != 0 != (test.user != nil) {
				t.Errorf("%d forks", forks)
			}
		})
	}
}

// TestNetDevices: they are there before anybody looks for them: sysctls that
// bear their name, and hooks.
func TestNetDevices(t *testing.T) {
	s := small()
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace}, specs.LinuxNamespace{Type: specs.TimeNamespace})
	s.Linux.NetDevices = map[string]specs.LinuxNetDevice{"eth0": {Name: "web"}}
	s.Linux.Sysctl = map[string]string{"net/ipv4/conf/eth0/forwarding": "1"}
	s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{Path: "/h"}}}
	p := build(t, s, hostV2(), options())
	wantSteps(t, p, wire.Ask, "network devices", "hooks", "ready")
	at := -1
	for i, step := range p.Steps {
		switch {
		case step.Field == "linux.netDevices":
			at = i
		case at < 0 && step.Kind == wire.Sysctl, at >= 0 && (step.Kind == wire.Fork || step.Kind == wire.Unshare && step.Field == "linux.namespaces"):
			t.Errorf("step %d %s (%s): on the wrong side of the move", i, step.Kind.Name(), step.Field)
		}
	}
}

// TestClasses: resctrl groups are entered before anybody is forked, by exec too.
func TestClasses(t *testing.T) {
	s := small()
	s.Linux.IntelRdt = &specs.LinuxIntelRdt{EnableMonitoring: true}
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.TimeNamespace})
	facts := hostV2()
	facts.Classes = 2
	exec, err := BuildExec(s, s.Process, facts, options())
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*Plan{"create": build(t, s, facts, options()), "exec": exec} {
		wantSteps(t, p, wire.Join, "fd0", "fd1")
		for i, want := range []wire.Kind{wire.Signals, wire.Join, wire.Join} {
			if p.Steps[i].Kind != want {
				t.Errorf("%s: step %d is %s, want %s", name, i, p.Steps[i].Kind.Name(), want.Name())
			}
		}
		for i := range 2 {
			if d := p.Slots[i]; d.Opens != OpenClass || d.Index != i || d.Field != "linux.intelRdt" {
				t.Errorf("%s: fd%d %s", name, i, descriptor(d))
			}
		}
	}
}
