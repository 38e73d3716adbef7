package plan

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestSeccompFlagOfAnotherKernel(t *testing.T) {
	s := small()
	s.Linux.Seccomp = &specs.LinuxSeccomp{
		DefaultAction: specs.ActAllow, Flags: []specs.LinuxSeccompFlag{"SECCOMP_FILTER_FLAG_TSYNC", specs.LinuxSeccompFlagLog},
	}
	wantSteps(t, build(t, s, hostV2(), options()), wire.Seccomp, "2 … …")
	f := hostV2()
	f.NoSeccompFlags = 1 << 1
	wantRefusal(t, s, f, "linux.seccomp.flags[1]: this kernel has no SECCOMP_FILTER_FLAG_LOG")
}

func TestListener(t *testing.T) {
	with := func(names ...string) *specs.Spec {
		s := small()
		s.Linux.Seccomp = &specs.LinuxSeccomp{
			DefaultAction: specs.ActAllow, ListenerPath: "/agent", Flags: []specs.LinuxSeccompFlag{},
			Syscalls: []specs.LinuxSyscall{{Names: names, Action: specs.ActNotify}},
		}
		return s
	}
	wantSteps(t, build(t, with("mkdir"), hostV2(), options()), wire.Seccomp, "8 … …")
	wantSteps(t, build(t, with(), hostV2(), options()), wire.Seccomp, "0 … …")
	exec, err := BuildExec(with("mkdir"), small().Process, hostV2(), options())
	if err != nil {
		t.Fatal(err)
	}
	wantSteps(t, exec, wire.Seccomp, "8 … …")
	_, err = Build(with("mkdir", "sendmsg"), hostV2(), options())
	if err == nil || !strings.HasPrefix(err.Error(), "linux.seccomp: sendmsg has to be allowed") {
		t.Errorf("got %v", err)
	}
}
