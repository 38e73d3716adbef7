package raw

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flags and modes that init uses; values are the kernel's.
const (
	AtFDCWD     = unix.AT_FDCWD
	AtEmptyPath = unix.AT_EMPTY_PATH
	AtNoFollow  = unix.AT_SYMLINK_NOFOLLOW
	AtRecursive = unix.AT_RECURSIVE
	AtEAccess   = unix.AT_EACCESS
	OPath       = unix.O_PATH
	ODirectory  = unix.O_DIRECTORY
	ONoFollow   = unix.O_NOFOLLOW
	OCloexec    = unix.O_CLOEXEC
	OCreat      = unix.O_CREAT
	OExcl       = unix.O_EXCL
	ORdonly     = unix.O_RDONLY
	OWronly     = unix.O_WRONLY
	ORdwr       = unix.O_RDWR
	ONoctty     = unix.O_NOCTTY
	ONonblock   = unix.O_NONBLOCK
	SIFMT       = unix.S_IFMT
	SIFDIR      = unix.S_IFDIR
	SIFLNK      = unix.S_IFLNK
	SIFREG      = unix.S_IFREG
	SIFCHR      = unix.S_IFCHR
	SIFBLK      = unix.S_IFBLK
	SIFIFO      = unix.S_IFIFO
	ResolveRoot = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS
	// ResolveSelf lets the links self and thread-self through, which are not
	// magic ones.
	ResolveSelf    = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_MAGICLINKS
	ResolveProc    = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_SYMLINKS
	ResolveNoLinks = unix.RESOLVE_NO_SYMLINKS
	ProcMagic      = unix.PROC_SUPER_MAGIC
	SysfsMagic     = unix.SYSFS_MAGIC
	DevptsMagic    = unix.DEVPTS_SUPER_MAGIC
	ProcRootIno    = 1
	PathMax        = 4096
	NameMax        = 255
	XOK            = 1
	SymlinkLimit   = 40
)

// Error numbers that init tells apart.
const (
	EPERM        = unix.EPERM
	ENOENT       = unix.ENOENT
	EINTR        = unix.EINTR
	EACCES       = unix.EACCES
	EEXIST       = unix.EEXIST
	ENOTDIR      = unix.ENOTDIR
	EISDIR       = unix.EISDIR
	EINVAL       = unix.EINVAL
	EROFS        = unix.EROFS
	ELOOP        = unix.ELOOP
	ENOSYS       = unix.ENOSYS
	EAGAIN       = unix.EAGAIN
	ENAMETOOLONG = unix.ENAMETOOLONG
	ETIMEDOUT    = unix.ETIMEDOUT
	EPROTO       = unix.EPROTO
	ESTALE       = unix.ESTALE
	ENODEV       = unix.ENODEV
	EXDEV        = unix.EXDEV
	EBADF        = unix.EBADF
	ECONNRESET   = unix.ECONNRESET
	ENXIO        = unix.ENXIO
	EOPNOTSUPP   = unix.EOPNOTSUPP
)

// Stat is the kernel's struct stat.
type Stat = syscall.Stat_t

// OpenHow is the kernel's struct open_how (openat2(2), Linux 5.6).
type OpenHow = unix.OpenHow

// call takes addresses as numbers, so nothing may move between a caller's
// conversion and the system call: it must not grow the stack.
//
//go:nosplit
func call(nr, a, b, c, d, e, f uintptr) (uintptr, Errno) {
	r, _, errno := syscall.RawSyscall6(nr, a, b, c, d, e, f)
	return r, errno
}

func fd(n int) uintptr { return uintptr(n) }

// Openat is openat(2).
func Openat(dir int, path Ptr, flags int, mode uint32) (int, Errno) {
	r, e := call(unix.SYS_OPENAT, fd(dir), path, uintptr(flags), uintptr(mode), 0, 0)
	return int(r), e
}

// Openat2 is openat2(2), Linux 5.6.
func Openat2(dir int, path Ptr, how *OpenHow) (int, Errno) {
	r, e := call(unix.SYS_OPENAT2, fd(dir), path, uintptr(unsafe.Pointer(how)), unsafe.Sizeof(*how), 0, 0)
	return int(r), e
}

// Close is close(2).
func Close(n int) Errno {
	_, e := call(unix.SYS_CLOSE, fd(n), 0, 0, 0, 0, 0)
	return e
}

// Dup3 is dup3(2).
func Dup3(from, to, flags int) Errno {
	_, e := call(unix.SYS_DUP3, fd(from), fd(to), uintptr(flags), 0, 0, 0)
	return e
}

// Read is read(2).
func Read(n int, b []byte) (int, Errno) {
	r, e := call(unix.SYS_READ, fd(n), Addr(b), uintptr(len(b)), 0, 0, 0)
	return int(r), e
}

// Pread is pread64(2).
func Pread(n int, b []byte, off int64) (int, Errno) {
	r, e := call(unix.SYS_PREAD64, fd(n), Addr(b), uintptr(len(b)), uintptr(off), 0, 0)
	return int(r), e
}

// Write is write(2).
func Write(n int, b []byte) (int, Errno) {
	r, e := call(unix.SYS_WRITE, fd(n), Addr(b), uintptr(len(b)), 0, 0, 0)
	return int(r), e
}

// Fstat is fstat(2); an O_PATH descriptor will do.
func Fstat(n int, st *Stat) Errno {
	_, e := call(unix.SYS_FSTAT, fd(n), uintptr(unsafe.Pointer(st)), 0, 0, 0, 0)
	return e
}

// Fstatfs is fstatfs(2) reduced to the filesystem's magic number.
func Fstatfs(n int) (int64, Errno) {
	var st syscall.Statfs_t
	_, e := call(unix.SYS_FSTATFS, fd(n), uintptr(unsafe.Pointer(&st)), 0, 0, 0, 0)
	return int64(st.Type), e
}

// Mkdirat is mkdirat(2).
func Mkdirat(dir int, path Ptr, mode uint32) Errno {
	_, e := call(unix.SYS_MKDIRAT, fd(dir), path, uintptr(mode), 0, 0, 0)
	return e
}

// Mknodat is mknodat(2); dev is in the kernel's encoding.
func Mknodat(dir int, path Ptr, mode uint32, dev uint64) Errno {
	_, e := call(unix.SYS_MKNODAT, fd(dir), path, uintptr(mode), uintptr(dev), 0, 0)
	return e
}

// Symlinkat is symlinkat(2).
func Symlinkat(target Ptr, dir int, path Ptr) Errno {
	_, e := call(unix.SYS_SYMLINKAT, target, fd(dir), path, 0, 0, 0)
	return e
}

// Unlinkat is unlinkat(2).
func Unlinkat(dir int, path Ptr, flags int) Errno {
	_, e := call(unix.SYS_UNLINKAT, fd(dir), path, uintptr(flags), 0, 0, 0)
	return e
}

// Readlinkat is readlinkat(2).
func Readlinkat(dir int, path Ptr, b []byte) (int, Errno) {
	r, e := call(unix.SYS_READLINKAT, fd(dir), path, Addr(b), uintptr(len(b)), 0, 0)
	return int(r), e
}

// Fchownat is fchownat(2); -1 leaves an id as it is.
func Fchownat(dir int, path Ptr, uid, gid, flags int) Errno {
	_, e := call(unix.SYS_FCHOWNAT, fd(dir), path, uintptr(uid), uintptr(gid), uintptr(flags), 0)
	return e
}

// Fchmodat is fchmodat(2); it follows a symlink in the last component.
func Fchmodat(dir int, path Ptr, mode uint32) Errno {
	_, e := call(unix.SYS_FCHMODAT, fd(dir), path, uintptr(mode), 0, 0, 0)
	return e
}

// Fchmodat2 is fchmodat2(2), Linux 6.6.
func Fchmodat2(dir int, path Ptr, mode uint32, flags int) Errno {
	const fchmodat2 = 452 // on every architecture
	_, e := call(fchmodat2, fd(dir), path, uintptr(mode), uintptr(flags), 0, 0)
	return e
}

// Faccessat is faccessat(2): by the real ids, and by the capabilities that an
// execve of the real user would begin with.
func Faccessat(dir int, path Ptr, mode int) Errno {
	_, e := call(unix.SYS_FACCESSAT, fd(dir), path, uintptr(mode), 0, 0, 0)
	return e
}

// Faccessat2 is faccessat2(2), Linux 5.8.
func Faccessat2(dir int, path Ptr, mode, flags int) Errno {
	_, e := call(unix.SYS_FACCESSAT2, fd(dir), path, uintptr(mode), uintptr(flags), 0, 0)
	return e
}

// Fchdir is fchdir(2).
func Fchdir(n int) Errno {
	_, e := call(unix.SYS_FCHDIR, fd(n), 0, 0, 0, 0, 0)
	return e
}

// Chdir is chdir(2).
func Chdir(path Ptr) Errno {
	_, e := call(unix.SYS_CHDIR, path, 0, 0, 0, 0, 0)
	return e
}

// Getcwd is getcwd(2): the path with its NUL in b, and its length with it.
func Getcwd(b []byte) (int, Errno) {
	r, e := call(unix.SYS_GETCWD, Addr(b), uintptr(len(b)), 0, 0, 0, 0)
	return int(r), e
}

// CloexecFrom marks every descriptor from first on close-on-exec: by one
// close_range(2) call (Linux 5.9, with the flag 5.11), where that is there and
// no filter refuses it.
func CloexecFrom(first int) Errno {
	_, e := call(unix.SYS_CLOSE_RANGE, fd(first), uintptr(^uint32(0)), unix.CLOSE_RANGE_CLOEXEC, 0, 0, 0)
	if e == ENOSYS || e == EINVAL || e == EPERM {
		return CloexecEach(first)
	}
	return e
}

// CloexecEach is CloexecFrom, number by number. There may be a thousand million of
// them, but a new descriptor gets the lowest number that is free: none is open
// behind so many free ones that this process never had at once.
func CloexecEach(first int) Errno {
	const never = 4096
	for free := 0; free < never; first++ {
		switch e := SetCloexec(first); e {
		case 0:
			free = 0
		case EBADF:
			free++
		default:
			return e
		}
	}
	return 0
}

// SetCloexec marks one descriptor close-on-exec.
func SetCloexec(n int) Errno {
	_, e := call(unix.SYS_FCNTL, fd(n), unix.F_SETFD, unix.FD_CLOEXEC, 0, 0, 0)
	return e
}

// ClearFlags takes O_NONBLOCK and what else can be changed from an open file.
func ClearFlags(n int) Errno {
	_, e := call(unix.SYS_FCNTL, fd(n), unix.F_SETFL, 0, 0, 0, 0)
	return e
}

// Memfd is memfd_create(2), close-on-exec.
func Memfd(name Ptr) (int, Errno) {
	r, e := call(unix.SYS_MEMFD_CREATE, name, unix.MFD_CLOEXEC, 0, 0, 0, 0)
	return int(r), e
}

// Seek is lseek(2) from the beginning.
func Seek(n int, off int64) Errno {
	_, e := call(unix.SYS_LSEEK, fd(n), uintptr(off), 0, 0, 0, 0)
	return e
}
