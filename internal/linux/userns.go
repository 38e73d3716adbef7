package linux

import (
	"errors"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// initialUserNamespace is what the kernel shows as the namespace that every
// system begins with; its inode number is fixed.
const initialUserNamespace = "user:[4026531837]"

// InUserNamespace reports whether this process is in another user namespace
// than the first one of the system. Where that cannot be seen, it is not.
func InUserNamespace() bool {
	buf := make([]byte, 64)
	n, err := unix.Readlink("/proc/self/ns/user", buf)
	return err == nil && string(buf[:n]) != initialUserNamespace
}

// MayMknod reports whether a process here that has these capabilities can make
// device nodes.
func MayMknod(caps uint64) bool { return caps>>unix.CAP_MKNOD&1 == 1 && !InUserNamespace() }

// MayMount reports whether a process here that has these capabilities can mount
// in the mount namespace that it is in: that may belong to a user namespace
// around its own.
func MayMount(caps uint64) bool {
	switch {
	case caps>>unix.CAP_SYS_ADMIN&1 == 0:
		return false
	case !InUserNamespace():
		return true
	}
	ns, err := OpenFile("/proc/self/ns/mnt")
	if err != nil {
		return true // the first mount will tell
	}
	defer ns.Close()
	owner, err := unix.IoctlRetInt(int(ns), unix.NS_GET_USERNS)
	if err == nil {
		_ = unix.Close(owner)
	}
	return err != unix.EPERM
}

// MayMapIDs reports whether a process that has these capabilities can map other
// ids than its own into a user namespace.
func MayMapIDs(caps uint64) bool {
	return caps>>unix.CAP_SETUID&1 == 1 && caps>>unix.CAP_SETGID&1 == 1
}

// MaySeeAll reports whether a process that has these capabilities can look into
// processes that hide from others of their owner.
func MaySeeAll(caps uint64) bool {
	return caps>>unix.CAP_SYS_PTRACE&1 == 1 && caps>>unix.CAP_DAC_OVERRIDE&1 == 1
}

// SetgroupsDenied reports whether the user namespace of this process forbids
// to change its groups. The first one of the system never does.
func SetgroupsDenied() bool {
	if !InUserNamespace() {
		return false
	}
	text, err := ReadKernelFile("/proc/self/setgroups")
	return err == nil && string(text) == "deny\n"
}

// IDMapping is one line of a map file of a user namespace.
type IDMapping struct{ Inside, Outside, Count uint32 }

// NewUserNamespace makes a user namespace that has these maps and nobody in
// it. waits is a command that blocks as long as descriptor 3 is open at the
// other end: somebody has to be in the namespace until it is held open.
func NewUserNamespace(waits []string, uids, gids []IDMapping) (FD, error) {
	ours, theirs, err := FramePair()
	if err != nil {
		return NoFD, err
	}
	defer ours.Close()
	null, err := Openat(CWD, "/dev/null", unix.O_RDWR, 0)
	if err != nil {
		return NoFD, errors.Join(err, theirs.Close())
	}
	pidfd := -1
	pid, err := forkExec("/proc/self/exe", waits, &syscall.ProcAttr{
		Files: []uintptr{uintptr(null), uintptr(null), uintptr(null), uintptr(theirs)},
		Sys: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWUSER, UidMappings: sysMap(uids), GidMappings: sysMap(gids),
			GidMappingsEnableSetgroups: true, PidFD: &pidfd,
		},
	})
	_, _ = null.Close(), theirs.Close()
	if err != nil {
		return NoFD, wrap("clone CLONE_NEWUSER and write its maps", "", err)
	}
	ns, err := openUserNamespace(pid)
	_ = Kill(FD(pidfd))
	_, _, reapErr := Reap(pid)
	return ns, errors.Join(err, reapErr, FD(pidfd).Close())
}

func openUserNamespace(pid int) (FD, error) {
	proc, err := OpenProc()
	if err != nil {
		return NoFD, err
	}
	defer proc.Close()
	return proc.namespace(pid, "user")
}

func (p Proc) namespace(pid int, name string) (FD, error) {
	dir, err := p.Open(strconv.Itoa(pid)+"/ns", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return NoFD, err
	}
	defer dir.Close()
	// The last component is a magic link, which is what is wanted here.
	return Openat(dir, name, unix.O_RDONLY, 0)
}

func sysMap(list []IDMapping) []syscall.SysProcIDMap {
	out := make([]syscall.SysProcIDMap, len(list))
	for i, m := range list {
		out[i] = syscall.SysProcIDMap{ContainerID: int(m.Inside), HostID: int(m.Outside), Size: int(m.Count)}
	}
	return out
}
