package linux

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// What stands in for pidfds where the kernel has none, or a filter around us
// refuses the calls: the directory of the process in /proc. It belongs to the
// process and not to the number: once the process was reaped its files are
// gone, whoever has the number then.

// directories is set once a process was opened in that way. Nobody looks at
// descriptors more closely as long as there is none.
var directories atomic.Bool

// openProcess opens a process as a directory.
func openProcess(pid int) (FD, error) {
	proc, err := OpenProc()
	if err != nil {
		return NoFD, err
	}
	defer proc.Close()
	fd, err := proc.Open(strconv.Itoa(pid), unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOENT) {
		return NoFD, &Error{"open", "/proc/" + strconv.Itoa(pid), unix.ESRCH}
	}
	if err == nil {
		directories.Store(true)
	}
	return fd, err
}

// OpenProcess opens the directory of a process in /proc, for namespaces by
// name. It stays that process' one.
func OpenProcess(pid int) (FD, error) { return openProcess(pid) }

// processOf is the pid of the process behind a descriptor.
func processOf(fd FD) (int, error) {
	if stat, err := readStat(fd); err == nil {
		number, _, _ := strings.Cut(stat, " ")
		return strconv.Atoi(number)
	} else if errors.Is(err, unix.ESRCH) {
		return 0, err
	}
	proc, err := OpenProc()
	if err != nil {
		return 0, err
	}
	defer proc.Close()
	return proc.PidOf(fd)
}

// readStat reads the stat file of a process that was opened as a directory.
func readStat(dir FD) (string, error) {
	fd, err := Openat(dir, "stat", unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) {
		return "", &Error{"open", "stat of a process", unix.ESRCH}
	}
	if err != nil {
		return "", err
	}
	defer fd.Close()
	var b [1024]byte
	n, err := unix.Read(int(fd), b[:])
	return string(b[:max(n, 0)]), wrap("read", "stat of a process", err)
}

// signalByNumber sends a signal by kill(2). Between the look at the process
// and the call the number could go to another one only if the process ended
// and was reaped meanwhile, and the kernel had gone through all other numbers.
func signalByNumber(fd FD, signal unix.Signal) error {
	pid, err := processOf(fd)
	if err != nil {
		return err
	}
	return wrap("kill", strconv.Itoa(pid), unix.Kill(pid, signal))
}

// awaitEndOf waits until a process that was opened as a directory has ended.
// Nothing tells, so it has to look again and again.
func awaitEndOf(dir FD, most time.Duration) error {
	const pause = 2 * time.Millisecond
	for deadline := time.Now().Add(most); ; time.Sleep(pause) {
		stat, err := readStat(dir)
		if errors.Is(err, unix.ESRCH) {
			return nil
		}
		if err != nil {
			return err
		}
		_, state, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
		if strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
			return nil
		}
		if time.Now().After(deadline) {
			return &Error{"wait", "killed process", ETIMEDOUT}
		}
	}
}

// isDirectory reports whether a process was opened as a directory.
func isDirectory(fd FD) bool {
	if !directories.Load() {
		return false
	}
	st, err := Fstat(fd)
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}
