package linux

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Versions of the cgroup filesystem.
const (
	NoCgroupFS = 0
	CgroupV1   = 1
	CgroupV2   = 2
)

// PollPri is the event with which a file of the cgroup filesystem says that
// its content changed since it was read.
const PollPri = unix.POLLPRI

// CgroupFS tells which version of the cgroup filesystem path lies on, and
// whether path is the root of its whole hierarchy, as the kernel has it.
func CgroupFS(path string) (version int, root bool) {
	var fs unix.Statfs_t
	if retry(func() error { return unix.Statfs(path, &fs) }) != nil {
		return NoCgroupFS, false
	}
	switch fs.Type {
	case unix.CGROUP_SUPER_MAGIC:
		version = CgroupV1
	case unix.CGROUP2_SUPER_MAGIC:
		version = CgroupV2
	default:
		return NoCgroupFS, false
	}
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return NoCgroupFS, false
	}
	// The root of every kernfs tree has inode number 1; a part of a
	// hierarchy that is bound into a container has another.
	return version, st.Ino == 1
}

// InitialCgroupNamespace reports whether paths in /proc/self/cgroup begin at
// the root of the hierarchies.
func InitialCgroupNamespace() bool {
	// PROC_CGROUP_INIT_INO of the kernel's include/linux/proc_ns.h.
	const initial = 0xEFFFFFFB
	var st unix.Stat_t
	err := unix.Stat("/proc/self/ns/cgroup", &st)
	// Kernel(4.6): before that, there are no cgroup namespaces.
	return err == nil && st.Ino == initial || errors.Is(err, unix.ENOENT)
}

// ReadKernelFile reads a file that the kernel makes up as it is read: short,
// without a size, and not worth the poller of package os.
func ReadKernelFile(path string) ([]byte, error) {
	fd, err := openKernelFile(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := make([]byte, 0, 512)
	for {
		var n int
		err := retry(func() (err error) {
			n, err = unix.Read(fd, buf[len(buf):cap(buf)])
			return err
		})
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			return buf, nil
		}
		buf = buf[:len(buf)+n]
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
	}
}

// WriteKernelFile writes data to an existing file of a kernel filesystem in
// one call.
func WriteKernelFile(path, data string) error {
	fd, err := openKernelFile(path, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = retry(func() error {
		_, err := unix.Write(fd, []byte(data))
		return err
	})
	if err != nil {
		return fmt.Errorf("write %q to %s: %w", data, path, err)
	}
	return nil
}

// OpenKernelFile opens a file of a kernel filesystem for writing only.
func OpenKernelFile(path string) (*os.File, error) {
	fd, err := openKernelFile(path, unix.O_WRONLY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// OpenCgroupDir opens the directory of a cgroup, for CLONE_INTO_CGROUP.
func OpenCgroupDir(path string) (*os.File, error) {
	fd, err := openKernelFile(path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func openKernelFile(path string, flags int) (int, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// RemoveCgroup removes the directory of a cgroup. It is rmdir(2) alone: a
// cgroup's files are not entries that would have to go first.
func RemoveCgroup(path string) error {
	if err := retry(func() error { return unix.Rmdir(path) }); err != nil {
		return &os.PathError{Op: "rmdir", Path: path, Err: err}
	}
	return nil
}

// CgroupBusy reports whether a cgroup operation was refused because processes
// or other cgroups are in the way.
func CgroupBusy(err error) bool {
	return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOTEMPTY)
}

// CgroupUnsupported reports whether a cgroup operation is none for that group
// or device: in a threaded subtree there are no processes, and not every I/O
// scheduler has weights.
func CgroupUnsupported(err error) bool { return errors.Is(err, unix.EOPNOTSUPP) }

// CgroupGone reports whether the cgroup that was meant does not exist (any
// more): its path is gone, or the open file lost the group behind it.
func CgroupGone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV)
}

// CgroupDenied reports whether the caller may not do that here, as users who
// are not root find everywhere but in a part that was handed to them.
func CgroupDenied(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EROFS)
}

// ReadOnlyFilesystem reports whether a change was refused because the mount or
// its filesystem is read-only.
func ReadOnlyFilesystem(err error) bool { return errors.Is(err, unix.EROFS) }

// retry repeats a call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
