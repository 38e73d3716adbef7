package linux

import (
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Error numbers that the parent tells apart, besides those of other files.
const (
	ENOENT       = unix.ENOENT
	ENOSYS       = unix.ENOSYS
	ENOTDIR      = unix.ENOTDIR
	EPERM        = unix.EPERM
	EBUSY        = unix.EBUSY
	EINVAL       = unix.EINVAL
	ENODEV       = unix.ENODEV
	EDQUOT       = unix.EDQUOT
	ETIMEDOUT    = unix.ETIMEDOUT
	ESRCH        = unix.ESRCH
	EPIPE        = unix.EPIPE
	ENOSPC       = unix.ENOSPC
	ECONNREFUSED = unix.ECONNREFUSED
	ECONNRESET   = unix.ECONNRESET
)

// PidfdOpen opens a descriptor of the process that has this pid now. The
// descriptor never means another process, unlike the pid; it becomes readable
// when the process has ended.
func PidfdOpen(pid int) (FD, error) {
	n, err := unix.PidfdOpen(pid, 0)
	if err == unix.ENOSYS || err == unix.EPERM {
		// Kernel(5.3); filters of that time refuse it.
		return openProcess(pid)
	}
	if err == unix.EINVAL && pid > 0 {
		// Kernel(6.15): until then a reaped process whose pid still is that of
		// a group or session is no "leader", and the answer is EINVAL.
		err = unix.ESRCH
	}
	return FD(n), wrap("pidfd_open", strconv.Itoa(pid), err)
}

// IsPidfd reports whether a descriptor of PidfdOpen is one for other programs
// too, and not what stands in for one where there is no pidfd_open(2).
func IsPidfd(fd FD) bool {
	st, err := Fstat(fd)
	return err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR
}

// Kill sends SIGKILL. A process that has ended already is no error.
func Kill(pidfd FD) error { return Signal(pidfd, unix.SIGKILL) }

// Signal sends a signal to the process behind pidfd.
func Signal(pidfd FD, signal unix.Signal) error {
	err := unix.PidfdSendSignal(int(pidfd), signal, nil, 0)
	if err == unix.ENOSYS || err == unix.EPERM {
		// Kernel(5.1), or a filter. If it is the process that may not be sent
		// signals, it may not be this way either.
		return signalByNumber(pidfd, signal)
	}
	return wrap("pidfd_send_signal", strconv.Itoa(int(signal)), err)
}

// Ended says how a child that has ended did, and leaves it to be reaped. It
// waits for a child that is about to end: its connection is closed already.
func Ended(pidfd FD) (exited bool, code int, err error) {
	const killed, dumped = 2, 3 // CLD_KILLED, CLD_DUMPED
	var info unix.Siginfo
	by := func(kind, id int) error {
		return retry(func() error { return unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOWAIT, nil) })
	}
	if err = by(unix.P_PIDFD, int(pidfd)); err == unix.EINVAL {
		// Kernel(5.4). The number means this child until it is reaped.
		var pid int
		if pid, err = processOf(pidfd); err == nil {
			err = by(unix.P_PID, pid)
		}
	}
	if err != nil {
		return false, 0, wrap("waitid", "init", err)
	}
	// si_status follows si_pid and si_uid.
	word := unsafe.Sizeof(uintptr(0))
	at := (3*unsafe.Sizeof(int32(0))+word-1)&^(word-1) + 8
	status := int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), at)))
	return info.Code != killed && info.Code != dumped, status, nil
}
