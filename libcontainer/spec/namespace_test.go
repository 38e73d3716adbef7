package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestCheckNamespaces(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"all eight", all(with(specs.UserNamespace, ""), with(specs.TimeNamespace, ""), linux(func(l *specs.Linux) {
			l.UIDMappings = []specs.LinuxIDMapping{{Size: 1}}
			l.GIDMappings = []specs.LinuxIDMapping{{Size: 6}}
		})), nil},
		{"unknown, twice, relative, NUL", linux(func(l *specs.Linux) {
			l.Namespaces = append(l.Namespaces, []specs.LinuxNamespace{
				{Type: "mnt"}, {Type: "pid"}, {Type: "time", Path: "proc/1/ns/time"}, {Type: "user", Path: "/\x00"}, {Type: ""},
			}...)
		}), []string{
			`linux.namespaces[6].type: unknown namespace type "mnt"`,
			"linux.namespaces[7].type: pid is given twice",
			"linux.namespaces[8].path: must be an absolute path",
			"linux.namespaces[9].path: contains a NUL byte",
			`linux.namespaces[10].type: unknown namespace type ""`,
		}},
		{"comma in path", with(specs.NetworkNamespace, "/run/netns/a,b"), nil},
		{"time offsets", all(with(specs.TimeNamespace, ""), linux(func(l *specs.Linux) {
			l.TimeOffsets = map[string]specs.LinuxTimeOffset{
				"monotonic": {Secs: -5, Nanosecs: 999999999},
				"boottime":  {Secs: 4611686019, Nanosecs: 1000000000},
				"realtime":  {},
			}
		})), []string{
			`linux.timeOffsets["boottime"].nanosecs: 1000000000 is more than 999999999`,
			`linux.timeOffsets["boottime"].secs: 4611686019 is outside -4611686018 to 4611686018`,
			`linux.timeOffsets["realtime"]: unknown clock "realtime": monotonic and boottime have offsets`,
		}},
		{"longest time offsets", all(with(specs.TimeNamespace, ""), linux(func(l *specs.Linux) {
			l.TimeOffsets = map[string]specs.LinuxTimeOffset{"monotonic": {Secs: -4611686018}, "boottime": {Secs: 4611686018}}
		})), nil},
		{"time offsets without time namespace", linux(func(l *specs.Linux) {
			l.TimeOffsets = map[string]specs.LinuxTimeOffset{"monotonic": {Secs: 1}}
		}), []string{"linux.timeOffsets: needs a time namespace in linux.namespaces"}},
		{"time offsets for a joined one", all(with(specs.TimeNamespace, "/proc/1/ns/time"), linux(func(l *specs.Linux) {
			l.TimeOffsets = map[string]specs.LinuxTimeOffset{"monotonic": {Secs: 1}}
		})), []string{"linux.timeOffsets: needs a new time namespace: the offsets of one that is joined are fixed"}},
	})
	s := Default()
	compareErrors(t, Check(s, Options{Rootless: true}), []string{"linux.namespaces: a user namespace is needed: the caller is not root (rung spec --rootless writes a config that has one)"})
}

func TestCheckIDMappings(t *testing.T) {
	maps := func(uids, gids []specs.LinuxIDMapping) edit {
		return linux(func(l *specs.Linux) { l.UIDMappings, l.GIDMappings = uids, gids })
	}
	some := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100000, Size: 65536}}
	newUser := with(specs.UserNamespace, "")
	many := make([]specs.LinuxIDMapping, 341)
	for i := range many {
		many[i] = specs.LinuxIDMapping{ContainerID: uint32(i), HostID: uint32(i), Size: 1}
	}
	runCheckCases(t, []checkCase{
		{"good", all(newUser, maps(some, some)), nil},
		{"as many as there can be", all(newUser, maps(many[:340], some)), nil},
		{"joined, with mappings as containerd sends them", all(with(specs.UserNamespace, "/proc/1/ns/user"), maps(some, some)), nil},
		{"joined, without mappings", with(specs.UserNamespace, "/proc/1/ns/user"), nil},
		{"no user namespace", maps(some, some), []string{
			"linux.gidMappings: needs a user namespace in linux.namespaces",
			"linux.uidMappings: needs a user namespace in linux.namespaces",
		}},
		{"no mappings", newUser, []string{
			"linux.gidMappings: id 0 of the container must be mapped",
			"linux.uidMappings: id 0 of the container must be mapped",
			"mounts[2].options[5]: 5 is not mapped by linux.gidMappings",
			"process.user.gid: 0 is not mapped by linux.gidMappings",
			"process.user.uid: 0 is not mapped by linux.uidMappings",
		}},
		{"ids of the process and of mounts", all(newUser, maps(some, []specs.LinuxIDMapping{{Size: 1}}), func(s *specs.Spec) {
			s.Process.User = specs.User{UID: 65536, GID: 1, AdditionalGids: []uint32{0, 2}}
			s.Mounts = append(s.Mounts,
				specs.Mount{Destination: "/a", Type: "tmpfs", Options: []string{"mode=700,uid=70000", "gid=x"}},
				specs.Mount{Destination: "/b", Type: "vfat", Options: []string{"uid=70000"}})
		}), []string{
			"mounts[2].options[5]: 5 is not mapped by linux.gidMappings",
			"mounts[7].options[0]: 70000 is not mapped by linux.uidMappings",
			"process.user.additionalGids[1]: 2 is not mapped by linux.gidMappings",
			"process.user.gid: 1 is not mapped by linux.gidMappings",
			"process.user.uid: 65536 is not mapped by linux.uidMappings",
		}},
		{"too many", all(newUser, maps(some, many)), []string{"linux.gidMappings: 341 entries, more than the kernel's 340"}},
		{"entries", all(newUser, maps([]specs.LinuxIDMapping{
			{ContainerID: 0, HostID: 1000, Size: 10},
			{ContainerID: 20, HostID: 1005, Size: 1},
			{ContainerID: 9, HostID: 5000, Size: 5},
			{ContainerID: 30, HostID: 30},
			{ContainerID: 4294967290, HostID: 4294967291, Size: 6},
		}, some)), []string{
			"linux.uidMappings[1]: overlaps entry 0 on the host",
			"linux.uidMappings[2]: overlaps entry 0 in the container",
			"linux.uidMappings[3].size: must be greater than 0",
			"linux.uidMappings[4]: ids 4294967290 and the 5 after it go beyond 4294967294 in the container",
			"linux.uidMappings[4]: ids 4294967291 and the 5 after it go beyond 4294967294 on the host",
		}},
		{"the whole range", all(newUser, maps([]specs.LinuxIDMapping{{Size: 1<<32 - 1}}, some)), nil},
	})
}

func TestCheckSysctls(t *testing.T) {
	sysctl := func(pairs ...string) edit {
		return linux(func(l *specs.Linux) {
			l.Sysctl = map[string]string{}
			for _, name := range pairs {
				l.Sysctl[name] = "1"
			}
		})
	}
	runCheckCases(t, []checkCase{
		{"good", sysctl("net.ipv4.ip_forward", "net/ipv4/conf/eth0.100/forwarding", "kernel.shmmax", "kernel.sem", "kernel.msgmax",
			"kernel.shm_rmid_forced", "fs.mqueue.msg_max", "kernel.domainname"), nil},
		{"the machine's own", sysctl("vm.swappiness", "kernel.core_pattern", "fs.file-max", "kernel.shmmaxx", "kernel", "net", "user"), []string{
			`linux.sysctl["fs.file-max"]: belongs to no namespace: it would change the whole machine`,
			`linux.sysctl["kernel"]: belongs to no namespace: it would change the whole machine`,
			`linux.sysctl["kernel.core_pattern"]: belongs to no namespace: it would change the whole machine`,
			`linux.sysctl["kernel.shmmaxx"]: belongs to no namespace: it would change the whole machine`,
			`linux.sysctl["user"]: belongs to the user namespace, which is not in linux.namespaces`,
			`linux.sysctl["vm.swappiness"]: belongs to no namespace: it would change the whole machine`,
		}},
		{"hostname", sysctl("kernel.hostname"), []string{`linux.sysctl["kernel.hostname"]: use the field hostname instead`}},
		{"no network namespace", all(without(specs.NetworkNamespace), sysctl("net.core.somaxconn")), []string{
			`linux.sysctl["net.core.somaxconn"]: belongs to the network namespace, which is not in linux.namespaces`,
		}},
		{"no ipc namespace", all(without(specs.IPCNamespace), sysctl("kernel.msgmni", "fs.mqueue.queues_max")), []string{
			`linux.sysctl["fs.mqueue.queues_max"]: belongs to the ipc namespace, which is not in linux.namespaces`,
			`linux.sysctl["kernel.msgmni"]: belongs to the ipc namespace, which is not in linux.namespaces`,
		}},
		{"no user namespace", sysctl("user.max_user_namespaces"), []string{
			`linux.sysctl["user.max_user_namespaces"]: belongs to the user namespace, which is not in linux.namespaces`,
		}},
		{"no uts namespace", all(without(specs.UTSNamespace), sysctl("kernel.domainname"), func(s *specs.Spec) { s.Hostname = "" }), []string{
			`linux.sysctl["kernel.domainname"]: belongs to the uts namespace, which is not in linux.namespaces`,
		}},
		{"the same twice", sysctl("net.core.somaxconn", "net/core/somaxconn"), []string{
			`linux.sysctl["net/core/somaxconn"]: is the same parameter as "net.core.somaxconn"`,
		}},
		{"ways out", sysctl("net.//.kernel.core_pattern", "net/../kernel/core_pattern", "net..x", ".net.x", "net.x.", "net/\n", ""), []string{
			`linux.sysctl[""]: not the name of a kernel parameter`,
			`linux.sysctl[".net.x"]: not the name of a kernel parameter`,
			`linux.sysctl["net..x"]: not the name of a kernel parameter`,
			`linux.sysctl["net.//.kernel.core_pattern"]: not the name of a kernel parameter`,
			`linux.sysctl["net.x."]: not the name of a kernel parameter`,
			`linux.sysctl["net/../kernel/core_pattern"]: not the name of a kernel parameter`,
			`linux.sysctl["net/\n"]: not the name of a kernel parameter`,
		}},
	})
}

func TestSysctlPath(t *testing.T) {
	for name, want := range map[string]string{
		"net.ipv4.ip_forward":               "net/ipv4/ip_forward",
		"net/ipv4/ip_forward":               "net/ipv4/ip_forward",
		"net.ipv4.conf.eth0/100.forwarding": "net/ipv4/conf/eth0.100/forwarding",
		"net/ipv4/conf/eth0.100/forwarding": "net/ipv4/conf/eth0.100/forwarding",
		"net.ipv4.conf.eth0/1/2.rp_filter":  "net/ipv4/conf/eth0.1.2/rp_filter",
		"kernel.shmmax":                     "kernel/shmmax",
		"nothing":                           "nothing",
		"":                                  "",
	} {
		if got := SysctlPath(name); got != want {
			t.Errorf("SysctlPath(%q): got %q, want %q", name, got, want)
		}
	}
}
