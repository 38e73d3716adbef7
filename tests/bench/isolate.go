package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// idPrefix begins the name of the work directory, and that begins the name of
// every container and so of every cgroup.
const idPrefix = "rung-bench-"

const (
	cgroupRoot = "/sys/fs/cgroup"
	unified    = cgroupRoot + "/unified" // the v2 hierarchy beside those of v1
)

func innerAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID,
		Pdeathsig:  unix.SIGKILL,
		Setpgid:    true, // an interrupt at the terminal is for the outer process
	}
}

// isolate makes the inner process's mounts its own. The work directory becomes
// a tmpfs, as /run is.
//
// crun refuses machines on which the v2 hierarchy beside those of v1 ("hybrid")
// has controllers. All runtimes are to see the same, so it is covered here: by a
// tmpfs, as crun makes a directory at that place even so.
func isolate(work string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount proc: %w", err)
	}
	var st unix.Statfs_t
	if unix.Statfs(unified, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
		if err := unix.Mount("bench", unified, "tmpfs", 0, "mode=0755"); err != nil {
			return fmt.Errorf("mount tmpfs on %s: %w", unified, err)
		}
	}
	volatile := filepath.Join(work, "volatile")
	if err := os.Mkdir(volatile, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("bench", volatile, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", volatile, err)
	}
	return nil
}

// cgroupVersion is what the runtimes see.
func cgroupVersion() int {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return 2
	}
	return 1
}

// cgroups returns the directories of cgroups whose name begins so.
func cgroups(prefix string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(cgroupRoot, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody else's, gone meanwhile
		}
		if err == nil && path == unified {
			return fs.SkipDir // covered while the benchmark runs
		}
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), prefix) {
			found = append(found, path)
			return fs.SkipDir
		}
		return err
	})
	return found, err
}

// removeCgroups removes what a benchmark that was ended early left. After one
// that came to its end there is nothing: that is checked there.
func removeCgroups(prefix string) error {
	found, err := cgroups(prefix)
	for _, path := range found {
		if e := unix.Rmdir(path); e != nil && e != unix.ENOENT {
			err = errors.Join(err, fmt.Errorf("remove %s: %w", path, e))
		}
	}
	return err
}
