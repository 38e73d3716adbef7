package spec

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The numbers in this package are the kernel's; these tests compare them with
// the headers' and with this kernel.

func TestCapabilities(t *testing.T) {
	for name, bit := range map[string]int{
		"CAP_CHOWN": unix.CAP_CHOWN, "CAP_KILL": unix.CAP_KILL, "CAP_SETPCAP": unix.CAP_SETPCAP,
		"CAP_NET_BIND_SERVICE": unix.CAP_NET_BIND_SERVICE, "CAP_SYS_ADMIN": unix.CAP_SYS_ADMIN, "CAP_MKNOD": unix.CAP_MKNOD,
		"CAP_AUDIT_WRITE": unix.CAP_AUDIT_WRITE, "CAP_SETFCAP": unix.CAP_SETFCAP, "CAP_SYSLOG": unix.CAP_SYSLOG,
		"CAP_AUDIT_READ": unix.CAP_AUDIT_READ, "CAP_BPF": unix.CAP_BPF, "CAP_CHECKPOINT_RESTORE": unix.CAP_CHECKPOINT_RESTORE,
	} {
		if mask, unknown := Capabilities([]string{name}); mask != 1<<bit || unknown != nil {
			t.Errorf("%s: got %#x, %v, want bit %d", name, mask, unknown, bit)
		}
	}
	names := CapabilityNames()
	if len(names) != unix.CAP_LAST_CAP+1 {
		t.Errorf("names: got %d, want %d", len(names), unix.CAP_LAST_CAP+1)
	}
	mask, unknown := Capabilities(append(names, "CAP_FUTURE", "CAP_KILL", "cap_kill", "KILL", "ALL", ""))
	if want := uint64(1)<<len(names) - 1; mask != want {
		t.Errorf("all: got %#x, want %#x", mask, want)
	}
	if got, want := strings.Join(unknown, ","), "CAP_FUTURE,cap_kill,KILL,ALL,"; got != want {
		t.Errorf("unknown: got %s, want %s", got, want)
	}
}

func TestRlimits(t *testing.T) {
	want := map[string]int{
		"RLIMIT_AS": unix.RLIMIT_AS, "RLIMIT_CORE": unix.RLIMIT_CORE, "RLIMIT_CPU": unix.RLIMIT_CPU, "RLIMIT_DATA": unix.RLIMIT_DATA,
		"RLIMIT_FSIZE": unix.RLIMIT_FSIZE, "RLIMIT_LOCKS": unix.RLIMIT_LOCKS, "RLIMIT_MEMLOCK": unix.RLIMIT_MEMLOCK,
		"RLIMIT_MSGQUEUE": unix.RLIMIT_MSGQUEUE, "RLIMIT_NICE": unix.RLIMIT_NICE, "RLIMIT_NOFILE": unix.RLIMIT_NOFILE,
		"RLIMIT_NPROC": unix.RLIMIT_NPROC, "RLIMIT_RSS": unix.RLIMIT_RSS, "RLIMIT_RTPRIO": unix.RLIMIT_RTPRIO,
		"RLIMIT_RTTIME": unix.RLIMIT_RTTIME, "RLIMIT_SIGPENDING": unix.RLIMIT_SIGPENDING, "RLIMIT_STACK": unix.RLIMIT_STACK,
	}
	if len(want) != len(rlimitNames) {
		t.Errorf("names: got %d, want %d", len(rlimitNames), len(want))
	}
	for name, resource := range want {
		if got, ok := Rlimit(name); !ok || got != resource {
			t.Errorf("%s: got %d, %t, want %d", name, got, ok, resource)
		}
	}
	if got, ok := Rlimit("NOFILE"); ok {
		t.Errorf("NOFILE: got %d, want none", got)
	}
}

func TestNamespaces(t *testing.T) {
	flags := map[specs.LinuxNamespaceType]uint64{
		"pid": unix.CLONE_NEWPID, "network": unix.CLONE_NEWNET, "mount": unix.CLONE_NEWNS, "ipc": unix.CLONE_NEWIPC,
		"uts": unix.CLONE_NEWUTS, "user": unix.CLONE_NEWUSER, "cgroup": unix.CLONE_NEWCGROUP, "time": unix.CLONE_NEWTIME,
	}
	if got := len(Namespaces()); got != len(flags) {
		t.Errorf("types: got %d, want %d", got, len(flags))
	}
	for name, flag := range flags {
		ns, ok := LookupNamespace(name)
		if !ok || ns.Flag != flag {
			t.Errorf("%s: got %+v, %t, want flag %#x", name, ns, ok, flag)
		}
		if _, err := os.Lstat("/proc/self/ns/" + ns.File); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMountConstants(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"MOUNT_ATTR_RDONLY", MountAttrReadonly, unix.MOUNT_ATTR_RDONLY},
		{"MOUNT_ATTR_NOSUID", MountAttrNosuid, unix.MOUNT_ATTR_NOSUID},
		{"MOUNT_ATTR_NODEV", MountAttrNodev, unix.MOUNT_ATTR_NODEV},
		{"MOUNT_ATTR_NOEXEC", MountAttrNoexec, unix.MOUNT_ATTR_NOEXEC},
		{"MOUNT_ATTR__ATIME", MountAttrAtimeMask, unix.MOUNT_ATTR__ATIME},
		{"MOUNT_ATTR_RELATIME", MountAttrRelatime, unix.MOUNT_ATTR_RELATIME},
		{"MOUNT_ATTR_NOATIME", MountAttrNoatime, unix.MOUNT_ATTR_NOATIME},
		{"MOUNT_ATTR_STRICTATIME", MountAttrStrictatime, unix.MOUNT_ATTR_STRICTATIME},
		{"MOUNT_ATTR_NODIRATIME", MountAttrNodiratime, unix.MOUNT_ATTR_NODIRATIME},
		{"MOUNT_ATTR_NOSYMFOLLOW", MountAttrNosymfollow, unix.MOUNT_ATTR_NOSYMFOLLOW},
		{"MS_REC", msRec, unix.MS_REC},
		{"MS_PRIVATE", msPrivate, unix.MS_PRIVATE},
		{"MS_SLAVE", msSlave, unix.MS_SLAVE},
		{"MS_SHARED", msShared, unix.MS_SHARED},
		{"MS_UNBINDABLE", msUnbindable, unix.MS_UNBINDABLE},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %#x, want %#x", c.name, c.got, c.want)
		}
	}
}
