package linux

import (
	"errors"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// InOwnMounts calls f in a thread with a mount namespace of its own. What f
// mounts is seen by it and by the programs it starts, and is gone with the last
// of them; what is mounted elsewhere later is seen there too.
func InOwnMounts(f func() error) error {
	return onOtherThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return wrap("unshare CLONE_NEWNS", "", err)
		}
		if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
			return wrap("mount", "/", err)
		}
		return f()
	})
}

// RootReadonly makes the root mount of a process read-only.
func RootReadonly(proc Proc, pid int) error {
	ns, err := proc.namespace(pid, "mnt")
	if err != nil {
		return err
	}
	defer ns.Close()
	return onOtherThread(func() error {
		// A thread that shares its root with others cannot change it.
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return wrap("unshare CLONE_FS", "", err)
		}
		if err := ThreadSetns(ns, unix.CLONE_NEWNS); err != nil {
			return err
		}
		return wrap("mount_setattr", "/", unix.MountSetattr(unix.AT_FDCWD, "/", 0, &MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}))
	})
}

// onOtherThread calls f in a thread that ends afterwards, whatever f has made of
// it. The first thread of a process does not end before the others.
func onOtherThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			done <- f() // never unlocked: the thread ends with the goroutine
			return
		}
		// As long as this is locked, no other goroutine can get this thread.
		err := onOtherThread(f)
		runtime.UnlockOSThread()
		done <- err
	}()
	return <-done
}

// AttachAt attaches a detached tree at a path of the calling thread's mount
// namespace.
func AttachAt(tree FD, path string) error {
	return wrap("move_mount", path, unix.MoveMount(int(tree), "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// WalkableByAll reports whether path is a directory through which everybody may
// walk, as far as its own mode says.
func WalkableByAll(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&unix.S_IXOTH != 0
}

// MakeFile makes an empty file, for a mount to be on.
func MakeFile(path string) error {
	fd, err := Openat(CWD, path, unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return fd.Close()
}

// MakeInRoot makes a directory or an empty file at path, and the directories
// above it, unless it is there. The path is that of a process whose root is
// root: nothing outside of it is touched, whatever links it has.
func MakeInRoot(root FD, path string, directory bool) error {
	at, err := root.Dup()
	if err != nil {
		return err
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, name := range parts {
		sub := strings.Join(parts[:i+1], "/")
		fd, err := openInRoot(root, sub, unix.O_PATH)
		if errors.Is(err, unix.ENOENT) {
			fd, err = makeOne(at, name, directory || i < len(parts)-1)
		}
		_ = at.Close()
		if err != nil {
			return err
		}
		at = fd
	}
	return at.Close()
}

func makeOne(dir FD, name string, directory bool) (FD, error) {
	if directory {
		if err := unix.Mkdirat(int(dir), name, 0o755); err != nil {
			return NoFD, wrap("mkdir", name, err)
		}
	} else if fd, err := Openat(dir, name, unix.O_RDONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o644); err != nil {
		return NoFD, err
	} else if err = fd.Close(); err != nil {
		return NoFD, err
	}
	return Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
}

// MountPoints are the places where something is mounted, as the process with
// that pid sees them, "thread-self" for the calling thread; those below come
// after what they are below.
func MountPoints(process string) ([]string, error) {
	const point = 4
	var points []string
	err := eachMount(process, func(fields []string) error {
		points = append(points, unescape(fields[point]))
		return nil
	})
	return points, err
}

// MountIDs are the numbers of the mounts that a process sees.
func MountIDs(process string) ([]int, error) {
	const id = 0
	var ids []int
	err := eachMount(process, func(fields []string) error {
		n, err := strconv.Atoi(fields[id])
		ids = append(ids, n)
		return err
	})
	return ids, err
}

func eachMount(process string, f func(fields []string) error) error {
	text, err := ReadKernelFile("/proc/" + process + "/mountinfo")
	if err != nil {
		return err
	}
	const fewest = 10
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < fewest {
			return &Error{"read", "/proc/" + process + "/mountinfo", unix.EPROTO}
		}
		if err := f(fields); err != nil {
			return err
		}
	}
	return nil
}

// unescape takes the kernel's \040 and the like out of a path.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
