package linux

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Capabilities returns the permitted set of this process.
func Capabilities() (uint64, error) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return 0, wrap("capget", "", err)
	}
	return uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32, nil
}

// LastCapability is the number of the last capability this kernel knows.
func LastCapability() int {
	last := unix.CAP_LAST_CAP
	for last > 0 && !knowsCapability(last) {
		last--
	}
	for knowsCapability(last + 1) {
		last++
	}
	return last
}

func knowsCapability(n int) bool {
	_, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0)
	return err == nil
}

// RaiseRlimit makes the hard limit of a process at least hard. What is higher
// already stays.
func RaiseRlimit(pid, resource int, hard uint64) error {
	var now unix.Rlimit
	object := "process " + strconv.Itoa(pid)
	if err := unix.Prlimit(pid, resource, nil, &now); err != nil {
		return wrap("prlimit", object, err)
	}
	if now.Max >= hard {
		return nil
	}
	now.Max = hard
	return wrap("prlimit", object, unix.Prlimit(pid, resource, &now, nil))
}

// MemoryFile makes an anonymous file with the data, or an empty one.
func MemoryFile(name string, data []byte) (FD, error) {
	n, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return NoFD, wrap("memfd_create", name, err)
	}
	if err := WriteAll(FD(n), data); err != nil {
		_ = unix.Close(n)
		return NoFD, err
	}
	return FD(n), nil
}

// WriteAll writes all of data.
func WriteAll(fd FD, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(int(fd), data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return wrap("write", "descriptor "+strconv.Itoa(int(fd)), err)
		}
		data = data[n:]
	}
	return nil
}

// ReadBack returns the text that others have written into a MemoryFile, without
// newlines at its end; what cannot be read is empty.
func ReadBack(fd FD) string {
	var b [4096]byte
	n, err := unix.Pread(int(fd), b[:], 0)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(b[:n]), "\n")
}

// Executable reports whether path is a file that this process may execute.
func Executable(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}
