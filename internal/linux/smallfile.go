package linux

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// OpenDir opens a directory for reading. path may be relative to at; its last
// component may not be a symbolic link.
func OpenDir(at FD, path string) (FD, error) {
	return Openat(at, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
}

// OpenNamedDir opens a directory that the caller of the runtime named: its last
// part may be a symbolic link, too.
func OpenNamedDir(path string) (FD, error) {
	return Openat(CWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
}

// Mkdir makes a directory; the umask applies.
func Mkdir(path string, mode uint32) error {
	return wrap("mkdir", path, retry(func() error { return unix.Mkdir(path, mode) }))
}

// Rmdir removes an empty directory.
func Rmdir(at FD, path string) error {
	return wrap("rmdir", path, retry(func() error { return unix.Unlinkat(int(at), path, unix.AT_REMOVEDIR) }))
}

// Unlinkat removes a name of something that is not a directory.
func Unlinkat(at FD, name string) error {
	return wrap("unlink", name, retry(func() error { return unix.Unlinkat(int(at), name, 0) }))
}

// Renameat gives the file old another name in the same directory, and replaces
// the file that had it.
func Renameat(at FD, old, name string) error {
	return wrap("rename", old+" "+name, retry(func() error { return unix.Renameat(int(at), old, int(at), name) }))
}

// WriteNewFile makes a file that is not there yet, with all of data in it. On
// failure there is none.
func WriteNewFile(at FD, name string, data []byte, mode uint32) error {
	fd, err := Openat(at, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	for err == nil && len(data) > 0 {
		var n int
		n, err = unix.Write(int(fd), data)
		if err == unix.EINTR {
			n, err = 0, nil
		}
		data = data[max(n, 0):]
	}
	err = wrap("write", name, err)
	if closed := fd.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = unix.Unlinkat(int(at), name, 0)
	}
	return err
}

// ReadFile reads a file of at most limit bytes. Package os would set up its
// poller first, which takes longer than the reading.
func ReadFile(path string, limit int) ([]byte, error) {
	fd, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	return readAll(fd, path, limit)
}

// ReadFileAt reads a regular file of at most limit bytes. The last component
// of its name may not be a symbolic link.
func ReadFileAt(at FD, name string, limit int) ([]byte, error) {
	fd, err := Openat(at, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	return readAll(fd, name, limit)
}

func readAll(fd FD, name string, limit int) ([]byte, error) {
	st, err := Fstat(fd)
	if err != nil {
		return nil, err
	}
	// The size is a guess that is right for regular files; one byte more
	// shows the end.
	b := make([]byte, 0, min(max(st.Size, 4<<10), int64(limit))+1)
	for {
		var n int
		err := retry(func() (err error) {
			n, err = unix.Read(int(fd), b[len(b):cap(b)])
			return err
		})
		if err != nil {
			return nil, wrap("read", name, err)
		}
		if n == 0 {
			return b, nil
		}
		if b = b[:len(b)+n]; len(b) > limit {
			return nil, wrap("read", name, unix.EFBIG)
		}
		if len(b) == cap(b) {
			b = append(make([]byte, 0, min(2*cap(b), limit+1)), b...)
		}
	}
}

// EffectiveRoot reports whether this process acts as root of its user
// namespace.
func EffectiveRoot() bool { return unix.Geteuid() == 0 }

// Stat is what the kernel says of a file.
type Stat = unix.Stat_t

// Fstat asks for the file behind fd; an O_PATH descriptor will do.
func Fstat(fd FD) (Stat, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(fd), &st)
	return st, wrap("fstat", "descriptor "+strconv.Itoa(int(fd)), err)
}

// OpenFile opens the file at path for reading.
func OpenFile(path string) (FD, error) { return Openat(CWD, path, unix.O_RDONLY, 0) }
