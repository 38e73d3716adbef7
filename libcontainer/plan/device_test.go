package plan

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestBound(t *testing.T) {
	bind := func(target string) specs.Mount {
		return specs.Mount{Destination: target, Source: "/h", Options: []string{"rbind"}}
	}
	fresh := func(target string) specs.Mount { return specs.Mount{Destination: target, Type: "tmpfs"} }
	for _, test := range []struct {
		name   string
		mounts []specs.Mount
		path   string
		want   bool
	}{
		{"root filesystem", nil, "/dev/a", false},
		{"new filesystem", []specs.Mount{fresh("/dev")}, "/dev/a", false},
		{"bind", []specs.Mount{bind("/dev/")}, "/dev/a", true},
		{"the path itself", []specs.Mount{bind("/dev/a")}, "/dev/a", true},
		{"another name", []specs.Mount{bind("/dev/ab")}, "/dev/a", false},
		{"new filesystem on a bind", []specs.Mount{bind("/dev"), fresh("/dev/sub")}, "/dev/sub/a", false},
		{"bind on a new filesystem", []specs.Mount{fresh("/dev"), bind("dev/sub")}, "/dev/sub/a", true},
		{"another root", []specs.Mount{bind("/")}, "/dev/a", true},
		{"a remount puts nothing there", []specs.Mount{bind("/dev"), {Destination: "/dev", Options: []string{"remount", "ro"}}}, "/dev/a", true},
	} {
		b := &builder{spec: small()}
		b.spec.Mounts = test.mounts
		b.readMounts()
		if got := b.bound(test.path); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}

// Without the right to make nodes there is no mknod, user namespace or not.
func TestDevicesWithoutMknod(t *testing.T) {
	s := small()
	s.Linux.Devices = []specs.LinuxDevice{{Path: "/dev/fifo", Type: "p"}, {Path: "/srv/fuse", Type: "c", Major: 10, Minor: 229}}
	facts := hostV2()
	facts.Mknod = false
	p := build(t, s, facts, options())
	wantSteps(t, p, wire.Mknod, `"/dev/fifo" 0x11b6 0 0 0 0`)
	for _, d := range p.Slots {
		if d.Opens == OpenNode || d.Owners != nil {
			t.Errorf("got %s", descriptor(d))
		}
	}
	if got := len(only(p, wire.Attach)); got != len(defaultDevices)+1 {
		t.Errorf("%d devices attached", got)
	}
}

// The owners of a joined user namespace are the namespace's own, unless the
// config describes it.
func TestDeviceOwners(t *testing.T) {
	s := small()
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace, Path: "/ns"})
	if d := build(t, s, hostV2(), options()).Slots[2]; d.Owners.Path != "/ns" || d.Owners.UID != nil {
		t.Errorf("got %s", descriptor(d))
	}
	s.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: 1000, Size: 1}}
	s.Linux.GIDMappings = s.Linux.UIDMappings
	if d := build(t, s, hostV2(), options()).Slots[2]; d.Owners.Path != "" || len(d.Owners.UID) != 1 {
		t.Errorf("got %s", descriptor(d))
	}
}
