package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckNetDevices(t *testing.T) {
	devices := func(pairs ...string) edit {
		return linux(func(l *specs.Linux) {
			l.NetDevices = map[string]specs.LinuxNetDevice{}
			for i := 0; i < len(pairs); i += 2 {
				l.NetDevices[pairs[i]] = specs.LinuxNetDevice{Name: pairs[i+1]}
			}
		})
	}
	const badByte = "holds a byte that no network device can have in its name"
	runCheckCases(t, []checkCase{
		{"none", devices(), nil},
		{"the same name", devices("eth0", ""), nil},
		{"other names", devices("eth0", "web", "eth1", "eth0", "eth2", "fifteen-letters", "eth%", "ok"), nil},
		{"a template for several", devices("a", "net%d", "b", "net%d"), nil},
		{"bytes", devices("a/b", "", "c", "d:e", "f", "g h", "i", "j\x00", "k", "l\n"), []string{
			`linux.netDevices["a/b"]: ` + badByte, `linux.netDevices["c"].name: ` + badByte, `linux.netDevices["f"].name: ` + badByte,
			`linux.netDevices["i"].name: ` + badByte, `linux.netDevices["k"].name: ` + badByte,
		}},
		{"no names", devices(".", "a", "b", "..", "", "c"), []string{
			`linux.netDevices[""]: required`, `linux.netDevices["."]: is no name`, `linux.netDevices["b"].name: is no name`,
		}},
		{"too long", devices("sixteen-letters-", "x"), []string{`linux.netDevices["sixteen-letters-"]: is longer than the kernel takes: 15 bytes`}},
		{"templates that are none", devices("a", "x%s", "b", "%d%d", "c", "%dx"), []string{
			`linux.netDevices["a"].name: "x%s": a template ends in %d and has no other %`,
			`linux.netDevices["b"].name: "%d%d": a template ends in %d and has no other %`,
			`linux.netDevices["c"].name: "%dx": a template ends in %d and has no other %`,
		}},
		{"one name for two", devices("a", "b", "b", ""), []string{`linux.netDevices["b"].name: "b" is given to a already`}},
		{"nowhere to go", all(without(specs.NetworkNamespace), devices("a", "")), []string{
			"linux.netDevices: needs a network namespace in linux.namespaces to move them to",
		}},
	})
	s := Default()
	devices("a", "")(s)
	s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
	s.Linux.UIDMappings = []specs.LinuxIDMapping{{HostID: 1000, Size: 100}}
	s.Linux.GIDMappings = s.Linux.UIDMappings
	compareErrors(t, Check(s, Options{Rootless: true}), []string{
		"linux.netDevices: the caller has no privilege over the network devices of this host",
	})
}
