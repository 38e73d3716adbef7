package raw

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Clone, wait and capability constants; values are the kernel's.
const (
	CloneParent  = unix.CLONE_PARENT
	ClonePidfd   = unix.CLONE_PIDFD
	CloneNewuser = unix.CLONE_NEWUSER
	CloneNewpid  = unix.CLONE_NEWPID
	CloneNewtime = unix.CLONE_NEWTIME
	CloneNewns   = unix.CLONE_NEWNS
	CloneFS      = unix.CLONE_FS
	SIGCHLD      = int(unix.SIGCHLD)
	SIGKILL      = int(unix.SIGKILL)
	lastSignal   = 64
	capsVersion3 = unix.LINUX_CAPABILITY_VERSION_3
)

// Rlimit is the kernel's struct rlimit64.
type Rlimit = unix.Rlimit

// Fork is clone(2) without sharing anything: a copy of this single-threaded
// process. flags may hold CLONE_PARENT and CLONE_PIDFD; pidfd then gets the
// descriptor. It returns 0 in the copy.
func Fork(flags uintptr, pidfd *int32) (int, Errno) {
	// The argument order of tls and child_tid differs between architectures;
	// both are unused and 0.
	r, e := call(unix.SYS_CLONE, flags, 0, uintptr(unsafe.Pointer(pidfd)), 0, 0, 0)
	return int(r), e
}

// Exit ends the process.
func Exit(code int) {
	for {
		call(unix.SYS_EXIT_GROUP, uintptr(code), 0, 0, 0, 0, 0)
	}
}

// Execve is execve(2); it returns only on failure.
func Execve(path, argv, env Ptr) Errno {
	_, e := call(unix.SYS_EXECVE, path, argv, env, 0, 0, 0)
	return e
}

// Setns is setns(2).
func Setns(n int, nstype uint) Errno {
	_, e := call(unix.SYS_SETNS, fd(n), uintptr(nstype), 0, 0, 0, 0)
	return e
}

// Unshare is unshare(2).
func Unshare(flags uint) Errno {
	_, e := call(unix.SYS_UNSHARE, uintptr(flags), 0, 0, 0, 0, 0)
	return e
}

// Setsid is setsid(2).
func Setsid() Errno {
	_, e := call(unix.SYS_SETSID, 0, 0, 0, 0, 0, 0)
	return e
}

// Setpgid is setpgid(2).
func Setpgid(pid, pgid int) Errno {
	_, e := call(unix.SYS_SETPGID, uintptr(pid), uintptr(pgid), 0, 0, 0, 0)
	return e
}

// Kill is kill(2); a negative pid names a process group.
func Kill(pid, sig int) Errno {
	_, e := call(unix.SYS_KILL, uintptr(pid), uintptr(sig), 0, 0, 0, 0)
	return e
}

// Wait4 reaps child pid and returns its wait status.
func Wait4(pid int) (uint32, Errno) {
	var status uint32
	_, e := call(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(&status)), 0, 0, 0, 0)
	return status, e
}

// PollIn waits until descriptor n is readable, at most ms milliseconds
// (negative: without end). It returns whether it is; ppoll(2), because poll is
// not on every architecture.
func PollIn(n, ms int) (bool, Errno) {
	p := unix.PollFd{Fd: int32(n), Events: unix.POLLIN}
	ts := unix.Timespec{Sec: int64(ms / 1000), Nsec: int64(ms%1000) * 1e6}
	var bound uintptr
	if ms >= 0 {
		bound = uintptr(unsafe.Pointer(&ts))
	}
	for {
		r, e := call(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, bound, 0, 0, 0)
		if e != EINTR {
			return r == 1, e
		}
		// The kernel left what remains of the time in ts.
	}
}

// DefaultSignals sets every signal's disposition to the default and empties
// the mask. KILL and STOP refuse, the C library's two have no meaning here.
func DefaultSignals() Errno {
	var act [4]uint64 // struct kernel_sigaction: handler, flags, restorer, mask
	for sig := uintptr(1); sig <= lastSignal; sig++ {
		call(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
	}
	var none uint64
	_, e := call(unix.SYS_RT_SIGPROCMASK, 2 /* SIG_SETMASK */, uintptr(unsafe.Pointer(&none)), 0, 8, 0, 0)
	return e
}

// Setgroups is setgroups(2) with n ids at address groups.
func Setgroups(n int, groups Ptr) Errno {
	_, e := call(unix.SYS_SETGROUPS, uintptr(n), groups, 0, 0, 0, 0)
	return e
}

// Groups is how many supplementary groups this process has.
func Groups() int {
	r, _ := call(unix.SYS_GETGROUPS, 0, 0, 0, 0, 0, 0)
	return int(r)
}

// Setresgid sets the three group ids.
func Setresgid(gid uint32) Errno {
	g := uintptr(gid)
	_, e := call(unix.SYS_SETRESGID, g, g, g, 0, 0, 0)
	return e
}

// Setresuid sets the three user ids.
func Setresuid(uid uint32) Errno {
	u := uintptr(uid)
	_, e := call(unix.SYS_SETRESUID, u, u, u, 0, 0, 0)
	return e
}

// Prctl is prctl(2).
func Prctl(op int, a, b uintptr) Errno {
	_, e := call(unix.SYS_PRCTL, uintptr(op), a, b, 0, 0, 0)
	return e
}

// prctl(2) operations init uses.
const (
	PrDumpable   = unix.PR_SET_DUMPABLE
	PrName       = unix.PR_SET_NAME
	PrKeepcaps   = unix.PR_SET_KEEPCAPS
	PrBsetDrop   = unix.PR_CAPBSET_DROP
	PrAmbient    = unix.PR_CAP_AMBIENT
	AmbientRaise = unix.PR_CAP_AMBIENT_RAISE
	AmbientClear = unix.PR_CAP_AMBIENT_CLEAR_ALL
	PrNoNewPrivs = unix.PR_SET_NO_NEW_PRIVS
)

// Capset is capset(2) for this process.
func Capset(effective, permitted, inheritable uint64) Errno {
	head := [2]uint32{capsVersion3, 0}
	data := [6]uint32{
		uint32(effective), uint32(permitted), uint32(inheritable),
		uint32(effective >> 32), uint32(permitted >> 32), uint32(inheritable >> 32),
	}
	_, e := call(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&data)), 0, 0, 0, 0)
	return e
}

// Umask is umask(2).
func Umask(mask uint32) { call(unix.SYS_UMASK, uintptr(mask), 0, 0, 0, 0, 0) }

// Setrlimit is prlimit64(2) on this process.
func Setrlimit(resource int, l *Rlimit) Errno {
	_, e := call(unix.SYS_PRLIMIT64, 0, uintptr(resource), uintptr(unsafe.Pointer(l)), 0, 0, 0)
	return e
}

// Seccomp is seccomp(2) SECCOMP_SET_MODE_FILTER with n instructions at prog. It
// returns the listener, if flags ask for one; that is close-on-exec.
func Seccomp(flags uint, n int, prog Ptr) (int, Errno) {
	fprog := struct {
		n    uint16
		_    [6]byte
		prog uintptr
	}{n: uint16(n), prog: prog}
	r, e := call(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(&fprog)), 0, 0, 0)
	return int(r), e
}

// JoinSession joins or makes the session keyring with that name and returns
// its serial; keyctl(2).
func JoinSession(name Ptr) (int, Errno) {
	r, e := call(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0, 0)
	return int(r), e
}

// DescribeKey fills b with the description "type;uid;gid;perm;name" of a key.
func DescribeKey(key int, b []byte) (int, Errno) {
	r, e := call(unix.SYS_KEYCTL, unix.KEYCTL_DESCRIBE, uintptr(key), Addr(b), uintptr(len(b)), 0, 0)
	return int(r), e
}

// SetKeyPerm sets a key's permission mask.
func SetKeyPerm(key int, perm uint32) Errno {
	_, e := call(unix.SYS_KEYCTL, unix.KEYCTL_SETPERM, uintptr(key), uintptr(perm), 0, 0, 0)
	return e
}

// Sethostname is sethostname(2).
func Sethostname(name Ptr, n int) Errno {
	_, e := call(unix.SYS_SETHOSTNAME, name, uintptr(n), 0, 0, 0, 0)
	return e
}

// Setdomainname is setdomainname(2).
func Setdomainname(name Ptr, n int) Errno {
	_, e := call(unix.SYS_SETDOMAINNAME, name, uintptr(n), 0, 0, 0, 0)
	return e
}

// MapFixed maps n bytes of descriptor f privately and writable at exactly
// address at, refusing to replace anything (Linux 4.17).
func MapFixed(at Ptr, n, f int) Errno {
	r, e := call(unix.SYS_MMAP, at, uintptr(n), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_FIXED_NOREPLACE, fd(f), 0)
	if e == 0 && r != at {
		return EEXIST // a kernel before 4.17 took the address as a hint
	}
	return e
}

// Personality is personality(2). A refusal is a negative result, a former
// personality never is one.
func Personality(domain uintptr) Errno {
	_, e := call(unix.SYS_PERSONALITY, domain, 0, 0, 0, 0, 0)
	return e
}

// SetMempolicy is set_mempolicy(2) with a mask of nodes that the kernel reads
// bits-1 of.
func SetMempolicy(mode uintptr, nodes Ptr, bits uintptr) Errno {
	_, e := call(unix.SYS_SET_MEMPOLICY, mode, nodes, bits, 0, 0, 0)
	return e
}
