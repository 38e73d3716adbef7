package linux

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// AppArmorEnabled reports whether AppArmor is on. Only a kernel without the
// file has none: whatever else keeps us from reading it is an error, or a
// profile that was asked for would be left out in silence.
func AppArmorEnabled() (bool, error) {
	const path = "/sys/module/apparmor/parameters/enabled"
	var b [8]byte
	n, err := readSmall(CWD, path, b[:])
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return n > 0 && b[0] == 'Y', err
}

// AppArmorConfined reports whether this process itself is under an AppArmor
// profile that confines.
func AppArmorConfined() (bool, error) {
	proc, err := OpenProc()
	if err != nil {
		return false, err
	}
	defer proc.Close()
	self := strconv.Itoa(os.Getpid()) + "/attr/"
	fd, err := proc.Open(self+"apparmor/current", unix.O_RDONLY)
	if errors.Is(err, unix.ENOENT) {
		// Kernel(5.8): a directory for each security module.
		fd, err = proc.Open(self+"current", unix.O_RDONLY)
	}
	if err != nil {
		return false, err
	}
	defer fd.Close()
	var b [4096]byte
	n, err := unix.Read(int(fd), b[:])
	if err != nil {
		return false, wrap("read", "/proc/"+self+"current", err)
	}
	label := strings.TrimRight(string(b[:max(n, 0)]), "\n\x00")
	return label != "unconfined" && !strings.HasSuffix(label, " (unconfined)"), nil
}

// SELinuxEnabled reports whether SELinux is on and its filesystem is where
// everybody looks for it.
func SELinuxEnabled() (bool, error) {
	const path = "/sys/fs/selinux"
	var st unix.Statfs_t
	err := retry(func() error { return unix.Statfs(path, &st) })
	if err == unix.ENOENT || err == unix.ENOTDIR {
		return false, nil
	}
	return st.Type == unix.SELINUX_MAGIC, wrap("statfs", path, err)
}

// readSmall reads the beginning of a file.
func readSmall(at FD, path string, b []byte) (int, error) {
	fd, err := Openat(at, path, unix.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	defer fd.Close()
	var n int
	err = retry(func() (err error) {
		n, err = unix.Read(int(fd), b)
		return err
	})
	return max(n, 0), wrap("read", path, err)
}
