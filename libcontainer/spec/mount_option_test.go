package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestMountOptionTable(t *testing.T) {
	for i := 1; i < len(mountOptions); i++ {
		if mountOptions[i-1].name >= mountOptions[i].name {
			t.Errorf("%s stands before %s: the table must be sorted", mountOptions[i-1].name, mountOptions[i].name)
		}
	}
	for _, row := range mountOptions {
		if got, ok := lookupMountOption(row.name); !ok || got != row {
			t.Errorf("lookup of %s: got %+v, %t, want its row", row.name, got, ok)
		}
		if row.undoes != "" {
			if other, ok := lookupMountOption(row.undoes); !ok || other.undoes != row.name {
				t.Errorf("%s undoes %q, which does not undo it", row.name, row.undoes)
			}
		}
	}
	for _, name := range []string{"", "a", "zzz", "ROOT", "Ro", "ro=1"} {
		if row, ok := lookupMountOption(name); ok {
			t.Errorf("lookup of %q: got %+v, want none", name, row)
		}
	}
}

// TestEverySpecOption holds the names of the table in the runtime-spec's
// config.md, each of which must mean something to the parser.
func TestEverySpecOption(t *testing.T) {
	names := strings.Fields(`async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime
		noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime
		remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw
		rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid symfollow sync tmpcopyup
		unbindable idmap ridmap`)
	published := MountOptionNames()
	if !slices.IsSorted(published) {
		t.Errorf("MountOptionNames: got %v, want them sorted", published)
	}
	for _, name := range names {
		o, err := ParseMountOptions(specs.Mount{Type: "tmpfs", Options: []string{name}}, "mounts[0]")
		if err != nil || len(o.Data) != 0 {
			t.Errorf("%s on tmpfs: got data %v and error %v, want neither", name, o.Data, err)
		}
		if !slices.Contains(published, name) {
			t.Errorf("%s: is not in MountOptionNames", name)
		}
	}
	if got, want := len(mountOptions), len(names)+1; got != want { // and rnodev, which the spec's table forgot
		t.Errorf("options in the table: got %d, want %d", got, want)
	}
}

func TestParseMountOptions(t *testing.T) {
	const rec = msRec
	for _, c := range []struct {
		mount string // type, then options
		want  MountOptions
	}{
		{"tmpfs", MountOptions{}},
		{"tmpfs defaults loud silent", MountOptions{}},
		{"proc nosuid noexec nodev", MountOptions{Set: MountAttrNosuid | MountAttrNoexec | MountAttrNodev}},
		{"sysfs ro nosymfollow nodiratime", MountOptions{Set: MountAttrReadonly | MountAttrNosymfollow | MountAttrNodiratime}},
		{"none rbind", MountOptions{Bind: true, Recursive: true}},
		{"none bind rbind", MountOptions{Bind: true, Recursive: true}},
		{"none bind ro", MountOptions{Bind: true, Set: MountAttrReadonly}},
		{"none ro bind rw", MountOptions{Bind: true, Clear: MountAttrReadonly}},
		{"none bind rw ro", MountOptions{Bind: true, Set: MountAttrReadonly}},
		{"none bind suid dev exec diratime symfollow", MountOptions{
			Bind: true, Clear: MountAttrNosuid | MountAttrNodev | MountAttrNoexec | MountAttrNodiratime | MountAttrNosymfollow,
		}},
		// Access time: one mode of three, the last one given.
		{"tmpfs relatime", MountOptions{Clear: MountAttrAtimeMask}},
		{"tmpfs noatime", MountOptions{Set: MountAttrNoatime, Clear: MountAttrAtimeMask}},
		{"tmpfs strictatime", MountOptions{Set: MountAttrStrictatime, Clear: MountAttrAtimeMask}},
		{"tmpfs noatime strictatime", MountOptions{Set: MountAttrStrictatime, Clear: MountAttrAtimeMask}},
		{"tmpfs strictatime noatime ro", MountOptions{Set: MountAttrNoatime | MountAttrReadonly, Clear: MountAttrAtimeMask}},
		{"tmpfs atime", MountOptions{Clear: MountAttrAtimeMask}},
		{"tmpfs noatime atime", MountOptions{Clear: MountAttrAtimeMask}},
		{"tmpfs strictatime atime", MountOptions{Set: MountAttrStrictatime, Clear: MountAttrAtimeMask}},
		{"tmpfs nostrictatime", MountOptions{Clear: MountAttrAtimeMask}},
		{"tmpfs strictatime nostrictatime", MountOptions{Clear: MountAttrAtimeMask}},
		{"tmpfs noatime nostrictatime", MountOptions{Set: MountAttrNoatime, Clear: MountAttrAtimeMask}},
		{"tmpfs norelatime", MountOptions{}},
		{"tmpfs relatime norelatime", MountOptions{}},
		{"tmpfs noatime norelatime", MountOptions{Set: MountAttrNoatime, Clear: MountAttrAtimeMask}},
		// Recursive forms, also on a filesystem of its own.
		{"none rbind rro rnosuid rnodev rnoexec rnodiratime rnosymfollow", MountOptions{
			Bind: true, Recursive: true,
			RecSet: MountAttrReadonly | MountAttrNosuid | MountAttrNodev | MountAttrNoexec | MountAttrNodiratime | MountAttrNosymfollow,
		}},
		{"none rbind rrw rsuid rdev rexec rdiratime rsymfollow", MountOptions{
			Bind: true, Recursive: true,
			RecClear: MountAttrReadonly | MountAttrNosuid | MountAttrNodev | MountAttrNoexec | MountAttrNodiratime | MountAttrNosymfollow,
		}},
		{"none rbind ro rrw", MountOptions{Bind: true, Recursive: true, Set: MountAttrReadonly, RecClear: MountAttrReadonly}},
		{"tmpfs rro rrw rro", MountOptions{RecSet: MountAttrReadonly}},
		{"tmpfs rnoatime", MountOptions{RecSet: MountAttrNoatime, RecClear: MountAttrAtimeMask}},
		{"tmpfs rrelatime", MountOptions{RecClear: MountAttrAtimeMask}},
		{"tmpfs rnoatime ratime", MountOptions{RecClear: MountAttrAtimeMask}},
		{"tmpfs rstrictatime", MountOptions{RecSet: MountAttrStrictatime, RecClear: MountAttrAtimeMask}},
		{"tmpfs rstrictatime rnostrictatime", MountOptions{RecClear: MountAttrAtimeMask}},
		{"tmpfs rrelatime rnorelatime", MountOptions{}},
		// Propagation, in order.
		{"none rbind rprivate shared rslave", MountOptions{
			Bind: true, Recursive: true, Propagation: []uint64{msPrivate | rec, msShared, msSlave | rec},
		}},
		{"tmpfs private slave rshared unbindable runbindable", MountOptions{
			Propagation: []uint64{msPrivate, msSlave, msShared | rec, msUnbindable, msUnbindable | rec},
		}},
		// The filesystem as a whole.
		{"ext4 sync dirsync lazytime mand", MountOptions{SuperSet: []string{"sync", "dirsync", "lazytime", "mand"}}},
		{"ext4 sync lazytime async", MountOptions{SuperSet: []string{"lazytime", "async"}}},
		{"ext4 async sync sync", MountOptions{SuperSet: []string{"sync"}}},
		{"ext4 lazytime nolazytime mand nomand", MountOptions{SuperSet: []string{"nolazytime", "nomand"}}},
		{"ext4 ro", MountOptions{Set: MountAttrReadonly, SuperSet: []string{"ro"}}},
		{"ext4 ro rw", MountOptions{Clear: MountAttrReadonly}},
		{"overlay ro", MountOptions{Set: MountAttrReadonly, SuperSet: []string{"ro"}}},
		{"cgroup2 ro", MountOptions{Set: MountAttrReadonly}},
		{"ext4 iversion", MountOptions{Data: []string{"i_version"}}},
		{"xfs iversion noiversion", MountOptions{}},
		{"none bind async nomand nolazytime noiversion loud silent defaults", MountOptions{Bind: true}},
		// The filesystem's own.
		{"tmpfs mode=755 size=65536k noswap", MountOptions{Data: []string{"mode=755", "size=65536k", "noswap"}}},
		{"tmpfs nosuid,mode=755,size=1m,ro", MountOptions{Set: MountAttrNosuid | MountAttrReadonly, Data: []string{"mode=755", "size=1m"}}},
		{"tmpfs ,,a,, ,", MountOptions{Data: []string{"a"}}},
		{`overlay lowerdir=/a\,b:/c,upperdir=/u"x,workdir=/w`, MountOptions{Data: []string{`lowerdir=/a\,b:/c`, `upperdir=/u"x`, "workdir=/w"}}},
		{`tmpfs context="system_u:object_r:x:s0:c1,c2",size=1m`, MountOptions{Data: []string{"context=system_u:object_r:x:s0:c1,c2", "size=1m"}}},
		{`tmpfs foo="a,b"`, MountOptions{Data: []string{`foo="a,b"`}}},
		{`tmpfs context="unclosed,a`, MountOptions{Data: []string{`context="unclosed,a`}}},
		{"9p trans=virtio,version=9p2000.L,x==y", MountOptions{Data: []string{"trans=virtio", "version=9p2000.L", "x==y"}}},
		// The runtime's own.
		{"tmpfs tmpcopyup remount", MountOptions{TmpCopyUp: true, Remount: true}},
		{"none bind remount ro", MountOptions{Bind: true, Remount: true, Set: MountAttrReadonly}},
		{"none remount ro", MountOptions{Remount: true, Set: MountAttrReadonly}},
		{"ext4 remount ro", MountOptions{Remount: true, Set: MountAttrReadonly, SuperSet: []string{"ro"}}},
		{"ext4 remount rw", MountOptions{Remount: true, Clear: MountAttrReadonly, SuperSet: []string{"rw"}}},
		{"tmpfs remount ro size=1m", MountOptions{Remount: true, Set: MountAttrReadonly, Data: []string{"size=1m"}}},
		{"none bind idmap", MountOptions{Bind: true, IDMap: true}},
		{"none rbind,ridmap", MountOptions{Bind: true, Recursive: true, RIDMap: true}},
	} {
		t.Run(c.mount, func(t *testing.T) {
			words := strings.Split(c.mount, " ")
			got, err := ParseMountOptions(specs.Mount{Type: words[0], Options: words[1:]}, "mounts[0]")
			if err != nil {
				t.Fatalf("got error %v, want none", err)
			}
			if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", c.want); g != w {
				t.Errorf("got  %s\nwant %s", g, w)
			}
			if got.Given() != got.Set|got.Clear {
				t.Errorf("Given: got %#x, want %#x", got.Given(), got.Set|got.Clear)
			}
		})
	}
}

func TestParseMountOptionErrors(t *testing.T) {
	for _, c := range []struct {
		mount string
		want  []string
	}{
		{"none sync bind dirsync mand lazytime iversion", []string{
			"mounts[7].options[0]: sync: belongs to the whole filesystem, a bind mount cannot have it of its own",
			"mounts[7].options[2]: dirsync: belongs to the whole filesystem, a bind mount cannot have it of its own",
			"mounts[7].options[3]: mand: belongs to the whole filesystem, a bind mount cannot have it of its own",
			"mounts[7].options[4]: lazytime: belongs to the whole filesystem, a bind mount cannot have it of its own",
			"mounts[7].options[5]: iversion: belongs to the whole filesystem, a bind mount cannot have it of its own",
		}},
		{"none bind x,ro,y=1 tmpcopyup", []string{
			`mounts[7].options[1]: unknown mount option "x" on a bind mount`,
			`mounts[7].options[1]: unknown mount option "y=1" on a bind mount`,
			"mounts[7].options[2]: tmpcopyup: works on tmpfs only",
		}},
		{"none bind RO", []string{`mounts[7].options[1]: unknown mount option "RO" on a bind mount`}},
		{"tmpfs =x a\x00b =", []string{
			`mounts[7].options[0]: mount option "=x" has no name`,
			"mounts[7].options[1]: contains a NUL byte",
			`mounts[7].options[2]: mount option "=" has no name`,
		}},
		{"vfat iversion", []string{"mounts[7].options[0]: iversion: vfat cannot be told to count inode versions"}},
		{"proc tmpcopyup", []string{"mounts[7].options[0]: tmpcopyup: works on tmpfs only"}},
	} {
		words := strings.Split(c.mount, " ")
		_, err := ParseMountOptions(specs.Mount{Type: words[0], Options: words[1:]}, "mounts[7]")
		compareErrors(t, err, c.want)
	}
}

func TestPropagation(t *testing.T) {
	for name, want := range map[string]uint64{
		"private": msPrivate, "slave": msSlave, "shared": msShared, "unbindable": msUnbindable,
		"rprivate": msPrivate | msRec, "rslave": msSlave | msRec, "rshared": msShared | msRec, "runbindable": msUnbindable | msRec,
	} {
		if got, ok := Propagation(name); !ok || got != want {
			t.Errorf("Propagation(%s): got %#x, %t, want %#x", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "ro", "bind", "Shared"} {
		if got, ok := Propagation(name); ok {
			t.Errorf("Propagation(%q): got %#x, want none", name, got)
		}
	}
}
