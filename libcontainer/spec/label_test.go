package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckLabels(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"empty", process(func(p *specs.Process) { p.ApparmorProfile, p.SelinuxLabel = "", "" }), nil},
		{"profile", process(func(p *specs.Process) { p.ApparmorProfile = "docker-default" }), nil},
		{"profile with a path and blanks", process(func(p *specs.Process) { p.ApparmorProfile = "/usr/bin/my program//child" }), nil},
		{"label", process(func(p *specs.Process) { p.SelinuxLabel = "system_u:system_r:container_t:s0:c1,c2" }), nil},
		{"two lines", process(func(p *specs.Process) { p.SelinuxLabel = "a\nb" }), []string{"process.selinuxLabel: contains a control character"}},
		{"cut", process(func(p *specs.Process) { p.ApparmorProfile = "a\x00b" }), []string{"process.apparmorProfile: contains a NUL byte"}},
		{"mount label", linux(func(l *specs.Linux) { l.MountLabel = "system_u:object_r:container_file_t:s0:c1,c2" }), nil},
		{"mount label with a blank", linux(func(l *specs.Linux) { l.MountLabel = "a " }),
			[]string{`linux.mountLabel: "a " begins or ends with a blank, which is no part of a label`}},
	})
}
