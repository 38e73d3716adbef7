package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// lines is one line a mount and a line a point, as the slots would be opened.
func (e *External) lines() string {
	var b strings.Builder
	fmt.Fprintf(&b, "root %s\n", e.Slots[e.Root].Path)
	for _, m := range e.Mounts {
		fmt.Fprintf(&b, "%s %s as %s from %s", m.Field, m.Target, m.Name, e.Slots[m.Slot].Path)
		if m.Recursive {
			b.WriteString(" and below")
		}
		if m.FileOnly {
			b.WriteString(" if a file")
		}
		b.WriteString("\n")
	}
	for _, p := range e.Points {
		kind := "directory"
		if p.Slot >= 0 {
			kind = "like " + e.Slots[p.Slot].Path
		}
		fmt.Fprintf(&b, "point %s %s\n", p.Path, kind)
	}
	return b.String()
}

func externalSpec() *specs.Spec {
	return &specs.Spec{
		Root: &specs.Root{Path: "rootfs"},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs"},
			{Destination: "/volume/", Type: "bind", Source: "v", Options: []string{"rbind", "ro"}},
			{Destination: "/volume/in", Type: "tmpfs", Source: "tmpfs"},
			{Destination: "/etc/hosts", Source: "/host/hosts", Options: []string{"bind"}},
			{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup"},
		},
		Linux: &specs.Linux{
			Namespaces:    []specs.LinuxNamespace{{Type: specs.MountNamespace}, {Type: specs.CgroupNamespace}},
			MaskedPaths:   []string{"/proc/kcore", "/volume/secret"},
			ReadonlyPaths: []string{"/volume/fixed"},
		},
	}
}

func TestBuildExternal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		facts Facts
		want  string
	}{
		{"v2", hostV2(), `root /bundle/rootfs
mounts[2] /volume as /volume from /bundle/v and below
mounts[4] /etc/hosts as /etc/hosts from /host/hosts
mounts[5] /sys/fs/cgroup as /sys/fs/cgroup from /sys/fs/cgroup/c
linux.maskedPaths[0] /proc/kcore as /dev/null from /dev/null if a file
linux.maskedPaths[1] /volume/secret as /dev/null from /dev/null if a file
point /proc directory
point /dev directory
point /volume like /bundle/v
point /etc/hosts like /host/hosts
point /sys/fs/cgroup like /sys/fs/cgroup/c
`},
		{"v1", hostV1(), `root /bundle/rootfs
mounts[2] /volume as /volume from /bundle/v and below
mounts[4] /etc/hosts as /etc/hosts from /host/hosts
mounts[5] /sys/fs/cgroup/memory as /sys/fs/cgroup/memory from /sys/fs/cgroup/memory/c
mounts[5] /sys/fs/cgroup/cpu,cpuacct as /sys/fs/cgroup/cpu,cpuacct from /sys/fs/cgroup/cpu,cpuacct/c
mounts[5] /sys/fs/cgroup/systemd as /sys/fs/cgroup/systemd from /sys/fs/cgroup/systemd/c
mounts[5] /sys/fs/cgroup/unified as /sys/fs/cgroup/unified from /sys/fs/cgroup/unified/c
linux.maskedPaths[0] /proc/kcore as /dev/null from /dev/null if a file
linux.maskedPaths[1] /volume/secret as /dev/null from /dev/null if a file
point /proc directory
point /dev directory
point /volume like /bundle/v
point /etc/hosts like /host/hosts
point /sys/fs/cgroup directory
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := BuildExternal(externalSpec(), tt.facts, options())
			if err != nil {
				t.Fatal(err)
			}
			if got := e.lines(); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// In a user namespace devices come from outside too.
func TestBuildExternalDevices(t *testing.T) {
	e, err := BuildExternal(load(t, "userns.json"), hostV2(), options())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/dev/null as /dev/null", "/dev/urandom as /dev/urandom"} {
		if got := e.lines(); !strings.Contains(got, " "+want+" from") {
			t.Errorf("got\n%swant %s", got, want)
		}
	}
}

func TestBuildExternalRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(s *specs.Spec)
		want   string
	}{
		{"no mount namespace", func(s *specs.Spec) { s.Linux.Namespaces = nil },
			"linux.namespaces: criu cannot checkpoint a container without a mount namespace of its own"},
		{"another's mount namespace", func(s *specs.Spec) { s.Linux.Namespaces[0].Path = "/ns" },
			"linux.namespaces: criu cannot checkpoint a container without a mount namespace of its own"},
		{"mapped filesystem", func(s *specs.Spec) {
			maps := []specs.LinuxIDMapping{{HostID: 1000, Size: 10}}
			s.Mounts = append(s.Mounts, specs.Mount{Destination: "/t", Type: "tmpfs", Source: "tmpfs", UIDMappings: maps, GIDMappings: maps})
		}, "mounts[6]: criu cannot checkpoint a filesystem with mapped owners"},
	} {
		s := externalSpec()
		tt.change(s)
		if _, err := BuildExternal(s, hostV2(), options()); fmt.Sprint(err) != tt.want {
			t.Errorf("%s: got %v want %s", tt.name, err, tt.want)
		}
	}
}

func TestCameAlong(t *testing.T) {
	e, err := BuildExternal(externalSpec(), hostV2(), options())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mount int
		path  string
		want  bool
	}{
		{0, "/volume/usb", true},
		{0, "/volume/usb/stick", true},
		{0, "/volume/index", true}, // not in /volume/in
		{0, "/volume", false},
		{0, "/volumes", false},
		{0, "/volume/in", false},
		{0, "/volume/in/usb", false}, // the payload's own
		{0, "/volume/secret", false},
		{0, "/volume/fixed", false},
		{0, "/proc/bus", false},
		{1, "/etc/hosts/x", false}, // not recursive
	} {
		if got := e.CameAlong(&e.Mounts[tt.mount], tt.path); got != tt.want {
			t.Errorf("%s %s: got %v want %v", e.Mounts[tt.mount].Target, tt.path, got, tt.want)
		}
	}
}
