package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func annotated(pairs ...string) func(*specs.Spec) {
	return func(s *specs.Spec) {
		s.Annotations = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			s.Annotations[pairs[i]] = pairs[i+1]
		}
	}
}

func TestCheckDelegation(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"ours", annotated(delegateOurs, "leaf"), nil},
		{"crun's", annotated(delegateCrun, "init.scope"), nil},
		{"both alike", annotated(delegateOurs, "leaf", delegateCrun, "leaf"), nil},
		{"both, and not alike", annotated(delegateOurs, "a", delegateCrun, "b"), []string{
			`annotations: io.github.oci-rung.delegate-cgroup is "a" and run.oci.delegate-cgroup is "b"`,
		}},
		{"above", annotated(delegateCrun, ".."), []string{`annotations["run.oci.delegate-cgroup"]: not the name of a file`}},
		{"elsewhere", annotated(delegateCrun, "../x"), []string{`annotations["run.oci.delegate-cgroup"]: must be a file name (no slashes)`}},
		{"empty", annotated(delegateOurs, ""), []string{`annotations["io.github.oci-rung.delegate-cgroup"]: the name is empty`}},
		{"two lines", annotated(delegateOurs, "a\nb"), []string{`annotations["io.github.oci-rung.delegate-cgroup"]: contains a control character`}},
	})
}

func TestCgroupLeaf(t *testing.T) {
	for _, test := range []struct {
		annotations map[string]string
		want        string
	}{
		{nil, ""},
		{map[string]string{"run.oci.systemd.subgroup": "x"}, ""},
		{map[string]string{"run.oci.delegate-cgroup": "a"}, "a"},
		{map[string]string{"io.github.oci-rung.delegate-cgroup": "b"}, "b"},
	} {
		if got := CgroupLeaf(test.annotations); got != test.want {
			t.Errorf("%v: got %q, want %q", test.annotations, got, test.want)
		}
	}
}

// The rules of config-linux.md, "cgroup ownership".
func TestHandsCgroupOver(t *testing.T) {
	view := func(options ...string) specs.Mount {
		return specs.Mount{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: options}
	}
	moved, bound := view("rw"), view("rw")
	moved.Destination, bound.Source = "/mnt/cgroup", "/sys/fs/cgroup"
	unclean := view("rw")
	unclean.Destination = "/sys/fs//cgroup/"
	for name, test := range map[string]struct {
		path  string
		none  bool
		mount specs.Mount
		want  bool
	}{
		"writable":               {mount: view("rw"), want: true},
		"no option":              {mount: view(), want: true},
		"not clean":              {mount: unclean, want: true},
		"read-only":              {mount: view("nosuid", "ro")},
		"read-only, recursively": {mount: view("rro")},
		"elsewhere":              {mount: moved},
		"the host's":             {mount: bound},
		"no new namespace":       {mount: view("rw"), path: "/proc/1/ns/cgroup"},
		"no namespace":           {mount: view("rw"), none: true},
	} {
		s := &specs.Spec{Mounts: []specs.Mount{test.mount}, Linux: &specs.Linux{}}
		if !test.none {
			s.Linux.Namespaces = []specs.LinuxNamespace{{Type: specs.CgroupNamespace, Path: test.path}}
		}
		if got := HandsCgroupOver(s); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestMountsDisk(t *testing.T) {
	for name, test := range map[string]struct {
		mount specs.Mount
		want  bool
	}{
		"disk":         {specs.Mount{Type: "ext4", Source: "/dev/sda1"}, true},
		"bind":         {specs.Mount{Type: "ext4", Source: "/dev/sda1", Options: []string{"rbind"}}, false},
		"bind by type": {specs.Mount{Type: "bind", Source: "/srv"}, false},
		"memory":       {specs.Mount{Type: "tmpfs", Source: "tmpfs"}, false},
		"overlay":      {specs.Mount{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=/a:/b"}}, false},
	} {
		if got := MountsDisk(&specs.Spec{Mounts: []specs.Mount{test.mount}}); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
