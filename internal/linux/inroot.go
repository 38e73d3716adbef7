package linux

import (
	"golang.org/x/sys/unix"
)

// Error numbers with which execve(2) says why it did not.
const (
	ENOEXEC = unix.ENOEXEC
	EACCES  = unix.EACCES
	EISDIR  = unix.EISDIR
	ELOOP   = unix.ELOOP
	ELIBBAD = unix.ELIBBAD
	ETXTBSY = unix.ETXTBSY
)

// OpenInRoot opens path for reference only, as a process whose root is the
// directory root would: absolute, and its links too. It crosses no magic link
// of procfs. Kernel(5.6): openat2.
func OpenInRoot(root FD, path string) (FD, error) {
	return openInRoot(root, path, unix.O_PATH)
}

// ReadlinkInRoot reads the symbolic link that path names as it is seen from
// root.
func ReadlinkInRoot(root FD, path string) (string, error) {
	fd, err := openInRoot(root, path, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", err
	}
	defer fd.Close()
	var b [unix.PathMax]byte
	n, err := unix.Readlinkat(int(fd), "", b[:])
	return string(b[:max(n, 0)]), wrap("readlink", path, err)
}

func openInRoot(root FD, path string, flags uint64) (FD, error) {
	how := unix.OpenHow{
		Flags:   flags | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		n, err := unix.Openat2(int(root), path, &how)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue // EAGAIN: something was renamed on the way
		}
		return FD(n), wrap("open", path, err)
	}
}

// OnNoexecMount reports whether fd lies on a mount from which nothing is
// executed.
func OnNoexecMount(fd FD) (bool, error) {
	var st unix.Statfs_t
	err := retry(func() error { return unix.Fstatfs(int(fd), &st) })
	return st.Flags&unix.ST_NOEXEC != 0, wrap("fstatfs", ProcFD(fd), err)
}

// Pread reads from a place in a file: fewer bytes than asked for at its end.
func Pread(fd FD, b []byte, offset int64) (int, error) {
	var n int
	err := retry(func() (err error) {
		n, err = unix.Pread(int(fd), b, offset)
		return err
	})
	return max(n, 0), wrap("pread", ProcFD(fd), err)
}

// Kinds of files, in the field Mode of a Stat.
const (
	ModeKind    = unix.S_IFMT
	ModeRegular = unix.S_IFREG
	ModeDir     = unix.S_IFDIR
	ModeSocket  = unix.S_IFSOCK
	ModeFIFO    = unix.S_IFIFO
	ModeExec    = unix.S_IXUSR | unix.S_IXGRP | unix.S_IXOTH
)
