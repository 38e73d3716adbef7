package cgroup

import (
	"fmt"
	"math"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestNameUnit(t *testing.T) {
	long := strings.Repeat("x", 250)
	for _, c := range []struct {
		path, id string
		user     bool
		want     string // the cgroup below the manager's
		err      string // or what the error says
	}{
		{"", "c1", false, "/system.slice/rung-c1.scope", ""},
		{"", "c1", true, "/user.slice/rung-c1.scope", ""},
		{"", "a+b", false, `/system.slice/rung-a\x2bb.scope`, ""},
		{"", "a_b.c-d", false, "/system.slice/rung-a_b.c-d.scope", ""},
		{"machine.slice:libpod:x", "c1", false, "/machine.slice/libpod-x.scope", ""},
		{"user.slice:libpod:x", "c1", true, "/user.slice/libpod-x.scope", ""},
		{":docker:x", "c1", false, "/system.slice/docker-x.scope", ""},
		{"::x", "c1", false, "/system.slice/-x.scope", ""},
		{"-.slice:a:x", "c1", false, "/a-x.scope", ""},
		{"a-b-c.slice:p:x", "c1", false, "/a.slice/a-b.slice/a-b-c.slice/p-x.scope", ""},
		{"kubepods-besteffort-pod1_2.slice:cri:x", "c1", false,
			"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/cri-x.scope", ""},
		{"a--b.slice:p:x", "c1", false, "", "a dash stands between two parts"},
		{"-a.slice:p:x", "c1", false, "", "a dash stands between two parts"},
		{"a-.slice:p:x", "c1", false, "", "a dash stands between two parts"},
		{".slice:p:x", "c1", false, "", "a dash stands between two parts"},
		{"a:p:x", "c1", false, "", "must end in .slice"},
		{"/a/b", "c1", false, "", `want the form "slice:prefix:name"`},
		{"a.slice:p:x:y", "c1", false, "", `want the form "slice:prefix:name"`},
		{"a.slice:p:x y", "c1", false, "", `it has a ' '`},
		{"a/b.slice:p:x", "c1", false, "", `it has a '/'`},
		{"a.slice:p:x.slice", "c1", false, "", "a container gets a scope"},
		{"a.slice:p:" + long, "c1", false, "", "longer than the 255 bytes"},
	} {
		name, err := nameUnit(c.path, c.id, c.user)
		got := ""
		if err == nil {
			got, err = name.path()
		}
		if c.err == "" && (err != nil || got != c.want) {
			t.Errorf("nameUnit(%q, %q): got %q, %v, want %q", c.path, c.id, got, err, c.want)
		}
		if c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "linux.cgroupsPath: ") || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("nameUnit(%q, %q): got %v, want %q", c.path, c.id, err, c.err)
		}
	}
}

func TestManagedPath(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"0::/init.scope\n", "/init.scope"},
		{"4:memory:/m\n1:name=systemd:/a/b\n0::/u\n", "/a/b"},
	} {
		if got, err := managedPath([]byte(c.text)); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// text writes properties as `NAME=VALUE NAME=VALUE`.
func text(p properties) string {
	var words []string
	for _, q := range p {
		value := fmt.Sprint(q.Value.Value())
		if n, ok := q.Value.Value().(uint64); ok && n == math.MaxUint64 {
			value = "infinity"
		}
		words = append(words, q.Name+"="+value)
	}
	return strings.Join(words, " ")
}

func all(string) bool { return true }

func TestLimitProperties(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	u := func(v uint64) *uint64 { return &v }
	w := func(v uint16) *uint16 { return &v }
	for _, c := range []struct {
		name    string
		r       specs.LinuxResources
		v1      bool
		version int
		want    string
	}{
		{"nothing", specs.LinuxResources{}, false, 257, ""},
		{"memory", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: n(100), Reservation: n(50), Swap: n(150)}}, false, 257,
			"MemoryMax=100 MemoryLow=50 MemorySwapMax=50"},
		{"no swap", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: n(100), Swap: n(100)}}, false, 257, "MemoryMax=100 MemorySwapMax=0"},
		{"unlimited", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: n(-1), Swap: n(-1)}, Pids: &specs.LinuxPids{Limit: n(-1)}}, false, 257,
			"MemoryMax=infinity MemorySwapMax=infinity TasksMax=infinity"},
		{"no more processes", specs.LinuxResources{Pids: &specs.LinuxPids{Limit: n(0)}}, false, 257, "TasksMax=1"},
		{"whole percents", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: n(50000), Period: u(100000)}}, false, 257,
			"CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=500000"},
		{"rounded up", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: n(20001), Period: u(100000)}}, false, 257,
			"CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=210000"},
		{"rounded up from a fraction", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: n(10000), Period: u(999999)}}, false, 257,
			"CPUQuotaPeriodUSec=999999 CPUQuotaPerSecUSec=20000"},
		{"without a period", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: n(150000)}}, false, 257, "CPUQuotaPerSecUSec=1500000"},
		{"a period alone", specs.LinuxResources{CPU: &specs.LinuxCPU{Period: u(50000)}}, false, 257,
			"CPUQuotaPeriodUSec=50000 CPUQuotaPerSecUSec=infinity"},
		{"an old systemd", specs.LinuxResources{CPU: &specs.LinuxCPU{Quota: n(50000), Period: u(100000), Cpus: "0"}}, false, 241,
			"CPUQuotaPerSecUSec=500000"},
		{"shares", specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: u(1024)}}, false, 257, "CPUWeight=100"},
		{"idle", specs.LinuxResources{CPU: &specs.LinuxCPU{Idle: n(1)}}, false, 257, "CPUWeight=0"},
		{"idle, an older systemd", specs.LinuxResources{CPU: &specs.LinuxCPU{Idle: n(1)}}, false, 251, ""},
		{"cpusets", specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "0-2,9", Mems: "1"}}, false, 257,
			"AllowedCPUs=[7 2] AllowedMemoryNodes=[2]"},
		{"a list that is no bitmap", specs.LinuxResources{CPU: &specs.LinuxCPU{Cpus: "0-31:1/4"}}, false, 257, ""},
		{"weight", specs.LinuxResources{BlockIO: &specs.LinuxBlockIO{Weight: w(10)}}, false, 257, "IOWeight=1"},
		{"unified", specs.LinuxResources{Unified: map[string]string{
			"memory.max": "max", "memory.high": "5", "memory.low": "4", "memory.min": "3", "memory.swap.max": "0", "memory.zswap.max": "7",
			"memory.oom.group": "1", "pids.max": "0", "cpu.weight": "7", "cpu.max": "max 20000", "cpuset.cpus": "1", "cpuset.mems": "0",
			"io.weight": "default 9", "io.max": "8:0 rbps=5", "hugetlb.2MB.max": "5",
		}}, false, 257, "CPUQuotaPeriodUSec=20000 CPUQuotaPerSecUSec=infinity CPUWeight=7 AllowedCPUs=[2] AllowedMemoryNodes=[1] IOWeight=9 " +
			"MemoryHigh=5 MemoryLow=4 MemoryMax=infinity MemoryMin=3 OOMPolicy=kill MemorySwapMax=0 MemoryZSwapMax=7 TasksMax=1"},
		{"unified comes after the fields, as in the kernel", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: n(100)},
			Unified: map[string]string{"memory.max": "200"}}, false, 257, "MemoryMax=200"},
		{"unified, nonsense for the kernel to refuse", specs.LinuxResources{Unified: map[string]string{"memory.max": "much", "cpu.max": "x y"}}, false, 257, ""},
		{"v1", specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: n(100), Swap: n(150)}, CPU: &specs.LinuxCPU{Shares: u(512), Cpus: "0"},
			BlockIO: &specs.LinuxBlockIO{Weight: w(20)}, Devices: []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}}, true, 252,
			"MemoryLimit=100 CPUShares=512 BlockIOWeight=20 DevicePolicy=strict DeviceAllow=" + "[]"},
	} {
		s, err := convert(&c.r, !c.v1, all)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.v1 {
			s.Devices = nil
		}
		if got := text(limitProperties(s, !c.v1, c.version)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestAllowList(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	rule := func(allow bool, kind string, major, minor int64, access string) specs.LinuxDeviceCgroup {
		d := specs.LinuxDeviceCgroup{Allow: allow, Type: kind, Access: access}
		if major >= 0 {
			d.Major = n(major)
		}
		if minor >= 0 {
			d.Minor = n(minor)
		}
		return d
	}
	const defaults = "/dev/char/1:3 rwm,/dev/char/1:5 rwm,/dev/char/1:7 rwm,/dev/char/1:8 rwm,/dev/char/1:9 rwm," +
		"/dev/char/5:0 rwm,/dev/char/5:2 rwm,char-136 rwm,/dev/char/10:200 rwm"
	const mknod = ",char-* m,block-* m"
	for _, c := range []struct {
		name  string
		rules []specs.LinuxDeviceCgroup
		want  string
	}{
		{"none", nil, defaults + mknod},
		{"one more", []specs.LinuxDeviceCgroup{rule(true, "b", 8, 0, "r")}, defaults + ",/dev/block/8:0 r" + mknod},
		{"a whole major number", []specs.LinuxDeviceCgroup{rule(true, "c", 195, -1, "rw")}, defaults + ",char-195 rw" + mknod},
		{"a minor number of every driver", []specs.LinuxDeviceCgroup{rule(true, "c", -1, 3, "rw")}, defaults + mknod},
		{"a part taken away again", []specs.LinuxDeviceCgroup{rule(true, "c", 195, -1, "rw"), rule(false, "c", 195, 1, "w")},
			defaults + ",char-195 r" + mknod},
		{"everything", []specs.LinuxDeviceCgroup{rule(true, "a", -1, -1, "rwm")}, "all"},
		{"everything but one", []specs.LinuxDeviceCgroup{rule(true, "a", -1, -1, "rwm"), rule(false, "c", 195, 1, "rw")}, "char-* m,block-* m"},
	} {
		s, err := convert(&specs.LinuxResources{Devices: c.rules}, false, all)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		list, everything := allowList(s.Devices)
		for _, e := range list {
			words = append(words, e.Node+" "+e.Access)
		}
		if everything {
			words = []string{"all"}
		}
		if got := strings.Join(words, ","); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestBeyondSystemd(t *testing.T) {
	for _, c := range []struct {
		r    specs.LinuxResources
		want bool
	}{
		{specs.LinuxResources{}, false},
		{specs.LinuxResources{HugepageLimits: []specs.LinuxHugepageLimit{{Pagesize: "2MB", Limit: 1}}}, true},
		{specs.LinuxResources{Unified: map[string]string{"memory.high": "1", "cpu.idle": "1"}}, false},
		{specs.LinuxResources{Unified: map[string]string{"misc.max": "1"}}, true},
	} {
		s, err := convert(&c.r, true, all)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.beyondSystemd(); got != c.want {
			t.Errorf("%+v: got %v, want %v", c.r, got, c.want)
		}
	}
}

func TestAnnotations(t *testing.T) {
	for _, c := range []struct{ name, value, want, err string }{
		{"MemoryHigh", "uint64 5", "MemoryHigh=5", ""},
		{"MemoryHigh", "5", "MemoryHigh=5", ""},
		{"TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec=123456789", ""},
		{"TimeoutStopSec", "7", "TimeoutStopUSec=7000000", ""},
		{"TimeoutStopSec", "1.5", "TimeoutStopUSec=1500000", ""},
		{"TimeoutStopSec", "uint64 18446744073709551615", "TimeoutStopUSec=infinity", ""},
		{"TimeoutStopSec", "uint64 18446744073709551614", "", "out of range"},
		{"TimeoutStopSec", "-1", "", "not a number of seconds"},
		{"TimeoutStopSec", "'x'", "", "not a number of seconds"},
		{"KillSignal", "15", "KillSignal=15", ""},
		{"KillSignal", "uint64 99999999999", "", "not of type i (int32)"},
		{"CollectMode", "'inactive'", "CollectMode=inactive", ""},
		{"CollectMode", `"inactive"`, "CollectMode=inactive", ""},
		{"CollectMode", "inactive", "", "GVariant"},
		{"SendSIGHUP", "true", "SendSIGHUP=true", ""},
		{"SendSIGHUP", "1", "", "not of type b (boolean)"},
		{"Documentation", "['man:x']", "Documentation=[man:x]", ""},
		{"MemoryHigh", "-5", "", "not of type t (uint64)"},
		{"MemoryHigh", "'5'", "", "not of type t (uint64)"},
		{"MemoryHigh", "", "", "GVariant"},
		{"OnFailure", "['x.service']", "", "not one of the properties"},
		{"ExecStart", "[]", "", "not one of the properties"},
		{"Slice", "'x.slice'", "", "not one of the properties"},
		{"DeviceAllow", "[('a', 'b')]", "", "not one of the properties"},
		{"", "5", "", "not one of the properties"},
	} {
		key := annotationPrefix + c.name
		p, err := annotated(map[string]string{key: c.value, "other": "x"})
		if c.err == "" && (err != nil || text(p) != c.want) {
			t.Errorf("%s: %s: got %s, %v, want %s", c.name, c.value, text(p), err, c.want)
		}
		if c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), `annotations["`+key+`"]: `) || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %s: got %v, want %q", c.name, c.value, err, c.err)
		}
	}
	_, err := annotated(map[string]string{annotationPrefix + "TimeoutStopSec": "1", annotationPrefix + "TimeoutStopUSec": "1"})
	if err == nil {
		t.Error("one property twice: got no error")
	}
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]int{"257": 257, "252.39-1~deb12u2": 252, "v245.4-1.fc32": 245, "257~rc1": 257} {
		if got, err := parseVersion(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	if _, err := parseVersion("new"); err == nil {
		t.Error("got no error for a version without a number")
	}
}

func TestDoors(t *testing.T) {
	names := func(list []door) string {
		var words []string
		for _, d := range list {
			words = append(words, d.address)
		}
		return strings.Join(words, " ")
	}
	for _, c := range []struct {
		user bool
		r    Reach
		want string
	}{
		{false, Reach{"/run/user/1", "unix:path=/x"}, "unix:path=/run/systemd/private unix:path=/run/dbus/system_bus_socket"},
		{true, Reach{"/run/user/1", "unix:path=/x"}, "unix:path=/run/user/1/systemd/private unix:path=/x unix:path=/run/user/1/bus"},
		{true, Reach{"", "unix:path=/x"}, "unix:path=/x"},
		{true, Reach{}, ""},
	} {
		if got := names(doors(c.user, c.r)); got != c.want {
			t.Errorf("user %v, %+v: got %s, want %s", c.user, c.r, got, c.want)
		}
	}
}

// TestReach knocks where nobody answers, and where nobody is.
func TestReach(t *testing.T) {
	dir := t.TempDir()
	mute := filepath.Join(dir, "mute")
	l, err := net.Listen("unix", mute)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	shut := filepath.Join(dir, "shut")
	gone, err := net.ListenUnix("unix", &net.UnixAddr{Name: shut})
	if err != nil {
		t.Fatal(err)
	}
	gone.SetUnlinkOnClose(false)
	gone.Close()
	at := func(path string) door { return door{address: "unix:path=" + path} }
	const within = 300 * time.Millisecond
	for _, c := range []struct {
		name string
		list []door
		want string
		mute bool
	}{
		{"nowhere to go", nil, "XDG_RUNTIME_DIR", false},
		{"nobody there", []door{at(filepath.Join(dir, "none")), at(shut)}, "connection refused", false},
		{"one that hangs", []door{at(filepath.Join(dir, "none")), at(mute), at(shut)}, "no answer within 300ms", true},
	} {
		began := time.Now()
		_, err := reach(c.list, within)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if waited := time.Since(began); waited > 20*within {
			t.Errorf("%s: it took %v", c.name, waited)
		}
		u := unit{doors: c.list, line: &line{m: nil, err: err}}
		u.line.once.Do(func() {})
		if _, _ = u.manager(); u.mute != c.mute {
			t.Errorf("%s: got mute %v, want %v", c.name, u.mute, c.mute)
		}
	}
}

// TestReachAgain knocks where systemd hangs up and opens another socket, as it
// does when it executes itself anew.
func TestReachAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan error, 2)
	go func() {
		for range 2 {
			c, err := l.Accept()
			if came <- err; err != nil {
				return
			}
			_ = l.Close() // which removes it
			_ = c.Close()
			time.Sleep(50 * time.Millisecond) // somebody comes meanwhile
			if l, err = net.Listen("unix", path); err != nil {
				came <- err
				return
			}
			defer l.Close()
		}
	}()
	const within = time.Second
	m, err := reach([]door{{address: "unix:path=" + path}}, within)
	if err == nil {
		m.close()
		t.Fatal("got no error where nobody ever answers")
	}
	for n := range 2 {
		select {
		case err := <-came:
			if err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("it came %d times, want 2; %v", n, err)
		}
	}
}
