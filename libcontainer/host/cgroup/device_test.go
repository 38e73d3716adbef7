package cgroup

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// allowed asks the rules that come out for one device and one access, as a
// kernel would that knew only "the last match decides".
func allowed(s *settings, kind rune, major, minor int64, access string) bool {
	verdict := false
	for _, r := range s.Devices {
		switch {
		case r.Type == 'a':
		case rune(r.Type) != kind, r.Major >= 0 && r.Major != major, r.Minor >= 0 && r.Minor != minor:
			continue
		case !strings.Contains(string(r.Permissions), access):
			continue
		}
		verdict = r.Allow
	}
	return verdict
}

func rule(allow bool, kind string, major, minor int64, access string) specs.LinuxDeviceCgroup {
	r := specs.LinuxDeviceCgroup{Allow: allow, Type: kind, Access: access}
	if major != none {
		r.Major = &major
	}
	if minor != none {
		r.Minor = &minor
	}
	return r
}

const none = -2

func TestDeviceRules(t *testing.T) {
	denyAll := specs.LinuxDeviceCgroup{Access: "rwm"}
	type ask struct {
		kind         rune
		major, minor int64
		access       string
		want         bool
	}
	null, zero, fuse, sda := ask{'c', 1, 3, "w", true}, ask{'c', 1, 5, "r", true}, ask{'c', 10, 229, "r", false}, ask{'b', 8, 0, "r", false}
	for _, test := range []struct {
		name  string
		rules []specs.LinuxDeviceCgroup
		asks  []ask
	}{
		{"no rules at all", nil, []ask{null, zero, fuse, sda, {'c', 10, 200, "r", true}, {'c', 136, 9, "w", true}, {'c', 5, 1, "r", false}}},
		{"deny all, as the spec command writes", []specs.LinuxDeviceCgroup{denyAll}, []ask{null, zero, fuse, sda}},
		{"Docker's: deny all, some allowed, fuse denied", []specs.LinuxDeviceCgroup{
			denyAll, rule(true, "c", 1, 5, "rwm"), rule(true, "c", 1, 3, "rwm"), rule(false, "c", 10, 229, "rwm"),
		}, []ask{null, zero, fuse, sda, {'c', 10, 229, "m", true}}},
		{"allow all", []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}, []ask{null, {'b', 8, 0, "w", true}}},
		{"a default taken away", []specs.LinuxDeviceCgroup{denyAll, rule(false, "c", 1, 3, "w")}, []ask{
			{'c', 1, 3, "w", false}, {'c', 1, 3, "r", true}, {'c', 1, 3, "m", true}, zero,
		}},
		{"a default taken away from all", []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}, rule(false, "c", 1, 3, "rwm")}, []ask{
			{'c', 1, 3, "r", false}, {'c', 1, 3, "m", true}, zero, {'b', 8, 0, "w", true},
		}},
		{"rules of block devices leave the place of the defaults", []specs.LinuxDeviceCgroup{
			denyAll, rule(false, "c", 1, 3, "r"), rule(true, "b", -1, -1, "r"),
		}, []ask{{'c', 1, 3, "r", false}, {'b', 8, 0, "r", true}, {'b', 8, 0, "w", false}}},
		{"numbers of -1 are all", []specs.LinuxDeviceCgroup{rule(true, "c", -1, -1, "rw"), rule(false, "c", -1, 7, "r")}, []ask{null, {'c', 9, 9, "w", true}}},
		{"a later wider deny", []specs.LinuxDeviceCgroup{denyAll, rule(true, "b", 8, 1, "rwm"), rule(false, "b", 8, none, "rw")}, []ask{{'b', 8, 1, "r", false}}},
		{"an a with a number is not everything", []specs.LinuxDeviceCgroup{denyAll, rule(true, "a", 8, none, "r")}, []ask{
			{'b', 8, 0, "r", true}, {'c', 8, 0, "r", true}, {'b', 8, 0, "w", false}, {'b', 9, 0, "r", false},
		}},
		{"an a with less access is not everything", []specs.LinuxDeviceCgroup{denyAll, rule(true, "", none, none, "r")}, []ask{
			{'b', 8, 0, "r", true}, {'b', 8, 0, "w", false},
		}},
		{"letters in any order", []specs.LinuxDeviceCgroup{denyAll, rule(true, "b", 8, 0, "wr")}, []ask{{'b', 8, 0, "r", true}, {'b', 8, 0, "w", true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := convert(&specs.LinuxResources{Devices: test.rules}, true, everything)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range test.asks {
				if got := allowed(s, a.kind, a.major, a.minor, a.access); got != a.want {
					t.Errorf("%c %d:%d %s: got allowed %v, want %v", a.kind, a.major, a.minor, a.access, got, a.want)
				}
			}
			for _, kind := range "bc" {
				if !allowed(s, kind, 240, 1, "m") {
					t.Errorf("mknod of a %c device: got denied, want allowed always", kind)
				}
			}
		})
	}
}

// A v1 kernel lets a group below have a rule only if one single rule here
// covers it, so that the default rules must stay whole.
func TestDefaultRulesStayWhole(t *testing.T) {
	s, err := convert(nil, false, everything)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Devices {
		got = append(got, r.CgroupString())
	}
	for _, want := range []string{"c 1:3 rwm", "c 5:2 rwm", "c 136:* rwm", "c *:* m", "b *:* m"} {
		if !slices.Contains(got, want) {
			t.Errorf("got %q, want %q among them", got, want)
		}
	}
}

// The rule that comes later takes from the ones before it what it overrules,
// so that the library, which compares exact numbers only, agrees.
func TestWiderDenyLeavesNothingBehind(t *testing.T) {
	s, err := convert(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{
		{Access: "rwm"}, rule(true, "b", 8, 1, "rwm"), rule(true, "b", 8, 2, "rw"), rule(false, "b", 8, none, "rw"),
	}}, false, everything)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Devices {
		if text := r.CgroupString(); r.Allow && (text == "b 8:1 rwm" || strings.HasPrefix(text, "b 8:2")) {
			t.Errorf("got %q still allowed", text)
		}
	}
}

func TestDeviceRulesRefused(t *testing.T) {
	for field, r := range map[string]specs.LinuxDeviceCgroup{
		"linux.resources.devices[0].access: ": {Type: "c"},
		"linux.resources.devices[0].type: ":   {Type: "p", Access: "r"},
		"linux.resources.devices[0].major: ":  rule(true, "c", 1<<32, 0, "r"),
		"linux.resources.devices[0].minor: ":  rule(true, "c", 0, -3, "r"),
	} {
		_, err := convert(&specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{r}}, false, everything)
		if err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("got %v, want an error that begins with %q", err, field)
		}
	}
}
