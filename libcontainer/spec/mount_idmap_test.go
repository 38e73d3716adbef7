package spec

import (
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckMountIDMap(t *testing.T) {
	one := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 1000, Size: 1}}
	bad := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 1000, Size: 0}}
	mount := func(m specs.Mount) edit {
		return func(s *specs.Spec) {
			m.Destination, m.Source, m.Type = "/a", "/b", "none"
			s.Mounts = []specs.Mount{m}
		}
	}
	bind := []string{"bind"}
	runCheckCases(t, []checkCase{
		{"both", mount(specs.Mount{Options: []string{"bind", "idmap"}, UIDMappings: one, GIDMappings: one}), nil},
		{"without the option", mount(specs.Mount{Options: bind, UIDMappings: one, GIDMappings: one}), nil},
		{"no gids", mount(specs.Mount{Options: bind, UIDMappings: one}), []string{"mounts[0].gidMappings: required along with uidMappings"}},
		{"no uids", mount(specs.Mount{Options: bind, GIDMappings: one}), []string{"mounts[0].uidMappings: required along with gidMappings"}},
		{"a size of 0", mount(specs.Mount{Options: bind, UIDMappings: bad, GIDMappings: one}), []string{"mounts[0].uidMappings[0].size: must be greater than 0"}},
		{"no user namespace", mount(specs.Mount{Options: []string{"bind", "idmap"}}), []string{
			"mounts[0].options: idmap: needs uidMappings and gidMappings beside it, or a user namespace in linux.namespaces to take them from",
		}},
		{"no user namespace, recursive", mount(specs.Mount{Options: []string{"rbind", "ridmap"}}), []string{
			"mounts[0].options: ridmap: needs uidMappings and gidMappings beside it, or a user namespace in linux.namespaces to take them from",
		}},
		{"from a user namespace", all(mount(specs.Mount{Options: []string{"rbind", "ridmap"}}), linux(func(l *specs.Linux) {
			l.Namespaces = append(l.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace, Path: "/proc/1/ns/user"})
		})), nil},
	})
}

func TestFindMountIDMap(t *testing.T) {
	maps := func(host uint32) []specs.LinuxIDMapping {
		return []specs.LinuxIDMapping{{ContainerID: 0, HostID: host, Size: 10}}
	}
	own := specs.Mount{UIDMappings: maps(1), GIDMappings: maps(2)}
	namespace := func(path string) *specs.Spec {
		return &specs.Spec{Linux: &specs.Linux{
			Namespaces:  []specs.LinuxNamespace{{Type: specs.UserNamespace, Path: path}},
			UIDMappings: maps(3), GIDMappings: maps(4),
		}}
	}
	for _, c := range []struct {
		name string
		spec *specs.Spec
		m    specs.Mount
		o    MountOptions
		want MountIDMap
		ok   bool
	}{
		{"not asked for", namespace(""), specs.Mount{}, MountOptions{}, MountIDMap{}, false},
		{"its own", namespace(""), own, MountOptions{IDMap: true}, MountIDMap{UID: maps(1), GID: maps(2)}, true},
		{"its own without the option", &specs.Spec{}, own, MountOptions{}, MountIDMap{UID: maps(1), GID: maps(2)}, true},
		{"recursive", &specs.Spec{}, own, MountOptions{IDMap: true, RIDMap: true}, MountIDMap{UID: maps(1), GID: maps(2), Recursive: true}, true},
		{"the container's", namespace(""), specs.Mount{}, MountOptions{IDMap: true}, MountIDMap{UID: maps(3), GID: maps(4)}, true},
		{"the joined namespace's", namespace("/ns"), specs.Mount{}, MountOptions{RIDMap: true}, MountIDMap{Path: "/ns", Recursive: true}, true},
		{"nowhere", &specs.Spec{}, specs.Mount{}, MountOptions{IDMap: true}, MountIDMap{}, false},
	} {
		got, ok := FindMountIDMap(c.spec, &c.m, &c.o)
		if ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %t, want %+v, %t", c.name, got, ok, c.want, c.ok)
		}
	}
}
