package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestRemount(t *testing.T) {
	for _, test := range []struct {
		name    string
		mount   specs.Mount
		remount []string
		setattr []string
	}{
		{"a mount, by what is named", specs.Mount{Destination: "/m", Options: []string{"bind", "remount", "ro", "dev", "noatime"}},
			nil, []string{`"/m" 17 0x74 0 0`}},
		{"and all below it", specs.Mount{Destination: "/m", Options: []string{"rbind", "remount", "rro", "rstrictatime", "rslave"}},
			nil, []string{`"/m" 33 0x70 0 0x8000`, `"/m" 0 0 0x80000 0x8000`}},
		{"without a type the mount alone", specs.Mount{Destination: "/m", Options: []string{"remount", "ro"}}, nil, []string{`"/m" 1 0 0 0`}},
		{"a filesystem with storage", specs.Mount{Destination: "/m", Type: "ext4", Options: []string{"remount", "ro", "data=x"}},
			[]string{`"/m" {ro data=x}`}, []string{`"/m" 1 0 0 0`}},
		{"one without", specs.Mount{Destination: "/m", Type: "tmpfs", Options: []string{"remount", "rw", "size=1m"}},
			[]string{`"/m" {size=1m}`}, []string{`"/m" 0 1 0 0`}},
		{"/dev waits for the devices", specs.Mount{Destination: "/dev", Type: "tmpfs", Options: []string{"remount", "ro", "nosuid"}},
			nil, []string{`"/dev" 2 0 0 0`, `"/dev" 1 0 0 0`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			s.Mounts = []specs.Mount{test.mount}
			p := build(t, s, hostV2(), options())
			wantSteps(t, p, wire.Remount, test.remount...)
			wantSteps(t, p, wire.Setattr, test.setattr...)
			if n := only(p, wire.Mount); len(n) != 0 {
				t.Errorf("mounts something: %q", n)
			}
		})
	}
}

func TestReadonlyDev(t *testing.T) {
	dev := func(options ...string) specs.Mount {
		return specs.Mount{Destination: "/dev/", Type: "tmpfs", Source: "/dev", Options: append(options, "nosuid")}
	}
	for _, test := range []struct {
		name   string
		mounts []specs.Mount
		field  string
	}{
		{"none", nil, ""},
		{"writable", []specs.Mount{dev()}, ""},
		{"read-only", []specs.Mount{dev("ro")}, "mounts[0]"},
		{"in its recursive form", []specs.Mount{dev("rro")}, "mounts[0]"},
		{"the last word counts", []specs.Mount{dev("ro", "rrw")}, ""},
		{"a remount of something else", []specs.Mount{dev("ro"), dev("remount")}, "mounts[0]"},
		{"a remount that takes it back", []specs.Mount{dev("ro"), dev("remount", "rw")}, ""},
		{"a remount that adds it", []specs.Mount{dev(), dev("remount", "ro")}, "mounts[1]"},
		{"a bind has it at once", []specs.Mount{dev("ro"), dev("bind", "ro")}, ""},
	} {
		b := &builder{spec: small()}
		b.spec.Mounts = test.mounts
		b.readMounts()
		field, ok := b.readonlyDev()
		if !ok {
			field = ""
		}
		if field != test.field {
			t.Errorf("%s: got %q, want %q", test.name, field, test.field)
		}
	}
}

func TestLayers(t *testing.T) {
	for list, want := range map[string][]string{
		"/a":            {"lowerdir+", "/a"},
		"/a:/b":         {"lowerdir+", "/a", "lowerdir+", "/b"},
		`/a\:b:/c\\`:    {"lowerdir+", `/a\:b`, "lowerdir+", `/c\\`},
		"/a:/b::/d::/e": {"lowerdir+", "/a", "lowerdir+", "/b", "datadir+", "/d", "datadir+", "/e"},
		`/a\`:           {"lowerdir+", `/a\`},
	} {
		if got := layers(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", list, got, want)
		}
	}
}

func TestLongParameters(t *testing.T) {
	long := "/" + strings.Repeat("x", 255)
	overlay := func(options ...string) *specs.Spec {
		s := small()
		s.Mounts = []specs.Mount{{Destination: "/m", Type: "overlay", Source: "overlay", Options: options}}
		return s
	}
	half := long[:200]
	wantSteps(t, build(t, overlay("lowerdir="+half+":"+half, "upperdir=/u"), hostV2(), options()), wire.Mount,
		`"overlay" "/m" "overlay" 0 {lowerdir+=`+half+" lowerdir+="+half+" upperdir=/u} 0")
	wantSteps(t, build(t, overlay("lowerdir="+long[:255]), hostV2(), options()), wire.Mount,
		`"overlay" "/m" "overlay" 0 {lowerdir=`+long[:255]+"} 0")
	wantRefusal(t, overlay("lowerdir="+long), hostV2(), "mounts[0].options: lowerdir+: a value of 256 bytes, the kernel takes 255")
	wantRefusal(t, overlay("upperdir="+long), hostV2(), "mounts[0].options: upperdir: a value of 256 bytes, the kernel takes 255")
	s := overlay()
	s.Mounts[0].Source = long
	wantRefusal(t, s, hostV2(), "mounts[0].source: 256 bytes, the kernel takes 255")
}

// A container of another user namespace may not reach back to the host.
func TestSharedInUserNamespace(t *testing.T) {
	s := load(t, "mounts.json")
	s.Mounts = []specs.Mount{{Destination: "/m", Source: "/h", Options: []string{"rbind", "rshared"}}}
	want := "tree mounts[0].source /h recursive propagation=0x84000 propagation=0x104000"
	if got := descriptor(build(t, s, hostV2(), options()).Slots[1]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
