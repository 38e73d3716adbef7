package raw

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flags of the mount calls; values are the kernel's.
const (
	MsRec         = unix.MS_REC
	MsSlave       = unix.MS_SLAVE
	MsPrivate     = unix.MS_PRIVATE
	MsShared      = unix.MS_SHARED
	MsUnbindable  = unix.MS_UNBINDABLE
	MsMove        = unix.MS_MOVE
	MntDetach     = unix.MNT_DETACH
	AttrRdonly    = unix.MOUNT_ATTR_RDONLY
	AttrNosuid    = unix.MOUNT_ATTR_NOSUID
	AttrNodev     = unix.MOUNT_ATTR_NODEV
	AttrNoexec    = unix.MOUNT_ATTR_NOEXEC
	MsRemount     = unix.MS_REMOUNT
	MsBind        = unix.MS_BIND
	MsRdonly      = unix.MS_RDONLY
	MsSynchronous = unix.MS_SYNCHRONOUS
	MsDirsync     = unix.MS_DIRSYNC
	MsMandlock    = unix.MS_MANDLOCK
	MsLazytime    = unix.MS_LAZYTIME
	MsNoatime     = unix.MS_NOATIME
	MsNodiratime  = unix.MS_NODIRATIME
	MsRelatime    = unix.MS_RELATIME
	MsStrictatime = unix.MS_STRICTATIME
	MsNosymfollow = unix.MS_NOSYMFOLLOW
	// AttrAtime are the bits of how access times are kept; of them the zero
	// value is relatime.
	AttrAtime       = unix.MOUNT_ATTR__ATIME
	AttrNoatime     = unix.MOUNT_ATTR_NOATIME
	AttrStrictatime = unix.MOUNT_ATTR_STRICTATIME
	AttrNodiratime  = unix.MOUNT_ATTR_NODIRATIME
	AttrNosymfollow = unix.MOUNT_ATTR_NOSYMFOLLOW
	TreeClone       = unix.OPEN_TREE_CLONE
	TreeCloexec     = unix.OPEN_TREE_CLOEXEC
	FsconfigFlag    = unix.FSCONFIG_SET_FLAG
	FsconfigStr     = unix.FSCONFIG_SET_STRING
	FsconfigMake    = unix.FSCONFIG_CMD_CREATE
	FsconfigRemake  = unix.FSCONFIG_CMD_RECONFIGURE
	fsopenCloexec   = unix.FSOPEN_CLOEXEC
	fsmountCloex    = unix.FSMOUNT_CLOEXEC
)

// MountAttr is the kernel's struct mount_attr.
type MountAttr = unix.MountAttr

// Fsopen is fsopen(2), Linux 5.2.
func Fsopen(fstype Ptr) (int, Errno) {
	r, e := call(unix.SYS_FSOPEN, fstype, fsopenCloexec, 0, 0, 0, 0)
	return int(r), e
}

// Fspick is fspick(2) on the mount behind descriptor n, Linux 5.2.
func Fspick(n int) (int, Errno) {
	r, e := call(unix.SYS_FSPICK, fd(n), Lit("\x00"), unix.FSPICK_EMPTY_PATH|unix.FSPICK_CLOEXEC, 0, 0, 0)
	return int(r), e
}

// Fsconfig is fsconfig(2) for string and flag parameters and commands.
func Fsconfig(fs int, cmd uint, key, value Ptr) Errno {
	_, e := call(unix.SYS_FSCONFIG, fd(fs), uintptr(cmd), key, value, 0, 0)
	return e
}

// Fsmount is fsmount(2): a detached mount with the given attributes.
func Fsmount(fs int, attr uint64) (int, Errno) {
	r, e := call(unix.SYS_FSMOUNT, fd(fs), fsmountCloex, uintptr(attr), 0, 0, 0)
	return int(r), e
}

// OpenTree is open_tree(2).
func OpenTree(dir int, path Ptr, flags uint) (int, Errno) {
	r, e := call(unix.SYS_OPEN_TREE, fd(dir), path, uintptr(flags), 0, 0, 0)
	return int(r), e
}

// MoveMount attaches the mount behind descriptor from to what descriptor to
// names: no path is walked.
func MoveMount(from, to int) Errno {
	_, e := call(unix.SYS_MOVE_MOUNT, fd(from), Lit("\x00"), fd(to), Lit("\x00"),
		unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH, 0)
	return e
}

// MountSetattr is mount_setattr(2) on the mount behind descriptor n, Linux 5.12.
func MountSetattr(n int, flags uint, attr *MountAttr) Errno {
	_, e := call(unix.SYS_MOUNT_SETATTR, fd(n), Lit("\x00"), uintptr(flags|unix.AT_EMPTY_PATH),
		uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr), 0)
	return e
}

// Mount is mount(2). init uses it for the propagation of its own root and to
// move that root, never on a path the container can change.
func Mount(source, target, fstype Ptr, flags uint, data Ptr) Errno {
	_, e := call(unix.SYS_MOUNT, source, target, fstype, uintptr(flags), data, 0)
	return e
}

// Umount2 is umount2(2).
func Umount2(target Ptr, flags int) Errno {
	_, e := call(unix.SYS_UMOUNT2, target, uintptr(flags), 0, 0, 0, 0)
	return e
}

// PivotRoot is pivot_root(2).
func PivotRoot(newRoot, putOld Ptr) Errno {
	_, e := call(unix.SYS_PIVOT_ROOT, newRoot, putOld, 0, 0, 0, 0)
	return e
}

// Chroot is chroot(2).
func Chroot(path Ptr) Errno {
	_, e := call(unix.SYS_CHROOT, path, 0, 0, 0, 0, 0)
	return e
}

// MountFlags are the flags MS_* that the mount behind descriptor n has, as a
// remount takes them: what it does not name it takes away.
func MountFlags(n int) (uint, Errno) {
	var st syscall.Statfs_t
	if _, e := call(unix.SYS_FSTATFS, fd(n), uintptr(unsafe.Pointer(&st)), 0, 0, 0, 0); e != 0 {
		return 0, e
	}
	has := uint(st.Flags)
	out := has & (unix.ST_RDONLY | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC | unix.ST_NOATIME | unix.ST_NODIRATIME)
	if has&stNosymfollow != 0 {
		out |= MsNosymfollow
	}
	switch {
	case has&unix.ST_RELATIME != 0:
		out |= MsRelatime
	case has&unix.ST_NOATIME == 0:
		out |= MsStrictatime
	}
	return out, 0
}

// stNosymfollow is ST_NOSYMFOLLOW of the kernel's include/linux/statfs.h.
const stNosymfollow = 0x2000
