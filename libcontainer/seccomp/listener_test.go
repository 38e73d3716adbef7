package seccomp

import (
	"runtime"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestSends(t *testing.T) {
	rule := func(action specs.LinuxSeccompAction, args []specs.LinuxSeccompArg, names ...string) specs.LinuxSyscall {
		return specs.LinuxSyscall{Names: names, Action: action, Args: args}
	}
	some := []specs.LinuxSeccompArg{{Index: 0, Value: 7, Op: specs.OpEqualTo}}
	for _, test := range []struct {
		name  string
		def   specs.LinuxSeccompAction
		rules []specs.LinuxSyscall
		want  bool
	}{
		{"allowed by default", specs.ActAllow, nil, true},
		{"logged by default", specs.ActLog, nil, true},
		{"refused by default", specs.ActErrno, []specs.LinuxSyscall{rule(specs.ActAllow, nil, "read")}, false},
		{"left to a tracer by default", specs.ActTrace, nil, false},
		{"allowed", specs.ActErrno, []specs.LinuxSyscall{rule(specs.ActAllow, nil, "read", "sendmsg")}, true},
		{"notified", specs.ActAllow, []specs.LinuxSyscall{rule(specs.ActNotify, nil, "sendmsg")}, false},
		{"notified now and then", specs.ActAllow, []specs.LinuxSyscall{rule(specs.ActNotify, some, "sendmsg")}, false},
		{"refused now and then", specs.ActAllow, []specs.LinuxSyscall{rule(specs.ActLog, some, "sendmsg"), rule(specs.ActErrno, some, "sendmsg")}, false},
		{"allowed now, logged then", specs.ActAllow, []specs.LinuxSyscall{rule(specs.ActLog, some, "sendmsg")}, true},
		{"allowed now and then", specs.ActErrno, []specs.LinuxSyscall{rule(specs.ActAllow, some, "sendmsg")}, false},
		{"notified, and allowed before", specs.ActErrno, []specs.LinuxSyscall{rule(specs.ActAllow, nil, "sendmsg"), rule(specs.ActNotify, nil, "sendmsg")}, true},
		{"newer than the profile", specs.ActKill, []specs.LinuxSyscall{rule(specs.ActAllow, nil, "exit")}, false},
	} {
		test.rules = append(test.rules, rule(specs.ActNotify, nil, "mount"))
		for _, arch := range []string{"amd64", "arm64", "s390x", "ppc64le"} {
			f, err := Compile(&specs.LinuxSeccomp{DefaultAction: test.def, Syscalls: test.rules}, arch)
			if err != nil {
				t.Fatal(err)
			}
			if f.Sends != test.want {
				t.Errorf("%s, %s: got %t, want %t", test.name, arch, f.Sends, test.want)
			}
			// The program itself has to agree.
			if arch != runtime.GOARCH {
				continue
			}
			native := archByPort(arch)
			d := Data{Nr: int32(refNumber(native, "sendmsg")), Arch: native.audit, Args: [6]uint64{9, 9, 9, 9, 9, 9}}
			verdict := reference(&specs.LinuxSeccomp{DefaultAction: test.def, Syscalls: test.rules}, arch, d) & retActionMask
			if through := verdict == retAllow || verdict == retLog; test.want && !through {
				t.Errorf("%s: verdict %#x", test.name, verdict)
			}
		}
	}
}
