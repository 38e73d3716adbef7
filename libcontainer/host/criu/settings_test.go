package criu

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/checkpoint-restore/go-criu/v8/rpc"

	"github.com/oci-rung/rung/internal/linux"
)

// always are the options of every call with the descriptors 7 and 8.
func always(log string) *rpc.CriuOpts {
	return &rpc.CriuOpts{
		ImagesDirFd: ref(int32(7)), WorkDirFd: ref(int32(8)), LogLevel: ref(int32(4)), LogFile: ref(log),
		NotifyScripts: ref(true), OrphanPtsMaster: ref(true),
		ManageCgroups: ref(true), ManageCgroupsMode: ref(rpc.CriuCgMode_SOFT),
	}
}

func TestOptions(t *testing.T) {
	base := Settings{Images: 7, Work: 8, StatusFD: -1}
	tests := []struct {
		name string
		kind Kind
		set  func(s *Settings)
		want func(o *rpc.CriuOpts)
	}{
		{"dump", Dump, func(s *Settings) { s.Pid, s.Root, s.Freezer = 42, "/r", "/sys/fs/cgroup/x" }, func(o *rpc.CriuOpts) {
			o.Pid, o.Root, o.FreezeCgroup = ref(int32(42)), ref("/r"), ref("/sys/fs/cgroup/x")
		}},
		{"dump that leaves it running", Dump, func(s *Settings) { s.LeaveRunning = true }, func(o *rpc.CriuOpts) {
			o.Pid, o.LeaveRunning = ref(int32(0)), ref(true)
		}},
		{"pre-dump", PreDump, func(*Settings) {}, func(o *rpc.CriuOpts) {
			o.Pid, o.LeaveRunning, o.TrackMem = ref(int32(0)), ref(true), ref(true)
		}},
		{"dump onto a pre-dump", Dump, func(s *Settings) { s.Parent = "../pre" }, func(o *rpc.CriuOpts) {
			o.Pid, o.ParentImg, o.TrackMem = ref(int32(0)), ref("../pre"), ref(true)
		}},
		{"flags", Dump, func(s *Settings) {
			s.TCPEstablished, s.TCPSkipInFlight, s.TCPClose, s.ExternalUnix, s.ShellJob = true, true, true, true, true
			s.FileLocks, s.LinkRemap, s.AutoDedup, s.LazyPages, s.EmptyNetwork = true, true, true, true, true
			s.ConfigFile, s.StatusFD = "/etc/c", 5
			s.PageServer = &PageServer{Address: "::1", Port: 27}
			s.External = []string{"net[4]:x"}
		}, func(o *rpc.CriuOpts) {
			yes := ref(true)
			o.TcpEstablished, o.TcpSkipInFlight, o.TcpClose, o.ExtUnixSk, o.ShellJob = yes, yes, yes, yes, yes
			o.FileLocks, o.LinkRemap, o.AutoDedup, o.LazyPages = yes, yes, yes, yes
			o.EmptyNs, o.ConfigFile, o.StatusFd = ref(uint32(1<<30)), ref("/etc/c"), ref(int32(5))
			o.Ps = &rpc.CriuPageServerInfo{Address: ref("::1"), Port: ref(int32(27))}
			o.External, o.Pid = []string{"net[4]:x"}, ref(int32(0))
		}},
		{"status descriptor 0", Dump, func(s *Settings) { s.StatusFD = 0 }, func(o *rpc.CriuOpts) {
			o.StatusFd, o.Pid = ref(int32(0)), ref(int32(0))
		}},
		{"cgroups ignored", Dump, func(s *Settings) { s.Cgroups = CgroupsIgnore }, func(o *rpc.CriuOpts) {
			o.ManageCgroupsMode, o.Pid = ref(rpc.CriuCgMode_IGNORE), ref(int32(0))
		}},
		{"cgroups in full", Dump, func(s *Settings) { s.Cgroups = CgroupsFull }, func(o *rpc.CriuOpts) {
			o.ManageCgroupsMode, o.Pid = ref(rpc.CriuCgMode_FULL), ref(int32(0))
		}},
		{"cgroups, strictly", Dump, func(s *Settings) { s.Cgroups = CgroupsStrict }, func(o *rpc.CriuOpts) {
			o.ManageCgroupsMode, o.Pid = ref(rpc.CriuCgMode_STRICT), ref(int32(0))
		}},
		{"restore", Restore, func(s *Settings) {
			s.Mounts = []Mount{{"/m", "/x/1"}}
			s.CgroupRoots = []CgroupRoot{{"memory", "/a"}, {"", "/b"}}
			s.Inherit = []Inherit{{"pipe:[5]", 20}, {"extRootNetNS", 21}}
			s.Join = []Join{{"uts", "/proc/1/ns/uts"}}
			s.LSMProfile, s.LSMMountContext = "apparmor:x", "c"
			s.Pid, s.LeaveRunning = 9, true // not of a restore
		}, func(o *rpc.CriuOpts) {
			o.RstSibling, o.EvasiveDevices = ref(true), ref(true)
			o.ExtMnt = []*rpc.ExtMountMap{{Key: ref("/m"), Val: ref("/x/1")}}
			o.CgRoot = []*rpc.CgroupRoot{{Ctrl: ref("memory"), Path: ref("/a")}, {Ctrl: ref(""), Path: ref("/b")}}
			o.InheritFd = []*rpc.InheritFd{{Key: ref("pipe:[5]"), Fd: ref(int32(4))}, {Key: ref("extRootNetNS"), Fd: ref(int32(5))}}
			o.JoinNs = []*rpc.JoinNamespace{{Ns: ref("uts"), NsFile: ref("/proc/1/ns/uts")}}
			o.LsmProfile, o.LsmMountContext = ref("apparmor:x"), ref("c")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := base
			tt.set(&s)
			log := "dump.log"
			if tt.kind == Restore {
				log = "restore.log"
			}
			want := always(log)
			tt.want(want)
			got := s.options(tt.kind)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %s want %s", text(got), text(want))
			}
		})
	}
}

// text shows what is set, behind the pointers.
func text(o *rpc.CriuOpts) string {
	var b strings.Builder
	v := reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Pointer && !f.IsNil() && f.CanInterface():
			fmt.Fprintf(&b, "%s=%v ", v.Type().Field(i).Name, f.Elem())
		case f.Kind() == reflect.Slice && f.Len() > 0:
			fmt.Fprintf(&b, "%s=%v ", v.Type().Field(i).Name, f)
		}
	}
	return b.String()
}

func TestFirstError(t *testing.T) {
	const log = `(00.081875) Version: 4.1.1 (gitid 0)
(00.082142) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted
(00.100000) Warn  (criu/x.c:1): no Error at all
(00.201182) Error (criu/files-reg.c:1790): Can't lookup mount=27 for fd=2 path=/x (a): b
(00.201198) Error (criu/cr-dump.c:1681): Dump files (pid: 27015) failed with -1
pie: 1: Error (criu/pie/restorer.c:5): last
`
	tests := []struct {
		name, log, first string
		count            int
	}{
		{"the first that counts", log, "Can't lookup mount=27 for fd=2 path=/x (a): b (criu/files-reg.c:1790)", 3},
		{"of a restored process", "pie: 53: Error (criu/pie/restorer.c:2): no memory\n", "no memory (criu/pie/restorer.c:2)", 1},
		{"none", "(00.1) Warn  (criu/a.c:1): x\n", "", 0},
		{"nothing", "", "", 0},
		{"cut short", "(00.1) Error (criu/a.c", "", 0},
		{"no text", "(00.1) Error (criu/a.c:1): \n", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first, count := firstError(tt.log)
			if first != tt.first || count != tt.count {
				t.Errorf("got %q, %d want %q, %d", first, count, tt.first, tt.count)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		e    Error
		want string
	}{
		{Error{Kind: Dump, Message: "why (a.c:1)", Log: "/w/dump.log"}, "criu dump: why (a.c:1); log file: /w/dump.log"},
		{Error{Kind: Restore, Message: "why", Log: "/w/restore.log", More: 2}, "criu restore: why (and 2 more); log file: /w/restore.log"},
		{Error{Kind: PreDump, Errno: linux.EBUSY}, "criu pre-dump: device or resource busy"},
		{Error{Kind: Dump, status: 1 << 8}, "criu dump: exit status 1 without a word"},
		{Error{Kind: Dump, status: 9}, "criu dump: ended by signal killed"},
	}
	for _, tt := range tests {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("got %q want %q", got, tt.want)
		}
	}
}
