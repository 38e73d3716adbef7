package plan

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// Where there is no mount_setattr, no tree has attributes that the parent would
// have to set, and none is attached without getting them at once.
func TestAttributesLate(t *testing.T) {
	for _, unprivileged := range []bool{false, true} {
		s := &specs.Spec{
			Root: &specs.Root{Path: "rootfs"},
			Mounts: []specs.Mount{
				proc,
				{Destination: "/a", Type: "bind", Source: "/s", Options: []string{"rbind", "ro", "noexec", "rnosuid"}},
				{Destination: "/b", Type: "bind", Source: "/s", Options: []string{"bind", "rprivate"}},
			},
			Linux: &specs.Linux{
				Namespaces:  []specs.LinuxNamespace{{Type: specs.MountNamespace}, {Type: specs.UserNamespace}},
				UIDMappings: []specs.LinuxIDMapping{{Size: 1}}, GIDMappings: []specs.LinuxIDMapping{{Size: 1}},
				MaskedPaths: []string{"/proc/kcore"},
			},
		}
		before, err := Build(s, Facts{Arch: "amd64", NoMount: unprivileged}, Options{ID: "x", Bundle: "/bundle"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Build(s, Facts{Arch: "amd64", NoMount: unprivileged, NoSetattr: true}, Options{ID: "x", Bundle: "/bundle"})
		if err != nil {
			t.Fatal(err)
		}
		wanted := 0
		for i := range before.Slots {
			d := &before.Slots[i]
			if d.Opens == OpenTree || d.Opens == OpenDevice && d.Field != "linux.maskedPaths" {
				wanted += len(d.attributes(wire.LateAttr, wire.Slot(i)))
			}
			if d := p.Slots[i]; d.Set|d.Clear|d.RecSet|d.RecClear != 0 || len(d.Propagation) > 0 {
				t.Errorf("fd%d %s: the parent is to set attributes", i, descriptor(d))
			}
		}
		got, attached := 0, wire.NoSlot
		for _, step := range p.Steps {
			switch step.Kind {
			case wire.TreeAttr:
				t.Errorf("%s: a step before it is attached", step.Field)
			case wire.LateAttr:
				got++
				if step.Args[0] != any(attached) {
					t.Errorf("%s: slot %v, attached is %v", step.Field, step.Args[0], attached)
				}
			case wire.Attach, wire.Rootfs:
				attached = step.Args[0].(wire.Slot)
			default:
				attached = wire.NoSlot
			}
		}
		if got != wanted || got < 6 {
			t.Errorf("without privilege %t: got %d late steps, want %d", unprivileged, got, wanted)
		}
	}
}
