package spec

import (
	"errors"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestUnsupported(t *testing.T) {
	if errs := Unsupported(Default()); errs != nil {
		t.Errorf("default: got %v, want none", errs)
	}
	// Fields that are there and empty ask for nothing.
	s := Default()
	s.Process.SelinuxLabel = ""
	s.Linux.Seccomp = &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	if errs := Unsupported(s); errs != nil {
		t.Errorf("empty fields: got %v, want none", errs)
	}

	l := s.Linux
	l.IntelRdt = &specs.LinuxIntelRdt{}
	want := []string{
		"linux.intelRdt",
	}
	for i := range want {
		want[i] += ": not supported by this release"
	}
	err := Check(s, Options{})
	compareErrors(t, err, want)
	if !errors.Is(err, ErrUnsupported) {
		t.Error("Check: errors.Is ErrUnsupported: got false, want true")
	}
	var fe *FieldError
	if !errors.As(err, &fe) || fe.Path != "linux.intelRdt" {
		t.Errorf("Check: errors.As *FieldError: got %+v, want path linux.intelRdt", fe)
	}
	if got := len(Unsupported(s)); got != len(want) {
		t.Errorf("Unsupported: got %d, want %d", got, len(want))
	}
}

func TestCheckSeveralAtOnce(t *testing.T) {
	s := Default()
	s.Version, s.Root.Path, s.Process.Args, s.Process.ApparmorProfile = "x", "", nil, "a\n"
	s.Linux.Namespaces[0].Type = "PID"
	compareErrors(t, Check(s, Options{}), []string{
		`linux.namespaces[0].type: unknown namespace type "PID"`,
		`ociVersion: "x" is not a version in SemVer 2.0.0 form`,
		"process.apparmorProfile: contains a control character",
		"process.args: args must not be empty",
		"root.path: required",
	})
	// An empty document has no namespaces to miss beside the section itself.
	compareErrors(t, Check(&specs.Spec{}, Options{NeedProcess: true}), []string{
		"linux: required: this runtime runs Linux containers only",
		"ociVersion: required",
		"process: required to start the container",
		"root: required",
	})
}
