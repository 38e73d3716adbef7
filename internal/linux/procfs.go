package linux

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Proc is a handle on /proc that was checked to be the root of a procfs.
type Proc struct{ fd FD }

const procRootIno = 1

// OpenProc opens /proc and refuses what is not the root of a procfs.
func OpenProc() (Proc, error) {
	fd, err := Openat(CWD, "/proc", unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return Proc{NoFD}, err
	}
	var st unix.Stat_t
	magic, err := Filesystem(fd)
	if err == nil {
		err = wrap("fstat", "/proc", unix.Fstat(int(fd), &st))
	}
	if err == nil && (magic != unix.PROC_SUPER_MAGIC || st.Ino != procRootIno) {
		err = &Error{"open", "/proc: not the root of a proc filesystem", unix.EINVAL}
	}
	if err != nil {
		_ = fd.Close()
		return Proc{NoFD}, err
	}
	return Proc{fd}, nil
}

// Close closes the handle.
func (p Proc) Close() error { return p.fd.Close() }

// Open opens a name below /proc, crossing neither a link nor a mount over it.
func (p Proc) Open(name string, flags int) (FD, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	for {
		n, err := unix.Openat2(int(p.fd), name, &how)
		switch err {
		case unix.EINTR, unix.EAGAIN:
			continue
		case unix.ENOSYS, unix.EPERM:
			// Kernel(5.6): openat2. A seccomp filter around us may refuse it.
			return p.openChecked(name, flags)
		}
		return FD(n), wrap("open", "/proc/"+name, err)
	}
}

// openChecked opens without openat2 and checks that procfs is what it got.
func (p Proc) openChecked(name string, flags int) (FD, error) {
	fd, err := Openat(p.fd, name, flags|unix.O_NOFOLLOW, 0)
	if err != nil {
		return NoFD, err
	}
	if magic, err := Filesystem(fd); err != nil || magic != unix.PROC_SUPER_MAGIC {
		_ = fd.Close()
		return NoFD, errors.Join(&Error{"open", "/proc/" + name + ": not on a proc filesystem", unix.EINVAL}, err)
	}
	return fd, nil
}

// Root opens the root directory of a process, for reference only. The last
// component is a magic link, which is what is wanted here.
func (p Proc) Root(pid int) (FD, error) {
	dir, err := p.Open(strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return NoFD, err
	}
	defer dir.Close()
	return Openat(dir, "root", unix.O_PATH|unix.O_DIRECTORY, 0)
}

// Write writes text to a file of a process in one call.
func (p Proc) Write(pid int, name, text string) error {
	path := strconv.Itoa(pid) + "/" + name
	fd, err := p.Open(path, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer fd.Close()
	return wrap("write", "/proc/"+path, retry(func() error {
		_, err := unix.Write(int(fd), []byte(text))
		return err
	}))
}

// Read reads a file of a process.
func (p Proc) Read(pid int, name string) (string, error) {
	path := strconv.Itoa(pid) + "/" + name
	fd, err := p.Open(path, unix.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer fd.Close()
	var text []byte
	buf := make([]byte, 4096)
	for {
		var n int
		err := retry(func() (err error) {
			n, err = unix.Read(int(fd), buf)
			return err
		})
		if err != nil || n == 0 {
			return string(text), wrap("read", "/proc/"+path, err)
		}
		text = append(text, buf[:n]...)
	}
}

// Link reads a magic link of a process, such as fd/0 or ns/net.
func (p Proc) Link(pid int, name string) (string, error) {
	path := strconv.Itoa(pid) + "/" + name
	dir, err := p.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	var b [unix.PathMax]byte
	n, err := unix.Readlinkat(int(dir), filepath.Base(path), b[:])
	return string(b[:max(n, 0)]), wrap("readlink", "/proc/"+path, err)
}

// Descriptor looks at what a process has open: on which mount it is, and what
// it is.
func (p Proc) Descriptor(pid, fd int) (mount int, st Stat, err error) {
	text, err := p.Read(pid, "fdinfo/"+strconv.Itoa(fd))
	if err != nil {
		return 0, st, err
	}
	for line := range strings.Lines(text) {
		if number, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			mount, err = strconv.Atoi(strings.TrimSpace(number))
		}
	}
	if err != nil {
		return 0, st, err
	}
	dir, err := p.Open(strconv.Itoa(pid)+"/fd", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return 0, st, err
	}
	defer dir.Close()
	file, err := Openat(dir, strconv.Itoa(fd), unix.O_PATH, 0)
	if err != nil {
		return 0, st, err
	}
	defer file.Close()
	st, err = Fstat(file)
	return mount, st, err
}

// PidOf is the pid of the process behind pidfd, in the pid namespace of this
// procfs.
func (p Proc) PidOf(pidfd FD) (int, error) {
	text, err := p.Read(unix.Getpid(), "fdinfo/"+strconv.Itoa(int(pidfd)))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if number, ok := strings.CutPrefix(line, "Pid:"); ok {
			pid, err := strconv.Atoi(strings.TrimSpace(number))
			if err == nil && pid > 0 {
				return pid, nil
			}
		}
	}
	return 0, &Error{"pid of", "descriptor " + strconv.Itoa(int(pidfd)), unix.ESRCH}
}

// Name is the name of a process' first thread, empty if there is none or it
// cannot be read. An ended process has it until it is reaped.
func (p Proc) Name(pid int) string {
	fd, err := p.Open(strconv.Itoa(pid)+"/comm", unix.O_RDONLY)
	if err != nil {
		return ""
	}
	defer fd.Close()
	var b [64]byte
	n, _ := unix.Read(int(fd), b[:])
	return strings.TrimSuffix(string(b[:max(n, 0)]), "\n")
}

// HasProgram reports whether a process has a program, which one that is ending
// has not any more. In doubt it has.
func (p Proc) HasProgram(pid int) bool {
	dir, err := p.Open(strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return true
	}
	defer dir.Close()
	var b [1]byte
	_, err = unix.Readlinkat(int(dir), "exe", b[:])
	return err != unix.ENOENT
}

// StartTime is field 22 of /proc/PID/stat, and its state letter. A pid that is
// nobody's is an error that ProcessGone knows.
func (p Proc) StartTime(pid int) (uint64, byte, error) {
	path := strconv.Itoa(pid) + "/stat"
	fd, err := p.Open(path, unix.O_RDONLY)
	if errors.Is(err, unix.ENOENT) {
		return 0, 0, &Error{"open", "/proc/" + path, unix.ESRCH}
	}
	if err != nil {
		return 0, 0, err
	}
	defer fd.Close()
	var b [1024]byte
	n, err := unix.Read(int(fd), b[:])
	if err != nil {
		return 0, 0, wrap("read", "/proc/"+path, err)
	}
	// The name in field 2 may hold anything, the last ")" ends it.
	text := string(b[:max(n, 0)])
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const state, start = 3 - 3, 22 - 3
	if len(fields) <= start {
		return 0, 0, &Error{"read", "/proc/" + path, unix.EPROTO}
	}
	t, err := strconv.ParseUint(fields[start], 10, 64)
	return t, fields[state][0], err
}

// Sharing lists the processes that are in the same namespace as pid, by the
// name of its file in /proc/PID/ns, as far as this process may see that.
func (p Proc) Sharing(pid int, name string) ([]int, error) {
	want, err := p.namespaceID(pid, name)
	if err != nil {
		return nil, err
	}
	dir, err := p.Open(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name)
		if err != nil {
			continue
		}
		if id, err := p.namespaceID(n, name); err == nil && id == want {
			pids = append(pids, n)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

func (p Proc) namespaceID(pid int, name string) (string, error) {
	dir, err := p.Open(strconv.Itoa(pid)+"/ns", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	var b [64]byte
	n, err := unix.Readlinkat(int(dir), name, b[:])
	return string(b[:max(n, 0)]), wrap("readlink", "/proc/"+strconv.Itoa(pid)+"/ns/"+name, err)
}
