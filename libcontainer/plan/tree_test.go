package plan

import (
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestTreePlaces: init copies trees where it may mount, with the ids of its
// caller, and before it joins where the host's paths are not.
func TestTreePlaces(t *testing.T) {
	user := specs.LinuxNamespace{Type: specs.UserNamespace}
	userPath := specs.LinuxNamespace{Type: specs.UserNamespace, Path: "/n/user"}
	mount := specs.LinuxNamespace{Type: specs.MountNamespace}
	mountPath := specs.LinuxNamespace{Type: specs.MountNamespace, Path: "/n/mnt"}
	clocks := specs.LinuxNamespace{Type: specs.TimeNamespace}
	for _, test := range []struct {
		name string
		ns   []specs.LinuxNamespace
		want string
	}{
		{"in what clone made", []specs.LinuxNamespace{mount}, "trees rootfs"},
		{"in what init makes", []specs.LinuxNamespace{mount, clocks}, "unshare trees unshare fork rootfs"},
		{"with a user namespace", []specs.LinuxNamespace{mount, user}, "unshare ask tree-mount trees root rootfs"},
		{"with one by path", []specs.LinuxNamespace{mount, userPath}, "setns tree-mount trees root rootfs"},
		{"for a mount namespace by path", []specs.LinuxNamespace{mountPath, userPath}, "setns setns tree-mount trees root setns rootfs"},
		{"the same without a user namespace", []specs.LinuxNamespace{mountPath}, "unshare trees setns rootfs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Linux.Namespaces = test.ns
			for _, ns := range test.ns {
				if ns == user {
					s.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: 1000, Size: 1}}
					s.Linux.GIDMappings = s.Linux.UIDMappings
				}
			}
			p := build(t, s, unprivileged(hostV2()), options())
			var got []string
			for _, step := range p.Steps {
				switch step.Kind {
				case wire.Unshare:
					if step.Args[0] == uint64(cloneMount) && len(got) > 0 {
						got = append(got, "tree-mount")
						continue
					}
					got = append(got, "unshare")
				case wire.TreeAttr:
				case wire.Tree:
					if len(got) == 0 || got[len(got)-1] != "trees" {
						got = append(got, "trees")
					}
				case wire.Setns, wire.Ask, wire.Root, wire.Fork, wire.Rootfs:
					got = append(got, step.Kind.Name())
				}
			}
			if text := strings.Join(got, " "); !strings.HasPrefix(text, test.want) {
				t.Errorf("got  %s\nwant %s …", text, test.want)
			}
		})
	}
}

// TestTreeSteps: what a mount asks for is what init does.
func TestTreeSteps(t *testing.T) {
	s := small()
	s.Mounts = []specs.Mount{
		{Destination: "/a", Source: "/h/a", Options: []string{"rbind", "ro", "rnosuid", "rprivate"}},
		{Destination: "/b", Source: "b", Options: []string{"bind", "noatime", "suid"}},
		{Destination: "/proc", Source: "/proc", Options: []string{"rbind"}},
	}
	p := build(t, s, unprivileged(hostV2()), options())
	wantSteps(t, p, wire.Tree, `fd0 "/bundle/rootfs" 1`, `fd1 "/h/a" 1`, `fd2 "/bundle/b" 0`, `fd3 "/proc" 3`,
		`fd4 "/dev/null" 2`, `fd5 "/dev/zero" 2`, `fd6 "/dev/full" 2`, `fd7 "/dev/random" 2`, `fd8 "/dev/urandom" 2`, `fd9 "/dev/tty" 2`)
	wantSteps(t, p, wire.TreeAttr,
		`fd0 "/bundle/rootfs" 0 0 0x80000 0x8000`,
		`fd1 "/h/a" 0 0 0x80000 0x8000`, `fd1 "/h/a" 0 0 0x40000 0x8000`, `fd1 "/h/a" 1 0 0 0`, `fd1 "/h/a" 2 0 0 0x8000`,
		`fd2 "/bundle/b" 0 0 0x80000 0x8000`, `fd2 "/bundle/b" 16 0x72 0 0`,
		`fd3 "/proc" 0 0 0x80000 0x8000`,
		`fd4 "/dev/null" 0 0 0x40000 0`, `fd5 "/dev/zero" 0 0 0x40000 0`, `fd6 "/dev/full" 0 0 0x40000 0`,
		`fd7 "/dev/random" 0 0 0x40000 0`, `fd8 "/dev/urandom" 0 0 0x40000 0`, `fd9 "/dev/tty" 0 0 0x40000 0`)
}

func TestUnprivilegedRefusals(t *testing.T) {
	mapped := []specs.LinuxIDMapping{{HostID: 7, Size: 1}}
	for _, test := range []struct {
		name string
		set  func(*specs.Spec)
		want string
	}{
		{"mapped bind", func(s *specs.Spec) {
			s.Mounts = []specs.Mount{{Destination: "/a", Source: "/a", Options: []string{"bind"}, UIDMappings: mapped, GIDMappings: mapped}}
		}, "mounts[0]: mapping the owners of a mount takes privilege over its filesystem"},
		{"mapped filesystem", func(s *specs.Spec) {
			s.Mounts = []specs.Mount{{Destination: "/a", Type: "tmpfs", UIDMappings: mapped, GIDMappings: mapped}}
		}, "mounts[0]: mapping the owners of a mount takes privilege over its filesystem"},
		{"groups", func(s *specs.Spec) { s.Process.User.AdditionalGids = []uint32{0} },
			"process.user.additionalGids: the user namespace of a caller without privilege denies setgroups"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			test.set(s)
			f := unprivileged(hostV2())
			f.FixedGroups = true
			wantRefusal(t, s, f, test.want)
		})
	}
}

// TestUnprivilegedArguments: what the parent has no privilege for, it is asked
// for where it may do it as the owner.
func TestUnprivilegedArguments(t *testing.T) {
	score := 10
	s := rootless()
	s.Process.OOMScoreAdj = &score
	p := build(t, s, unprivileged(hostV2()), options())
	wantSteps(t, p, wire.Ask, "oom score 1", "idmap 1", "ready")
	wantSteps(t, p, wire.Root, "1")
	if !p.OwnIDs || !p.OOMScoreAsked {
		t.Errorf("got %v, %v, want the parent to know", p.OwnIDs, p.OOMScoreAsked)
	}
	// In a user namespace all capabilities are there to be had.
	wantSteps(t, p, wire.Caps, "0x20000420 0x20000420 0")
	p, err := BuildExec(s, s.Process, unprivileged(hostV2()), Options{ID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	// Others are in there already: exec does not show itself to its caller.
	wantSteps(t, p, wire.Root, "")
	wantSteps(t, p, wire.Ask, "oom score 1", "ready")
	wantSteps(t, p, wire.Fork, "")
}

func TestExecUnmapped(t *testing.T) {
	s := rootless()
	process := *s.Process
	process.User.UID, process.User.AdditionalGids = 1, []uint32{0, 5}
	_, err := BuildExec(s, &process, hostV2(), Options{ID: "c"})
	for _, want := range []string{"process.user.uid: 1 is not mapped by linux.uidMappings", "process.user.additionalGids[1]: 5 is not mapped by linux.gidMappings"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
