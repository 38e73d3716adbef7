package exeseal

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mark is what the attacker wants to find in the victim's binary.
const mark = "OWNED"

// attack tries to write to the file behind the O_PATH descriptor fd, in every
// way a process with all privileges in its own mount namespace has, and returns
// those that worked. scratch is an empty file of its own to mount on.
func attack(fd int, scratch string) []string {
	var worked []string
	through := "/proc/self/fd/" + strconv.Itoa(fd)
	try := func(how, path string) {
		if err := overwrite(path); err == nil {
			worked = append(worked, how)
		}
	}
	clear := &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}

	try("open", through)
	if unix.MountSetattr(unix.AT_FDCWD, through, 0, clear) == nil {
		try("mount_setattr", through)
	}
	if unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, clear) == nil {
		try("mount_setattr by descriptor", through)
	}
	if unix.Mount("", through, "", unix.MS_REMOUNT|unix.MS_BIND, "") == nil {
		try("remount", through)
	}
	if unix.Mount("", through, "", unix.MS_REMOUNT, "") == nil {
		try("remount of the filesystem", through)
	}
	if fs, err := unix.Fspick(unix.AT_FDCWD, through, unix.FSPICK_CLOEXEC); err == nil {
		if unix.FsconfigSetFlag(fs, "rw") == nil && unix.FsconfigReconfigure(fs) == nil {
			try("fspick", through)
		}
		unix.Close(fs)
	}
	if tree, err := unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLOEXEC); err == nil {
		_ = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, clear)
		try("open_tree", "/proc/self/fd/"+strconv.Itoa(tree))
		unix.Close(tree)
	}
	if unix.Mount(through, scratch, "", unix.MS_BIND, "") == nil {
		_ = unix.Mount("", scratch, "", unix.MS_REMOUNT|unix.MS_BIND, "")
		try("bind mount", scratch)
		_ = unix.Unmount(scratch, unix.MNT_DETACH)
	}
	if unix.MoveMount(fd, "", unix.AT_FDCWD, scratch, unix.MOVE_MOUNT_F_EMPTY_PATH) == nil {
		_ = unix.Mount("", scratch, "", unix.MS_REMOUNT|unix.MS_BIND, "")
		try("move_mount", scratch)
		_ = unix.Unmount(scratch, unix.MNT_DETACH)
	}
	if unix.Truncate(through, int64(len(mark))) == nil {
		worked = append(worked, "truncate")
	}
	return worked
}

// overwrite writes the mark at the beginning of the file.
func overwrite(path string) error {
	for _, flags := range []int{unix.O_WRONLY, unix.O_RDWR | unix.O_TRUNC, unix.O_WRONLY | unix.O_APPEND} {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		_, err = unix.Pwrite(fd, []byte(mark), 0)
		unix.Close(fd)
		if err == nil {
			return nil
		}
	}
	return unix.EROFS
}

// asAttacker is a process in a mount namespace of its own. It gets the file as
// descriptor 3, or opens it as /proc/PID/exe and waits until nobody runs it.
func asAttacker(args []string) error {
	scratch := args[0]
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	fd := 3
	if len(args) > 1 {
		var err error
		if fd, err = unix.Open("/proc/"+args[1]+"/exe", unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("open exe of %s: %w", args[1], err)
		}
		fmt.Println("open")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until they are gone
	}
	fmt.Println("worked:", strings.Join(attack(fd, scratch), ", "))
	return nil
}
