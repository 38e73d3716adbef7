package linux

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// NewFilesystem makes a filesystem and a detached mount of it, with attributes
// MOUNT_ATTR_*. params are keys and values in turn; one whose value is flag has
// none. Kernel(5.2): fsopen. The caller closes the result.
func NewFilesystem(fstype, source string, params []string, flag string, attr uint64) (FD, error) {
	fs, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return NoFD, wrap("fsopen", fstype, err)
	}
	defer unix.Close(fs)
	if source != "" {
		if err = unix.FsconfigSetString(fs, "source", source); err != nil {
			return NoFD, explain(fs, "fsconfig source", source, err)
		}
	}
	for i := 0; i < len(params); i += 2 {
		key, value := params[i], params[i+1]
		if value == flag {
			err = unix.FsconfigSetFlag(fs, key)
		} else {
			err = unix.FsconfigSetString(fs, key, value)
		}
		if err != nil {
			return NoFD, explain(fs, "fsconfig", key, err)
		}
	}
	if err = unix.FsconfigCreate(fs); err != nil {
		return NoFD, explain(fs, "mount", fstype, err)
	}
	n, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, int(attr))
	if err != nil {
		return NoFD, explain(fs, "fsmount", fstype, err)
	}
	return FD(n), nil
}

// explain adds what the filesystem says itself about a failure: a read from
// its context gives a line such as "e tmpfs: Bad value for 'size'".
func explain(fs int, op, object string, err error) error {
	var b [1024]byte
	n, readErr := unix.Read(fs, b[:])
	if readErr != nil || n < 3 {
		return wrap(op, object, err)
	}
	return wrap(op, object+" ("+strings.TrimRight(string(b[2:n]), "\n")+")", err)
}

// MapTree maps the owners of what is in the detached tree by a user namespace
// (Kernel(5.12)). name is for the error alone.
func MapTree(tree, userns FD, name string, recursive bool) error {
	return SetTreeAttr(tree, name, recursive, &MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(userns)})
}

// FilesystemType is the name of the filesystem that path lies on, or "" where
// that cannot be found out.
func FilesystemType(path string) string {
	var st unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &st) != nil {
		return ""
	}
	table, err := ReadKernelFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(table)) {
		id, rest, _ := strings.Cut(line, " ")
		if id != strconv.FormatUint(st.Mnt_id, 10) {
			continue
		}
		if _, tail, ok := strings.Cut(rest, " - "); ok {
			name, _, _ := strings.Cut(tail, " ")
			return name
		}
	}
	return ""
}

// MountFlagNames names those of the attributes MOUNT_ATTR_* that the mount
// behind fd has, but for the ones about access times.
func MountFlagNames(fd FD, attributes uint64) []string {
	var st unix.Statfs_t
	if retry(func() error { return unix.Fstatfs(int(fd), &st) }) != nil {
		return nil
	}
	var names []string
	for _, f := range [...]struct {
		attribute uint64
		flag      int64
		name      string
	}{
		{unix.MOUNT_ATTR_RDONLY, unix.ST_RDONLY, "ro"},
		{unix.MOUNT_ATTR_NOSUID, unix.ST_NOSUID, "nosuid"},
		{unix.MOUNT_ATTR_NODEV, unix.ST_NODEV, "nodev"},
		{unix.MOUNT_ATTR_NOEXEC, unix.ST_NOEXEC, "noexec"},
	} {
		if attributes&f.attribute != 0 && int64(st.Flags)&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	return names
}
