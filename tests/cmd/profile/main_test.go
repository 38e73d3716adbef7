package main

import (
	"encoding/json"
	"testing"
)

func TestResolve(t *testing.T) {
	const in = `{
		"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS",
		"archMap": [
			{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
			{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
		"syscalls": [
			{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {}},
			{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]}},
			{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
			{"name": "modify_ldt", "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
			{"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}, "excludes": {"arches": ["s390x"]}}]}`
	for _, tc := range []struct {
		m    machine
		want string
	}{
		{
			machine{arch: "amd64", kernel: [2]int{6, 1}},
			`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],` +
				`"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["bpf"],"action":"SCMP_ACT_ERRNO","errnoRet":1},` +
				`{"names":["modify_ldt"],"action":"SCMP_ACT_ALLOW"},{"names":["ptrace"],"action":"SCMP_ACT_ALLOW"}]}`,
		},
		{
			machine{arch: "arm64", kernel: [2]int{4, 7}, caps: []string{"CAP_SYS_ADMIN", "CAP_BPF"}},
			`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"],` +
				`"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["bpf"],"action":"SCMP_ACT_ALLOW"}]}`,
		},
	} {
		var p profile
		if err := json.Unmarshal([]byte(in), &p); err != nil {
			t.Fatal(err)
		}
		out, err := p.resolve(tc.m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tc.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", tc.m, got, tc.want)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	for _, p := range []profile{
		{DefaultErrno: "ENOTHING"},
		{Syscalls: []rule{{Errno: "ENOTHING"}}},
		{Syscalls: []rule{{Includes: filter{MinKernel: "new"}}}},
	} {
		if out, err := p.resolve(machine{arch: "amd64"}); err == nil {
			t.Errorf("%+v: got %+v, want an error", p, out)
		}
	}
	if _, err := (&profile{}).resolve(machine{arch: "pdp11"}); err == nil {
		t.Error("pdp11: got no error")
	}
}
