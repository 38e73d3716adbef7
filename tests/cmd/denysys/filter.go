package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rule is a system call that is refused; with mask, where the bits of an
// argument under it have a value.
type rule struct {
	name  string
	since string // the kernel that has it
	nr    uint32
	arg   int
	mask  uint32
	value uint32
	// errno, if the kernel's own answer is always the same one.
	errno uint32
}

// calls are those that were added since Linux 4.18, and some that filters
// forget.
func calls() []rule {
	return []rule{
		{name: "clone3", since: "5.3", nr: unix.SYS_CLONE3},
		{name: "close_range", since: "5.9", nr: unix.SYS_CLOSE_RANGE},
		{name: "faccessat2", since: "5.8", nr: unix.SYS_FACCESSAT2},
		{name: "fchmodat2", since: "6.6", nr: 452},
		{name: "fsconfig", since: "5.2", nr: unix.SYS_FSCONFIG},
		{name: "fsmount", since: "5.2", nr: unix.SYS_FSMOUNT},
		{name: "fsopen", since: "5.2", nr: unix.SYS_FSOPEN},
		{name: "fspick", since: "5.2", nr: unix.SYS_FSPICK},
		{name: "keyctl", since: "2.6", nr: unix.SYS_KEYCTL},
		{name: "listmount", since: "6.8", nr: 458},
		{name: "memfd_create", since: "3.17", nr: unix.SYS_MEMFD_CREATE},
		{name: "mount_setattr", since: "5.12", nr: unix.SYS_MOUNT_SETATTR},
		{name: "move_mount", since: "5.2", nr: unix.SYS_MOVE_MOUNT},
		{name: "open_tree", since: "5.2", nr: unix.SYS_OPEN_TREE},
		{name: "open_tree_attr", since: "6.15", nr: 467},
		{name: "openat2", since: "5.6", nr: unix.SYS_OPENAT2},
		{name: "pidfd_getfd", since: "5.6", nr: unix.SYS_PIDFD_GETFD},
		{name: "pidfd_open", since: "5.3", nr: unix.SYS_PIDFD_OPEN},
		{name: "pidfd_send_signal", since: "5.1", nr: unix.SYS_PIDFD_SEND_SIGNAL},
		{name: "seccomp", since: "3.17", nr: unix.SYS_SECCOMP},
		{name: "statmount", since: "6.8", nr: 457},
		{name: "statx", since: "4.11", nr: unix.SYS_STATX},
	}
}

// uses are flags and modes of older calls. The errors are the kernel's.
func uses() []rule {
	const pidfd = 3 // P_PIDFD
	return []rule{
		{name: "close_range-cloexec", since: "5.11", nr: unix.SYS_CLOSE_RANGE, arg: 2, mask: unix.CLOSE_RANGE_CLOEXEC, value: unix.CLOSE_RANGE_CLOEXEC, errno: uint32(unix.EINVAL)},
		// The flag is in memory, where a filter cannot look; the call itself
		// refuses arguments that are longer than what it knows.
		{name: "clone-into-cgroup", since: "5.7", nr: unix.SYS_CLONE3, errno: uint32(unix.E2BIG)},
		{name: "waitid-pidfd", since: "5.4", nr: unix.SYS_WAITID, mask: ^uint32(0), value: pidfd, errno: uint32(unix.EINVAL)},
		{name: "memfd-exec", since: "6.3", nr: unix.SYS_MEMFD_CREATE, arg: 1, mask: unix.MFD_EXEC, value: unix.MFD_EXEC, errno: uint32(unix.EINVAL)},
		// More than one namespace at a time is possible by a pidfd alone.
		{name: "setns-pidfd", since: "5.8", nr: unix.SYS_SETNS, arg: 1, mask: unix.CLONE_NEWNS | unix.CLONE_NEWIPC, value: unix.CLONE_NEWNS | unix.CLONE_NEWIPC, errno: uint32(unix.EINVAL)},
		{name: "unshare-time", since: "5.6", nr: unix.SYS_UNSHARE, mask: unix.CLONE_NEWTIME, value: unix.CLONE_NEWTIME, errno: uint32(unix.EINVAL)},
	}
}

// program is the filter that refuses what rules say and allows the rest.
func program(rules []rule, errno uint32) []unix.SockFilter {
	const (
		load, equal, and, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, unix.BPF_RET | unix.BPF_K
		// Places in struct seccomp_data.
		atNumber, atArch, atArgs = 0, 4, 16
	)
	out := []unix.SockFilter{
		{Code: load, K: atArch},
		{Code: equal, K: arch(), Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW}, // another set of numbers
	}
	for _, r := range rules {
		answer := r.errno
		if answer == 0 {
			answer = errno
		}
		out = append(out, unix.SockFilter{Code: load, K: atNumber})
		if r.mask != 0 {
			out = append(out, unix.SockFilter{Code: equal, K: r.nr, Jf: 4},
				unix.SockFilter{Code: load, K: atArgs + 8*uint32(r.arg)},
				unix.SockFilter{Code: and, K: r.mask},
				unix.SockFilter{Code: equal, K: r.value, Jf: 1})
		} else {
			out = append(out, unix.SockFilter{Code: equal, K: r.nr, Jf: 1})
		}
		out = append(out, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | answer})
	}
	return append(out, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
}

func arch() uint32 {
	if runtime.GOARCH == "arm64" {
		return unix.AUDIT_ARCH_AARCH64
	}
	return unix.AUDIT_ARCH_X86_64
}

// load loads the filter for all threads. No-new-privileges would be one thing
// more that is not as usual, so that is for callers who cannot do without.
func load(filter []unix.SockFilter) error {
	runtime.LockOSThread()
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	set := func() unix.Errno {
		_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
		return e
	}
	e := set()
	if e == unix.EACCES {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("no-new-privileges: %w", err)
		}
		e = set()
	}
	if e != 0 {
		return e
	}
	return nil
}
