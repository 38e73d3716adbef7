package spec

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// edit changes a good config in one way.
type edit func(*specs.Spec)

// checkCase is one edit of the default config and the errors it must give,
// each whole: path and words.
type checkCase struct {
	name string
	edit edit
	want []string
}

func runCheckCases(t *testing.T, cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Default()
			c.edit(s)
			compareErrors(t, Check(s, Options{}), c.want)
		})
	}
}

// compareErrors compares the lines of a joined error with those wanted.
func compareErrors(t *testing.T, err error, want []string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if w := strings.Join(want, "\n"); got != w {
		t.Errorf("got\n%s\nwant\n%s", got, w)
	}
}

func ptr[T any](v T) *T { return &v }

// without drops a namespace, join gives one a path.
func without(t specs.LinuxNamespaceType) edit {
	return func(s *specs.Spec) {
		var kept []specs.LinuxNamespace
		for _, ns := range s.Linux.Namespaces {
			if ns.Type != t {
				kept = append(kept, ns)
			}
		}
		s.Linux.Namespaces = kept
	}
}

func with(t specs.LinuxNamespaceType, path string) edit {
	return func(s *specs.Spec) {
		without(t)(s)
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: t, Path: path})
	}
}

func all(edits ...edit) edit {
	return func(s *specs.Spec) {
		for _, e := range edits {
			e(s)
		}
	}
}

func process(e func(*specs.Process)) edit { return func(s *specs.Spec) { e(s.Process) } }
func linux(e func(*specs.Linux)) edit     { return func(s *specs.Spec) { e(s.Linux) } }

func TestDefaultIsGood(t *testing.T) {
	for _, o := range []Options{{}, {NeedProcess: true}, {SystemdCgroup: true}} {
		if err := Check(Default(), o); err != nil {
			t.Errorf("Check(Default(), %+v): got %v, want nil", o, err)
		}
	}
	s := Default()
	Rootless(s, 1000, 1001)
	if err := Check(s, Options{Rootless: true, NeedProcess: true}); err != nil {
		t.Errorf("Check of the rootless form: got %v, want nil", err)
	}
}

func TestCheckTop(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"nothing wrong", func(*specs.Spec) {}, nil},
		{"no process at create", func(s *specs.Spec) { s.Process = nil }, nil},
		{"no root", func(s *specs.Spec) { s.Root = nil }, []string{"root: required"}},
		{"no root path", func(s *specs.Spec) { s.Root.Path = "" }, []string{"root.path: required"}},
		{"root path with NUL", func(s *specs.Spec) { s.Root.Path = "a\x00b" }, []string{"root.path: contains a NUL byte"}},
		{"no linux", func(s *specs.Spec) { s.Linux = nil }, []string{"linux: required: this runtime runs Linux containers only"}},
		{"other platforms", func(s *specs.Spec) {
			s.Windows, s.Solaris, s.ZOS, s.FreeBSD, s.VM = &specs.Windows{}, &specs.Solaris{}, &specs.ZOS{}, &specs.FreeBSD{}, &specs.VM{}
		}, []string{
			"freebsd: this host runs Linux containers; a config with this section belongs to another platform",
			"solaris: this host runs Linux containers; a config with this section belongs to another platform",
			"vm: this host runs Linux containers; a config with this section belongs to another platform",
			"windows: this host runs Linux containers; a config with this section belongs to another platform",
			"zos: this host runs Linux containers; a config with this section belongs to another platform",
		}},
		{"empty annotation key", func(s *specs.Spec) { s.Annotations = map[string]string{"": "x"} }, []string{"annotations: a key is empty"}},
		{"names without uts", all(without(specs.UTSNamespace), func(s *specs.Spec) { s.Domainname = "example" }), []string{
			"domainname: needs a uts namespace in linux.namespaces",
			"hostname: needs a uts namespace in linux.namespaces",
		}},
		{"names in a joined uts", all(with(specs.UTSNamespace, "/proc/1/ns/uts"), func(s *specs.Spec) { s.Domainname = "d" }), nil},
		{"long hostname", func(s *specs.Spec) { s.Hostname = strings.Repeat("h", 65) }, []string{"hostname: 65 bytes, more than the kernel's 64"}},
		{"longest hostname", func(s *specs.Spec) { s.Hostname = strings.Repeat("h", 64) }, nil},
		{"domainname with NUL", func(s *specs.Spec) { s.Domainname = "a\x00" }, []string{"domainname: contains a NUL byte"}},
	})
}

func TestCheckVersion(t *testing.T) {
	for _, good := range []string{
		"1.0.0", "1.0.0-rc5", "1.0.2-dev", "1.1.0", "1.1.0+dev", "1.2.0", "1.2.1+dev", "1.2.1-dev", "1.3.0", "1.3.9", "1.0.0-a.b-c+d.e",
	} {
		s := Default()
		s.Version = good
		if err := Check(s, Options{}); err != nil {
			t.Errorf("ociVersion %s: got %v, want nil", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":         "ociVersion: required",
		"0.9.0":    `ociVersion: "0.9.0" is outside the versions this runtime knows, 1.0.0 to 1.3.x`,
		"2.0.0":    `ociVersion: "2.0.0" is outside the versions this runtime knows, 1.0.0 to 1.3.x`,
		"1.4.0":    `ociVersion: "1.4.0" is outside the versions this runtime knows, 1.0.0 to 1.3.x`,
		"1.10.0":   `ociVersion: "1.10.0" is outside the versions this runtime knows, 1.0.0 to 1.3.x`,
		"11.0.0":   `ociVersion: "11.0.0" is outside the versions this runtime knows, 1.0.0 to 1.3.x`,
		"1.0":      `ociVersion: "1.0" is not a version in SemVer 2.0.0 form`,
		"1.0.0.0":  `ociVersion: "1.0.0.0" is not a version in SemVer 2.0.0 form`,
		"v1.0.0":   `ociVersion: "v1.0.0" is not a version in SemVer 2.0.0 form`,
		"1.00.0":   `ociVersion: "1.00.0" is not a version in SemVer 2.0.0 form`,
		"1..0":     `ociVersion: "1..0" is not a version in SemVer 2.0.0 form`,
		"1.0.0-":   `ociVersion: "1.0.0-" is not a version in SemVer 2.0.0 form`,
		"1.0.0+":   `ociVersion: "1.0.0+" is not a version in SemVer 2.0.0 form`,
		"1.0.0-a_": `ociVersion: "1.0.0-a_" is not a version in SemVer 2.0.0 form`,
		"invalid":  `ociVersion: "invalid" is not a version in SemVer 2.0.0 form`,
	} {
		s := Default()
		s.Version = bad
		compareErrors(t, Check(s, Options{}), []string{want})
	}
	if MaxVersion != specs.Version {
		t.Errorf("MaxVersion: got %s, want that of the spec's types, %s", MaxVersion, specs.Version)
	}
}

func TestCheckProcess(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"no args", process(func(p *specs.Process) { p.Args = nil }), []string{"process.args: args must not be empty"}},
		{"empty program", process(func(p *specs.Process) { p.Args = []string{""} }), []string{
			`process.args[0]: exec: "": executable file not found in $PATH`,
		}},
		{"NUL in args", process(func(p *specs.Process) { p.Args = []string{"a", "b\x00"} }), []string{"process.args[1]: contains a NUL byte"}},
		{"no cwd", process(func(p *specs.Process) { p.Cwd = "" }), []string{"process.cwd: Cwd property must not be empty"}},
		{"relative cwd", process(func(p *specs.Process) { p.Cwd = "tmp" }), []string{`process.cwd: Cwd must be an absolute path, not "tmp"`}},
		{"NUL in cwd", process(func(p *specs.Process) { p.Cwd = "/\x00" }), []string{"process.cwd: contains a NUL byte"}},
		{"env", process(func(p *specs.Process) { p.Env = []string{"A=", "SECRET", "=v", "B=\x00", "C==", "A=again"} }), []string{
			"process.env[1]: invalid environment variable: missing '='",
			"process.env[2]: invalid environment variable: the name is empty",
			"process.env[3]: invalid environment variable: contains a NUL byte",
		}},
		{"console size", process(func(p *specs.Process) { p.ConsoleSize = &specs.Box{Height: 65536, Width: 70000} }), []string{
			"process.consoleSize.height: 65536 is more than a terminal can have, 65535",
			"process.consoleSize.width: 70000 is more than a terminal can have, 65535",
		}},
		{"console size without terminal", process(func(p *specs.Process) {
			p.Terminal, p.ConsoleSize = false, &specs.Box{Height: 65536, Width: 70000}
		}), nil},
		{"ids", process(func(p *specs.Process) {
			p.User = specs.User{UID: 1<<32 - 1, GID: 1<<32 - 1, Umask: ptr(uint32(0o1000)), AdditionalGids: []uint32{1, 1<<32 - 1}}
		}), []string{
			"process.user.additionalGids[1]: 4294967295 is not a group id: the kernel reads it as -1",
			"process.user.gid: 4294967295 is not a group id: the kernel reads it as -1",
			"process.user.uid: 4294967295 is not a user id: the kernel reads it as -1",
			"process.user.umask: 512 (octal 1000) has bits beyond 0777",
		}},
		{"largest ids", process(func(p *specs.Process) {
			p.User = specs.User{UID: 1<<32 - 2, GID: 1<<32 - 2, Umask: ptr(uint32(0o777))}
		}), nil},
		{"many groups", process(func(p *specs.Process) { p.User.AdditionalGids = make([]uint32, 65537) }), []string{
			"process.user.additionalGids: 65537 groups, more than the kernel's 65536",
		}},
		{"rlimits", process(func(p *specs.Process) {
			p.Rlimits = []specs.POSIXRlimit{
				{Type: "RLIMIT_CORE", Soft: 2, Hard: 1},
				{Type: "RLIMIT_BOGUS"},
				{Type: "RLIMIT_CORE"},
				{Type: "rlimit_cpu"},
			}
		}), []string{
			"process.rlimits[0].soft: 2 is above the hard limit 1",
			`process.rlimits[1].type: unknown resource limit "RLIMIT_BOGUS"`,
			"process.rlimits[2].type: RLIMIT_CORE is given twice",
			`process.rlimits[3].type: unknown resource limit "rlimit_cpu"`,
		}},
		{"oom score low", process(func(p *specs.Process) { p.OOMScoreAdj = ptr(-1001) }), []string{"process.oomScoreAdj: -1001 is outside -1000 to 1000"}},
		{"oom score high", process(func(p *specs.Process) { p.OOMScoreAdj = ptr(1001) }), []string{"process.oomScoreAdj: 1001 is outside -1000 to 1000"}},
		{"lowest oom score", process(func(p *specs.Process) { p.OOMScoreAdj = ptr(-1000) }), nil},
		{"highest oom score", process(func(p *specs.Process) { p.OOMScoreAdj = ptr(1000) }), nil},
		{"unknown capability", process(func(p *specs.Process) { p.Capabilities.Bounding = []string{"CAP_FUTURE"} }), nil},
	})
	s := Default()
	s.Process = nil
	compareErrors(t, Check(s, Options{NeedProcess: true}), []string{"process: required to start the container"})
}

func TestCheckProcessAlone(t *testing.T) {
	if err := CheckProcess(Default().Process, "process"); err != nil {
		t.Errorf("default: got %v, want nil", err)
	}
	p := Default().Process
	p.Args, p.Cwd, p.SelinuxLabel, p.ApparmorProfile = nil, "x", "l", "a"
	compareErrors(t, CheckProcess(p, "process"), []string{
		"process.apparmorProfile: not supported by this release",
		"process.args: args must not be empty",
		`process.cwd: Cwd must be an absolute path, not "x"`,
		"process.selinuxLabel: not supported by this release",
	})
}

func TestCheckHooks(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"every kind", func(s *specs.Spec) {
			bad := []specs.Hook{{Path: "/ok", Timeout: ptr(1)}, {Path: "bin/x"}}
			s.Hooks = &specs.Hooks{Prestart: bad, CreateRuntime: bad, CreateContainer: bad, StartContainer: bad, Poststart: bad, Poststop: bad}
		}, []string{
			"hooks.createContainer[1].path: must be an absolute path",
			"hooks.createRuntime[1].path: must be an absolute path",
			"hooks.poststart[1].path: must be an absolute path",
			"hooks.poststop[1].path: must be an absolute path",
			"hooks.prestart[1].path: must be an absolute path",
			"hooks.startContainer[1].path: must be an absolute path",
		}},
		{"fields", func(s *specs.Spec) {
			s.Hooks = &specs.Hooks{Poststop: []specs.Hook{
				{Path: "", Timeout: ptr(0)},
				{Path: "/a\x00", Timeout: ptr(-5), Args: []string{"a", "\x00"}, Env: []string{"\x00", "NOEQUALS"}},
			}}
		}, []string{
			"hooks.poststop[0].path: required",
			"hooks.poststop[0].timeout: 0 seconds: must be greater than 0",
			"hooks.poststop[1].args[1]: contains a NUL byte",
			"hooks.poststop[1].env[0]: contains a NUL byte",
			"hooks.poststop[1].path: contains a NUL byte",
			"hooks.poststop[1].timeout: -5 seconds: must be greater than 0",
		}},
	})
}

func TestCheckMounts(t *testing.T) {
	mount := func(m specs.Mount) edit { return func(s *specs.Spec) { s.Mounts = []specs.Mount{m} } }
	runCheckCases(t, []checkCase{
		{"relative destination", mount(specs.Mount{Destination: "tmp", Type: "tmpfs"}), nil},
		{"dots in destination", mount(specs.Mount{Destination: "/a/../../b", Type: "tmpfs"}), nil},
		{"no destination", mount(specs.Mount{Type: "tmpfs"}), []string{"mounts[0].destination: required"}},
		{"NUL", mount(specs.Mount{Destination: "/\x00", Type: "x\x00", Source: "\x00", Options: []string{"a", "b\x00"}}), []string{
			"mounts[0].destination: contains a NUL byte",
			"mounts[0].options[1]: contains a NUL byte",
			"mounts[0].source: contains a NUL byte",
			"mounts[0].type: contains a NUL byte",
		}},
		{"type bind alone", mount(specs.Mount{Destination: "/a", Type: "bind", Source: "/b", Options: []string{"ro"}}), []string{
			`mounts[0].type: "bind" is not a filesystem; for a bind mount, add "bind" or "rbind" to options`,
		}},
		{"type none alone", mount(specs.Mount{Destination: "/a", Type: "none", Source: "/b"}), []string{
			`mounts[0].type: "none" is not a filesystem; for a bind mount, add "bind" or "rbind" to options`,
		}},
		{"bind without type", mount(specs.Mount{Destination: "/a", Source: "b", Options: []string{"rbind"}}), nil},
		{"bind without source", mount(specs.Mount{Destination: "/a", Options: []string{"bind"}}), []string{"mounts[0].source: required for a bind mount"}},
		{"no type", mount(specs.Mount{Destination: "/a", Source: "/b"}), []string{`mounts[0].type: required, unless options contain "bind" or "rbind"`}},
		{"unknown option on a bind", mount(specs.Mount{Destination: "/a", Source: "/b", Options: []string{"x", "bind", "size=1"}}), []string{
			`mounts[0].options[0]: unknown mount option "x" on a bind mount`,
			`mounts[0].options[2]: unknown mount option "size=1" on a bind mount`,
		}},
		{"order by number", func(s *specs.Spec) { s.Mounts = make([]specs.Mount, 11); fill(s.Mounts) }, []string{
			"mounts[2].destination: required",
			"mounts[10].destination: required",
		}},
		{"without a mount namespace", all(without(specs.MountNamespace), linux(func(l *specs.Linux) {
			l.RootfsPropagation = "private"
		})), []string{
			"linux.maskedPaths: needs a mount namespace in linux.namespaces",
			"linux.readonlyPaths: needs a mount namespace in linux.namespaces",
			"linux.rootfsPropagation: needs a mount namespace in linux.namespaces",
			"mounts: needs a mount namespace in linux.namespaces",
			"root.readonly: needs a mount namespace in linux.namespaces",
		}},
	})
}

// fill makes all mounts good but those with index 2 and 10.
func fill(mounts []specs.Mount) {
	for i := range mounts {
		mounts[i].Type = "tmpfs"
		if i != 2 && i != 10 {
			mounts[i].Destination = "/x"
		}
	}
}

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
	compareErrors(t, Check(s, Options{Rootless: true}), []string{"linux.namespaces: a user namespace is needed: the caller is not privileged"})
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

func TestCheckDevices(t *testing.T) {
	devices := func(d ...specs.LinuxDevice) edit { return linux(func(l *specs.Linux) { l.Devices = d }) }
	runCheckCases(t, []checkCase{
		{"good", devices(
			specs.LinuxDevice{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229, FileMode: ptr(os.FileMode(0o666)), UID: ptr(uint32(0)), GID: ptr(uint32(0))},
			specs.LinuxDevice{Path: "/var/lib/sda", Type: "b", Major: 8, Minor: 1048575, FileMode: ptr(os.FileMode(0o60660))},
			specs.LinuxDevice{Path: "/dev/u", Type: "u", Major: 4095, FileMode: ptr(os.ModeDevice | os.ModeCharDevice | 0o600)},
			specs.LinuxDevice{Path: "/run/fifo", Type: "p", Major: -7, Minor: -7},
			specs.LinuxDevice{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229},
		), nil},
		{"paths", devices(
			specs.LinuxDevice{Path: "", Type: "p"}, specs.LinuxDevice{Path: "dev/x", Type: "p"}, specs.LinuxDevice{Path: "/dev/../x", Type: "p"},
			specs.LinuxDevice{Path: "/dev/x/", Type: "p"}, specs.LinuxDevice{Path: "/", Type: "p"}, specs.LinuxDevice{Path: "/\x00", Type: "p"},
		), []string{
			"linux.devices[0].path: required",
			"linux.devices[1].path: must be an absolute path",
			"linux.devices[2].path: must be a clean path: /x",
			"linux.devices[3].path: must be a clean path: /dev/x",
			"linux.devices[4].path: must be a clean path: /",
			"linux.devices[5].path: contains a NUL byte",
		}},
		{"types and numbers", devices(
			specs.LinuxDevice{Path: "/dev/a", Type: "char"}, specs.LinuxDevice{Path: "/dev/b", Type: "c", Major: 4096, Minor: 1048576},
			specs.LinuxDevice{Path: "/dev/c", Type: "b", Major: -1, Minor: -1},
		), []string{
			`linux.devices[0].type: unknown device type "char": c, b, u and p are known`,
			"linux.devices[1].major: 4096 is outside 0 to 4095",
			"linux.devices[1].minor: 1048576 is outside 0 to 1048575",
			"linux.devices[2].major: -1 is outside 0 to 4095",
			"linux.devices[2].minor: -1 is outside 0 to 1048575",
		}},
		{"two at one path", devices(specs.LinuxDevice{Path: "/dev/a", Type: "c", Major: 1, Minor: 3}, specs.LinuxDevice{Path: "/dev/a", Type: "c", Major: 1, Minor: 5}), []string{
			"linux.devices[1].path: is already another device, entry 0",
		}},
		{"owner and mode", devices(specs.LinuxDevice{
			Path: "/dev/a", Type: "c", FileMode: ptr(os.FileMode(0o1000000)), UID: ptr(uint32(1<<32 - 1)), GID: ptr(uint32(1<<32 - 1)),
		}), []string{
			"linux.devices[0].fileMode: 262144 is not a file mode (it is a decimal number)",
			"linux.devices[0].gid: 4294967295 is not a group id: the kernel reads it as -1",
			"linux.devices[0].uid: 4294967295 is not a user id: the kernel reads it as -1",
		}},
	})
}

func TestCheckHidden(t *testing.T) {
	runCheckCases(t, []checkCase{
		{"paths", linux(func(l *specs.Linux) {
			l.MaskedPaths, l.ReadonlyPaths = []string{"/ok", "proc/kcore", "/\x00"}, []string{"", "/ok"}
		}), []string{
			"linux.maskedPaths[1]: must be an absolute path",
			"linux.maskedPaths[2]: contains a NUL byte",
			"linux.readonlyPaths[0]: must be an absolute path",
		}},
		{"propagation", linux(func(l *specs.Linux) { l.RootfsPropagation = "bind" }), []string{
			`linux.rootfsPropagation: unknown propagation "bind": private, slave, shared and unbindable are known`,
		}},
		{"known propagation", linux(func(l *specs.Linux) { l.RootfsPropagation = "rslave" }), nil},
		{"class of service", linux(func(l *specs.Linux) { l.IntelRdt = &specs.LinuxIntelRdt{ClosID: "../x"} }), []string{
			"linux.intelRdt: not supported by this release",
			"linux.intelRdt.closID: must be a file name (no slashes)",
		}},
	})
}

func TestUnsupported(t *testing.T) {
	if errs := Unsupported(Default()); errs != nil {
		t.Errorf("default: got %v, want none", errs)
	}
	// Fields that are there and empty ask for nothing.
	s := Default()
	s.Process.SelinuxLabel, s.Mounts[1].UIDMappings = "", []specs.LinuxIDMapping{}
	s.Linux.NetDevices, s.Linux.Seccomp = map[string]specs.LinuxNetDevice{}, &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	if errs := Unsupported(s); errs != nil {
		t.Errorf("empty fields: got %v, want none", errs)
	}

	p := s.Process
	p.ApparmorProfile, p.SelinuxLabel, p.Scheduler, p.IOPriority, p.ExecCPUAffinity = "a", "s", &specs.Scheduler{}, &specs.LinuxIOPriority{}, &specs.CPUAffinity{}
	s.Mounts = []specs.Mount{
		{Destination: "/a", Type: "tmpfs", Options: []string{"nosuid,tmpcopyup", "remount"}},
		{
			Destination: "/b", Source: "/b", Options: []string{"bind", "idmap", "ridmap"},
			UIDMappings: []specs.LinuxIDMapping{{Size: 1}}, GIDMappings: []specs.LinuxIDMapping{{Size: 1}},
		},
	}
	l := s.Linux
	l.IntelRdt, l.MemoryPolicy, l.MountLabel, l.Personality = &specs.LinuxIntelRdt{}, &specs.LinuxMemoryPolicy{}, "m", &specs.LinuxPersonality{}
	l.NetDevices = map[string]specs.LinuxNetDevice{"eth0": {}}
	l.Seccomp = &specs.LinuxSeccomp{
		DefaultAction: specs.ActNotify, ListenerPath: "/l", ListenerMetadata: "m",
		Syscalls: []specs.LinuxSyscall{{Action: specs.ActAllow}, {Action: specs.ActNotify}},
	}
	want := []string{
		"linux.intelRdt", "linux.memoryPolicy", "linux.mountLabel", "linux.netDevices", "linux.personality",
		"linux.seccomp.defaultAction", "linux.seccomp.listenerMetadata", "linux.seccomp.listenerPath", "linux.seccomp.syscalls[1].action",
		"mounts[0].options[0]: tmpcopyup", "mounts[0].options[1]: remount", "mounts[1].gidMappings",
		"mounts[1].options[1]: idmap", "mounts[1].options[2]: ridmap", "mounts[1].uidMappings",
		"process.apparmorProfile", "process.execCPUAffinity", "process.ioPriority", "process.scheduler", "process.selinuxLabel",
	}
	for i := range want {
		want[i] += ": not supported by this release"
	}
	err := Check(s, Options{})
	compareErrors(t, err, want)
	if !errors.Is(err, ErrUnsupported) {
		t.Error("Check: errors.Is ErrUnsupported: got false, want true")
	}
	var fe *FieldError
	if !errors.As(err, &fe) || fe.Path != "linux.intelRdt" {
		t.Errorf("Check: errors.As *FieldError: got %+v, want path linux.intelRdt", fe)
	}
	if got := len(Unsupported(s)); got != len(want) {
		t.Errorf("Unsupported: got %d, want %d", got, len(want))
	}
}

func TestCheckSeveralAtOnce(t *testing.T) {
	s := Default()
	s.Version, s.Root.Path, s.Process.Args, s.Process.Scheduler = "x", "", nil, &specs.Scheduler{}
	s.Linux.Namespaces[0].Type = "PID"
	compareErrors(t, Check(s, Options{}), []string{
		`linux.namespaces[0].type: unknown namespace type "PID"`,
		`ociVersion: "x" is not a version in SemVer 2.0.0 form`,
		"process.args: args must not be empty",
		"process.scheduler: not supported by this release",
		"root.path: required",
	})
	// An empty document has no namespaces to miss beside the section itself.
	compareErrors(t, Check(&specs.Spec{}, Options{NeedProcess: true}), []string{
		"linux: required: this runtime runs Linux containers only",
		"ociVersion: required",
		"process: required to start the container",
		"root: required",
	})
}
