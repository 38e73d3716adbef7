package spec

import (
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
	p.Args, p.Cwd, p.SelinuxLabel, p.ApparmorProfile = nil, "x", " l", "a\n"
	compareErrors(t, CheckProcess(p, "process"), []string{
		"process.apparmorProfile: contains a control character",
		"process.args: args must not be empty",
		`process.cwd: Cwd must be an absolute path, not "x"`,
		`process.selinuxLabel: " l" begins or ends with a blank, which is no part of a label`,
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
			"linux.intelRdt.closID: must be a file name (no slashes)",
		}},
	})
}

func TestCheckSeveralAtOnce(t *testing.T) {
	s := Default()
	s.Version, s.Root.Path, s.Process.Args, s.Process.ApparmorProfile = "x", "", nil, "a\n"
	s.Linux.Namespaces[0].Type = "PID"
	compareErrors(t, Check(s, Options{}), []string{
		`linux.namespaces[0].type: unknown namespace type "PID"`,
		`ociVersion: "x" is not a version in SemVer 2.0.0 form`,
		"process.apparmorProfile: contains a control character",
		"process.args: args must not be empty",
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
