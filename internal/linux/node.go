package linux

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// File types of device nodes, in the field Mode of a Stat.
const (
	ModeChar  = unix.S_IFCHR
	ModeBlock = unix.S_IFBLK
)

// PrivateFilesystem makes a small tmpfs that has no name anywhere. Files in it
// are reached by its descriptor alone.
func PrivateFilesystem() (FD, error) {
	return NewFilesystem("tmpfs", "tmpfs", []string{"mode", "700", "size", "64k"}, "", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
}

// MakeNode makes a device node in a directory that nobody else can reach. mode
// has its type, device is in the kernel's encoding.
func MakeNode(dir FD, name string, mode uint32, device uint64, uid, gid uint32) error {
	err := unix.Mknodat(int(dir), name, mode, int(device))
	if err == nil {
		err = unix.Fchownat(int(dir), name, int(uid), int(gid), unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil {
		// For the umask of this process.
		err = unix.Fchmodat(int(dir), name, mode&^unix.S_IFMT, 0)
	}
	return wrap("mknod", name, err)
}

// DetachedFiles returns detached mounts of single files of a filesystem that is
// itself detached. Kernel(6.15): before it, only what is attached somewhere can
// be copied; then it is attached in a mount namespace of its own for a moment.
func DetachedFiles(fs FD, names []string) ([]FD, error) {
	out, err := copyFiles(fs, names)
	if errors.Is(err, unix.EINVAL) {
		return copyAttached(fs, names)
	}
	return out, err
}

func copyAttached(fs FD, names []string) (out []FD, err error) {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and with it the
		// namespace that it alone is in.
		runtime.LockOSThread()
		err := attachAlone(fs)
		if err == nil {
			out, err = copyFiles(fs, names)
		}
		done <- err
	}()
	err = <-done
	return out, err
}

func copyFiles(fs FD, names []string) ([]FD, error) {
	out := make([]FD, 0, len(names))
	for _, name := range names {
		n, err := unix.OpenTree(int(fs), name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
		if err != nil {
			for _, fd := range out {
				_ = fd.Close()
			}
			return nil, wrap("open_tree", name, err)
		}
		out = append(out, FD(n))
	}
	return out, nil
}

// attachAlone attaches a filesystem in a new mount namespace of this thread,
// from which nothing gets back to the one it came from.
func attachAlone(fs FD) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return wrap("unshare CLONE_NEWNS", "", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return wrap("mount", "/", err)
	}
	return wrap("move_mount", "/", unix.MoveMount(int(fs), "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH))
}
