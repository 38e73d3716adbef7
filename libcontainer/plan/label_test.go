package plan

import (
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// proc is the mount that most containers have.
var proc = specs.Mount{Destination: "/proc", Type: "proc", Source: "proc"}

// procSteps are the steps that have to do with labels and with how init comes
// by a procfs, in their order, as "kind arguments".
func procSteps(p *Plan) []string {
	var out []string
	for _, s := range p.Steps {
		switch s.Kind {
		case wire.Procfs, wire.Label, wire.Sysctl, wire.Keyring, wire.User, wire.Setns, wire.Pivot:
			out = append(out, s.Kind.Name())
		case wire.Mount:
			if s.Args[5].(uint64)&wire.KeepProc != 0 {
				out = append(out, "kept")
			}
		}
	}
	return out
}

func TestLabels(t *testing.T) {
	const profile, label = `"self/attr/apparmor/exec" "self/attr/exec" "exec p"`, `"self/attr/exec" 0 "l"`
	for _, test := range []struct {
		name            string
		profile, label  string
		facts           Facts
		want            []string // label steps
		create, exec    []string // order
		mounts          []specs.Mount
		sysctl          map[string]string
		refusal         string
		newPrivs, nokey bool
	}{
		{name: "nothing", create: []string{"keyring", "pivot", "user"}, exec: []string{"setns", "keyring", "user"}},
		{name: "profile", profile: "p", facts: Facts{AppArmor: true}, want: []string{profile},
			create: []string{"keyring", "procfs", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "profile, through the container's procfs", profile: "p", facts: Facts{AppArmor: true}, want: []string{profile}, mounts: []specs.Mount{proc},
			create: []string{"keyring", "kept", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "profile and sysctl", profile: "p", facts: Facts{AppArmor: true}, want: []string{profile}, sysctl: map[string]string{"kernel.domainname": "x"},
			create: []string{"keyring", "procfs", "sysctl", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "label", label: "l", facts: Facts{SELinux: true}, want: []string{`"self/attr/keycreate" 0 "l"`, label},
			create: []string{"procfs", "label", "keyring", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "label", "keyring", "label", "user"}, mounts: []specs.Mount{proc}},
		{name: "label, the caller's keyring", label: "l", facts: Facts{SELinux: true}, nokey: true, want: []string{label},
			create: []string{"procfs", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "label", "user"}},
		{name: "both", profile: "p", label: "l", facts: Facts{AppArmor: true, SELinux: true}, want: []string{`"self/attr/keycreate" 0 "l"`, profile, label},
			create: []string{"procfs", "label", "keyring", "pivot", "label", "label", "user"}, exec: []string{"procfs", "setns", "label", "keyring", "label", "label", "user"}},
		{name: "confined", profile: "p", facts: Facts{AppArmor: true, Confined: true}, want: []string{`"self/attr/apparmor/exec" "self/attr/exec" "stack p"`},
			create: []string{"keyring", "procfs", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "confined, new privileges", profile: "p", facts: Facts{AppArmor: true, Confined: true}, newPrivs: true, want: []string{profile},
			create: []string{"keyring", "procfs", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "unconfined", profile: "unconfined", facts: Facts{AppArmor: true}, want: []string{`"self/attr/apparmor/exec" "self/attr/exec" "exec unconfined"`},
			create: []string{"keyring", "procfs", "pivot", "label", "user"}, exec: []string{"procfs", "setns", "keyring", "label", "user"}},
		{name: "unconfined without AppArmor", profile: "unconfined", create: []string{"keyring", "pivot", "user"}, exec: []string{"setns", "keyring", "user"}},
		{name: "profile without AppArmor", profile: "p", facts: Facts{SELinux: true}, refusal: "process.apparmorProfile: AppArmor is not enabled on this host"},
		{name: "label without SELinux", label: "l", facts: Facts{AppArmor: true}, refusal: "process.selinuxLabel: SELinux is not enabled on this host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UTSNamespace})
			s.Mounts, s.Linux.Sysctl = test.mounts, test.sysctl
			s.Process.ApparmorProfile, s.Process.SelinuxLabel, s.Process.NoNewPrivileges = test.profile, test.label, !test.newPrivs
			f, o := test.facts, options()
			f.Arch, f.Unified, o.NoNewKeyring = "amd64", true, test.nokey
			exec, execErr := BuildExec(s, s.Process, f, o)
			if test.refusal != "" {
				wantRefusal(t, s, f, test.refusal)
				if execErr == nil || execErr.Error() != test.refusal {
					t.Errorf("exec: got %v, want %s", execErr, test.refusal)
				}
				return
			}
			if execErr != nil {
				t.Fatal(execErr)
			}
			create := build(t, s, f, o)
			wantSteps(t, create, wire.Label, test.want...)
			wantSteps(t, exec, wire.Label, test.want...)
			if got := procSteps(create); !slices.Equal(got, test.create) {
				t.Errorf("create: got %q, want %q", got, test.create)
			}
			if got := procSteps(exec); !slices.Equal(got, test.exec) {
				t.Errorf("exec: got %q, want %q", got, test.exec)
			}
		})
	}
}

func TestMountLabel(t *testing.T) {
	s := small()
	s.Linux.MountLabel = "l:s0:c1,c2"
	s.Linux.MaskedPaths = []string{"/m"}
	s.Mounts = []specs.Mount{
		proc,
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue"},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs"},
		{Destination: "/own", Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755", "context=other"}},
		{Destination: "/bind", Source: "/b", Options: []string{"bind"}},
	}
	wantRefusal(t, s, hostV2(), "linux.mountLabel: SELinux is not enabled on this host")
	f := hostV2()
	f.SELinux = true
	p := build(t, s, f, options())
	wantSteps(t, p, wire.Mount,
		`"proc" "/proc" "proc" 0 {} 6`,
		`"tmpfs" "/dev" "tmpfs" 0 {mode=755 context=l:s0:c1,c2} 0`,
		`"mqueue" "/dev/mqueue" "mqueue" 0 {} 0`,
		`"sysfs" "/sys" "sysfs" 0 {} 6`,
		`"tmpfs" "/own" "tmpfs" 0 {mode=755 context=other} 0`)
	wantSteps(t, p, wire.Relabel, `"/dev/mqueue" "l:s0:c1,c2"`)
	wantSteps(t, p, wire.Mask, `"/m" fd2 "l:s0:c1,c2"`)
	exec, err := BuildExec(s, s.Process, hostV2(), options())
	if err != nil || len(only(exec, wire.Label)) != 0 {
		t.Errorf("exec: %v, %q", err, only(exec, wire.Label))
	}
}
