package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckListener(t *testing.T) {
	filter := func(path, metadata string, action specs.LinuxSeccompAction, names ...string) edit {
		return linux(func(l *specs.Linux) {
			l.Seccomp = &specs.LinuxSeccomp{
				DefaultAction: specs.ActAllow, ListenerPath: path, ListenerMetadata: metadata,
				Syscalls: []specs.LinuxSyscall{{Names: []string{"exit"}, Action: specs.ActAllow}, {Names: names, Action: action}},
			}
		})
	}
	runCheckCases(t, []checkCase{
		{"none", linux(func(l *specs.Linux) { l.Seccomp = nil }), nil},
		{"whole", filter("/run/agent", "m", specs.ActNotify, "mkdir"), nil},
		{"not needed", filter("/run/agent", "m", specs.ActErrno, "mkdir"), nil},
		{"missing", filter("", "", specs.ActNotify, "mkdir"), []string{"linux.seccomp.listenerPath: required with SCMP_ACT_NOTIFY: somebody has to answer"}},
		{"for no call", filter("", "", specs.ActNotify), nil},
		{"metadata alone", filter("", "m", specs.ActErrno, "mkdir"), []string{"linux.seccomp.listenerMetadata: must not be set without listenerPath"}},
		{"cut", filter("/run\x00/agent", "", specs.ActNotify, "mkdir"), []string{"linux.seccomp.listenerPath: contains a NUL byte"}},
	})
	if Notifies(nil) {
		t.Error("no filter notifies somebody")
	}
}
