package linux

import (
	"errors"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Init says how an init process is to be born.
type Init struct {
	Binary FD       // unwritable copy of this program
	Args   []string // as argv
	Stdio  [3]FD
	// Extra become descriptors 3, 4, …; of init's own, Control comes next and
	// Program after it.
	Extra            []FD
	Control, Program FD
	CloneFlags       uint64
	Cgroup           FD // directory of a cgroup v2 to be born in, or NoFD
	PIDNamespace     FD // namespace or pidfd whose pid namespace to be born in, or NoFD
}

// clonePID is CLONE_NEWPID, the one namespace that only a child can be in.
const clonePID = unix.CLONE_NEWPID

// Spawn starts init and returns its pid and pidfd. It returns once init's
// execve has succeeded. Call it from a goroutine of its own: with a pid
// namespace to enter its thread cannot be used for anything else.
func (p *Init) Spawn() (int, FD, error) {
	if p.PIDNamespace != NoFD {
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		if err := ThreadSetns(p.PIDNamespace, clonePID); err != nil {
			return 0, NoFD, err
		}
	}
	files := make([]uintptr, 0, 8)
	for _, f := range p.Stdio {
		files = append(files, uintptr(f))
	}
	for _, f := range p.Extra {
		files = append(files, uintptr(f))
	}
	files = append(files, uintptr(p.Control), uintptr(p.Program))
	pidfd := -1
	sys := &syscall.SysProcAttr{Cloneflags: uintptr(p.CloneFlags), PidFD: &pidfd}
	if p.Cgroup != NoFD {
		sys.UseCgroupFD, sys.CgroupFD = true, int(p.Cgroup)
	}
	binary, err := outOfTheWay(p.Binary, files)
	if err != nil {
		return 0, NoFD, err
	}
	pid, err := forkExec("/proc/self/fd/"+strconv.Itoa(int(binary)), p.Args, &syscall.ProcAttr{Files: files, Sys: sys})
	if binary != p.Binary {
		_ = binary.Close()
	}
	if err != nil {
		return 0, NoFD, wrap("clone and exec", "init", err)
	}
	if pidfd < 0 {
		// Kernel(5.2): older ones take no notice of the flag. Without it there
		// is no way to wait for a process and for something else.
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _, _ = Reap(pid)
		return 0, NoFD, &Error{"clone CLONE_PIDFD", "init", unix.ENOSYS}
	}
	return pid, FD(pidfd), nil
}

// outOfTheWay returns fd, or a copy that still is it in a child whose descriptors
// 0, 1, … have become files: a child that names a file by a low number would get
// one of these. On the way there it uses numbers above all of them.
func outOfTheWay(fd FD, files []uintptr) (FD, error) {
	highest, moves := uintptr(len(files)), false
	for i, f := range files {
		highest = max(highest, f)
		moves = moves || f < uintptr(i)
	}
	if int(fd) >= len(files) && !moves {
		return fd, nil
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, int(highest)+1+len(files))
	return FD(n), wrap("fcntl F_DUPFD_CLOEXEC", "init's binary", err)
}

// Reap waits for child pid and returns how it ended.
func Reap(pid int) (exited bool, code int, err error) {
	var ws unix.WaitStatus
	err = retry(func() error {
		_, err := unix.Wait4(pid, &ws, 0, nil)
		return err
	})
	if err != nil {
		return false, 0, wrap("wait4", strconv.Itoa(pid), err)
	}
	if ws.Signaled() {
		return false, int(ws.Signal()), nil
	}
	return true, ws.ExitStatus(), nil
}

// NoBirthInCgroup reports whether a clone failed because of the cgroup it was
// to be born in, so that it may work without: no clone3 (a seccomp filter
// around us), no CLONE_INTO_CGROUP (Kernel(5.7)), a cgroup whose controllers are
// enabled for groups below it, or one into which this user may not move
// processes from where it is.
func NoBirthInCgroup(err error) bool {
	for _, e := range [...]Errno{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL, unix.E2BIG, unix.EBUSY, unix.EOPNOTSUPP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
