package plan

import (
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestInherit(t *testing.T) {
	umask, score := uint32(0o77), 5
	own := &specs.Process{
		Args: []string{"own"}, Cwd: "/own", Env: []string{"OWN=1"}, Terminal: true, NoNewPrivileges: true,
		User:            specs.User{UID: 1, GID: 2, AdditionalGids: []uint32{3}, Umask: &umask},
		Capabilities:    &specs.LinuxCapabilities{Bounding: []string{"CAP_KILL"}},
		Rlimits:         []specs.POSIXRlimit{{Type: "RLIMIT_CORE"}},
		OOMScoreAdj:     &score,
		ApparmorProfile: "profile", SelinuxLabel: "label",
		Scheduler:       &specs.Scheduler{Policy: specs.SchedIdle},
		IOPriority:      &specs.LinuxIOPriority{Class: specs.IOPRIO_CLASS_BE},
		ExecCPUAffinity: &specs.CPUAffinity{Final: "0"},
	}
	p := &specs.Process{Args: []string{"sh"}, Cwd: "/", User: specs.User{UID: 7}}
	before := *p
	got := Inherit(p, own)
	want := &specs.Process{
		Args: p.Args, Cwd: "/", User: specs.User{UID: 7, Umask: &umask},
		Capabilities: own.Capabilities, Rlimits: own.Rlimits, OOMScoreAdj: &score,
		ApparmorProfile: "profile", SelinuxLabel: "label", Scheduler: own.Scheduler, IOPriority: own.IOPriority, ExecCPUAffinity: own.ExecCPUAffinity,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(*p, before) {
		t.Errorf("changed its argument to %+v", p)
	}
	if got := Inherit(own, got); !reflect.DeepEqual(got, own) {
		t.Errorf("took what was there: %+v", got)
	}
	if got := Inherit(p, nil); got != p {
		t.Errorf("without a process of its own: got %+v", got)
	}
}
