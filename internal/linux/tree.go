package linux

import (
	"golang.org/x/sys/unix"
)

// MountAttr is what mount_setattr(2) changes: it clears before it sets.
type MountAttr = unix.MountAttr

// OpenTree opens the mount tree at path as a detached copy, which nobody else
// has (Kernel(5.2): open_tree). path may end in a symbolic link.
func OpenTree(path string, recursive bool) (FD, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	n, err := unix.OpenTree(unix.AT_FDCWD, path, flags)
	return FD(n), wrap("open_tree", path, err)
}

// SetTreeAttr changes attributes of the detached tree, of all of it if
// recursive (Kernel(5.12): mount_setattr). name is for the error alone.
func SetTreeAttr(tree FD, name string, recursive bool, attr *MountAttr) error {
	flags := uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	return wrap("mount_setattr", name, unix.MountSetattr(int(tree), "", flags, attr))
}

// OpenPath opens path for reference only.
func OpenPath(path string) (FD, error) { return Openat(CWD, path, unix.O_PATH, 0) }

// OpenPathDir opens a directory for reference only.
func OpenPathDir(path string) (FD, error) { return Openat(CWD, path, unix.O_PATH|unix.O_DIRECTORY, 0) }

// Filesystem is the magic number of the filesystem behind fd.
func Filesystem(fd FD) (int64, error) {
	var st unix.Statfs_t
	err := retry(func() error { return unix.Fstatfs(int(fd), &st) })
	return int64(st.Type), wrap("fstatfs", "", err)
}

// OpenNamespace opens a namespace file and returns which kind it is, as a
// CLONE_NEW* flag. A file that is no namespace is an error.
func OpenNamespace(path string) (FD, uint64, error) {
	// Non-blocking: the path may be a FIFO.
	fd, err := Openat(CWD, path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return NoFD, 0, err
	}
	kind, err := unix.IoctlRetInt(int(fd), unix.NS_GET_NSTYPE)
	if err != nil {
		_ = fd.Close()
		return NoFD, 0, wrap("ioctl NS_GET_NSTYPE", path, err)
	}
	return fd, uint64(kind), nil
}

// ThreadSetns joins namespaces with the calling thread. The caller has locked
// its goroutine to the thread and never unlocks it.
func ThreadSetns(fd FD, kinds uint64) error {
	return wrap("setns", "", unix.Setns(int(fd), int(kinds)))
}
