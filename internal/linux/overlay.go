package linux

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadOnlyOverlay makes a detached mount of an overlay filesystem that has
// only lower layers, the uppermost first. Nothing can be written to it, and no
// remount changes that: there is no layer that would take it. Kernel(5.2):
// fsopen. The caller closes the result.
func ReadOnlyOverlay(layers ...string) (FD, error) {
	fs, err := unix.Fsopen("overlay", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return NoFD, wrap("fsopen", "overlay", err)
	}
	defer unix.Close(fs)
	lower := strings.Join(layers, ":")
	if err := unix.FsconfigSetString(fs, "lowerdir", lower); err != nil {
		return NoFD, wrap("fsconfig lowerdir", lower, err)
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return NoFD, wrap("fsconfig create overlay", lower, err)
	}
	n, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	return FD(n), wrap("fsmount", "overlay", err)
}

// ReadOnlyAttr is what makes a mount one that nothing is written through.
func ReadOnlyAttr() *MountAttr {
	return &MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
}

// ProcFD is the name of descriptor fd for calls that take a path. It leads to
// the very file, whatever has become of its name.
func ProcFD(fd FD) string { return "/proc/self/fd/" + strconv.Itoa(int(fd)) }

// Readlink reads a symbolic link.
func Readlink(path string) (string, error) {
	for size := 256; ; size *= 4 {
		b := make([]byte, size)
		n, err := unix.Readlink(path, b)
		if err != nil {
			return "", wrap("readlink", path, err)
		}
		if n < size {
			return string(b[:n]), nil
		}
	}
}
