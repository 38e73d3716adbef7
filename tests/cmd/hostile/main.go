// Command hostile runs a program as the worst caller would: nothing that a
// process hands on to its children is as usual. What of that reaches the
// payload of a container has to be what the config says, or meant.
//
//	hostile PROGRAM [ARGUMENT…]
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	// Much of it belongs to a thread, so one thread does it all.
	runtime.LockOSThread()
	if len(os.Args) < 2 {
		fail("usage", fmt.Errorf("hostile PROGRAM [ARGUMENT…]"))
	}
	path, err := exec.LookPath(os.Args[1])
	if err != nil {
		fail("find", err)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"limits", limits}, {"scheduling", scheduling}, {"prctl", prctls},
		// Groups before signals: Go sets them on every thread by signal 33.
		{"keyring", keyring}, {"groups", func() error { return syscall.Setgroups([]int{1, 2, 3}) }}, {"signals", signals},
		{"descriptors", descriptors}, {"oom score", func() error { return os.WriteFile("/proc/self/oom_score_adj", []byte("77"), 0) }},
	} {
		if err := step.do(); err != nil {
			fail(step.name, err)
		}
	}
	unix.Umask(0o777)
	env := append(os.Environ(), "LD_PRELOAD=/nowhere", "GODEBUG=gctrace=1", "GOTRACEBACK=crash", "HOME=/nowhere", "SECRET=1")
	fail("exec", unix.Exec(path, os.Args[1:], env))
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "hostile: %s: %v\n", what, err)
	os.Exit(1)
}

func limits() error {
	for resource, soft := range map[int]uint64{
		unix.RLIMIT_CORE: 4096, unix.RLIMIT_NOFILE: 64, unix.RLIMIT_STACK: 4 << 20, unix.RLIMIT_MEMLOCK: 12345, unix.RLIMIT_FSIZE: 1 << 40,
	} {
		var l unix.Rlimit
		if err := unix.Prlimit(0, resource, nil, &l); err != nil {
			return err
		}
		l.Cur = min(soft, l.Max)
		// As the C library does it: package syscall would hold on to the limit
		// of open files.
		if err := unix.Prlimit(0, resource, &l, nil); err != nil {
			return err
		}
	}
	return nil
}

func scheduling() error {
	var first unix.CPUSet
	first.Set(0)
	if err := unix.SchedSetaffinity(0, &first); err != nil {
		return err
	}
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: 3 /* SCHED_BATCH */, Nice: 7}, 0); err != nil {
		return err
	}
	const process, idle = 1, 3 << 13
	if _, _, e := unix.RawSyscall(unix.SYS_IOPRIO_SET, process, 0, idle); e != 0 {
		return e
	}
	if _, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, 0x0040000 /* ADDR_NO_RANDOMIZE */, 0, 0); e != 0 {
		return e
	}
	nodes := [2]uint64{1}
	_, _, e := unix.RawSyscall(unix.SYS_SET_MEMPOLICY, 1 /* MPOL_PREFERRED */, uintptr(unsafe.Pointer(&nodes)), 65)
	if e != 0 && e != unix.ENOSYS {
		return e
	}
	return nil
}

func signals() error {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE, unix.SIGCHLD, unix.SIGUSR1, unix.SIGWINCH)
	// The C library keeps these two for itself, and so Go lets nobody at them;
	// a caller without either may have them ignored.
	for _, n := range []uintptr{32, 33} {
		ignore := [4]uint64{1}
		if _, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, n, uintptr(unsafe.Pointer(&ignore)), 0, 8, 0, 0); e != 0 {
			return e
		}
	}
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	return unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil)
}

func prctls() error {
	for _, p := range [][2]uintptr{
		{unix.PR_SET_PDEATHSIG, uintptr(unix.SIGUSR2)}, {unix.PR_SET_TIMERSLACK, 123456},
		{unix.PR_SET_CHILD_SUBREAPER, 1}, {unix.PR_SET_KEEPCAPS, 1},
	} {
		if err := unix.Prctl(int(p[0]), p[1], 0, 0, 0); err != nil {
			return fmt.Errorf("%d: %w", p[0], err)
		}
	}
	return nil
}

func keyring() error {
	_, err := unix.KeyctlJoinSessionKeyring("hostile")
	return err
}

// descriptors leaves some open that nobody named: a directory of the host, as
// CVE-2024-21626 had it, and a file.
func descriptors() error {
	for fd, path := range map[int]string{7: "/", 19: "/etc/passwd", 63: "/sys/fs/cgroup"} {
		n, err := unix.Open(path, unix.O_RDONLY, 0)
		if err == nil && n != fd {
			err = unix.Dup3(n, fd, 0)
			unix.Close(n)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}
