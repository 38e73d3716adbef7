package raw

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What copying a directory tree takes besides the calls on files.

// Statx is the kernel's struct statx.
type Statx = unix.Statx_t

// MountRoot is the attribute of a file that is the root of a mount, Linux 5.8.
const MountRoot = unix.STATX_ATTR_MOUNT_ROOT

// Fstatx is statx(2) with the basic fields of name in dir, of dir itself if
// name is empty. It follows no link and triggers no automount.
func Fstatx(dir int, name Ptr, st *Statx) Errno {
	flags := unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_EMPTY_PATH
	_, e := call(unix.SYS_STATX, fd(dir), name, uintptr(flags), unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(st)), 0)
	if e == ENOSYS || e == EPERM {
		return statInstead(dir, name, uintptr(flags), st) // a filter of before Linux 4.11
	}
	return e
}

// statInstead fills in what Fstatx is asked for by newfstatat(2). The root of a
// mount shows only by its being on another filesystem.
func statInstead(dir int, name Ptr, flags uintptr, st *Statx) Errno {
	var old, above Stat
	if _, e := call(unix.SYS_NEWFSTATAT, fd(dir), name, uintptr(unsafe.Pointer(&old)), flags, 0, 0); e != 0 {
		return e
	}
	if e := Fstat(dir, &above); e != 0 {
		return e
	}
	*st = Statx{}
	st.Mode, st.Uid, st.Gid, st.Size = uint16(old.Mode), old.Uid, old.Gid, uint64(old.Size)
	st.Rdev_major, st.Rdev_minor = uint32(old.Rdev>>8)&0xfff, uint32(old.Rdev)&0xff|uint32(old.Rdev>>12)&^0xff
	st.Atime.Sec, st.Atime.Nsec = old.Atim.Sec, uint32(old.Atim.Nsec)
	st.Mtime.Sec, st.Mtime.Nsec = old.Mtim.Sec, uint32(old.Mtim.Nsec)
	if old.Dev != above.Dev {
		st.Attributes = MountRoot
	}
	return 0
}

// Layout of struct linux_dirent64.
const (
	DirentNext = 8  // offset of the entry behind this one
	DirentSize = 16 // length of this record
	DirentName = 19
)

// Getdents is getdents64(2): the next records of directory n.
func Getdents(n int, b []byte) (int, Errno) {
	r, e := call(unix.SYS_GETDENTS64, fd(n), Addr(b), uintptr(len(b)), 0, 0, 0)
	return int(r), e
}

// Places that SeekTo counts from, or looks for.
const (
	SeekSet  = unix.SEEK_SET
	SeekData = unix.SEEK_DATA
	SeekHole = unix.SEEK_HOLE
)

// SeekTo is lseek(2).
func SeekTo(n int, off int64, whence int) (int64, Errno) {
	r, e := call(unix.SYS_LSEEK, fd(n), uintptr(off), uintptr(whence), 0, 0, 0)
	return int64(r), e
}

// Sendfile is sendfile(2) from the place of file from to that of file to.
func Sendfile(to, from int, count int64) (int64, Errno) {
	r, e := call(unix.SYS_SENDFILE, fd(to), fd(from), 0, uintptr(count), 0, 0)
	return int64(r), e
}

// Ftruncate is ftruncate(2).
func Ftruncate(n int, size int64) Errno {
	_, e := call(unix.SYS_FTRUNCATE, fd(n), uintptr(size), 0, 0, 0, 0)
	return e
}

// Fchmod is fchmod(2).
func Fchmod(n int, mode uint32) Errno {
	_, e := call(unix.SYS_FCHMOD, fd(n), uintptr(mode), 0, 0, 0, 0)
	return e
}

// Fchown is fchown(2).
func Fchown(n int, uid, gid uint32) Errno {
	_, e := call(unix.SYS_FCHOWN, fd(n), uintptr(uid), uintptr(gid), 0, 0, 0)
	return e
}

// CopyTimes gives name in dir, or dir itself if name is 0, the times of access
// and change of content that st holds.
func CopyTimes(dir int, name Ptr, st *Statx) Errno {
	times := [2]unix.Timespec{
		{Sec: st.Atime.Sec, Nsec: int64(st.Atime.Nsec)},
		{Sec: st.Mtime.Sec, Nsec: int64(st.Mtime.Nsec)},
	}
	flags := uintptr(unix.AT_SYMLINK_NOFOLLOW)
	if name == 0 {
		flags = 0
	}
	_, e := call(unix.SYS_UTIMENSAT, fd(dir), name, uintptr(unsafe.Pointer(&times)), flags, 0, 0)
	return e
}

// Device is a device number as mknodat(2) takes it.
func Device(major, minor uint32) uint64 {
	return uint64(minor&0xff) | uint64(major)<<8 | uint64(minor&^0xff)<<12
}

// Flistxattr is flistxattr(2): names, each with its NUL.
func Flistxattr(n int, b []byte) (int, Errno) {
	r, e := call(unix.SYS_FLISTXATTR, fd(n), Addr(b), uintptr(len(b)), 0, 0, 0)
	return int(r), e
}

// Fgetxattr is fgetxattr(2).
func Fgetxattr(n int, name Ptr, b []byte) (int, Errno) {
	r, e := call(unix.SYS_FGETXATTR, fd(n), name, Addr(b), uintptr(len(b)), 0, 0)
	return int(r), e
}

// Fsetxattr is fsetxattr(2).
func Fsetxattr(n int, name Ptr, b []byte) Errno {
	_, e := call(unix.SYS_FSETXATTR, fd(n), name, Addr(b), uintptr(len(b)), 0, 0)
	return e
}
