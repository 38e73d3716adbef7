// Command await blocks until something has happened, woken by the kernel
// rather than by a timer, and fails when it has not within the limit.
//
//	await [-limit 10s] exit PID          the process has ended
//	await [-limit 10s] file PATH         the path exists
//	await [-limit 10s] text PATH STRING  the file contains the string
//
// PATIENCE=20 makes the limits twenty times as long, for slow machines.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	limit := flag.Duration("limit", 10*time.Second, "how long to wait")
	flag.Parse()
	if n, err := strconv.Atoi(os.Getenv("PATIENCE")); err == nil && n > 1 {
		*limit *= time.Duration(n)
	}
	if err := await(flag.Args(), time.Now().Add(*limit)); err != nil {
		fmt.Fprintln(os.Stderr, "await:", err)
		os.Exit(1)
	}
}

func await(args []string, deadline time.Time) error {
	switch {
	case len(args) == 2 && args[0] == "exit":
		return exit(args[1], deadline)
	case len(args) == 2 && args[0] == "file":
		return watch(args[1], deadline, func() bool {
			_, err := os.Lstat(args[1])
			return err == nil
		})
	case len(args) == 3 && args[0] == "text":
		return watch(args[1], deadline, func() bool {
			b, err := os.ReadFile(args[1])
			return err == nil && bytes.Contains(b, []byte(args[2]))
		})
	}
	return fmt.Errorf("usage: await exit PID | file PATH | text PATH STRING")
}

func exit(arg string, deadline time.Time) error {
	pid, err := strconv.Atoi(arg)
	if err != nil || pid <= 0 {
		return fmt.Errorf("exit %s: not a pid", arg)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH || err == unix.EINVAL {
		return nil // EINVAL: it was reaped at this very moment
	}
	if err != nil {
		return fmt.Errorf("pidfd_open %d: %w", pid, err)
	}
	if !poll(fd, deadline) {
		return fmt.Errorf("exit %d: still there", pid)
	}
	return nil
}

// watch asks done again after every event in the directory of path. Changes
// of a file's content are seen too: the directory's watch reports them.
func watch(path string, deadline time.Time, done func() bool) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return fmt.Errorf("inotify_init: %w", err)
	}
	dir := filepath.Dir(path)
	const events = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MODIFY | unix.IN_CLOSE_WRITE
	if _, err := unix.InotifyAddWatch(fd, dir, events); err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	buf := make([]byte, 65536)
	for !done() {
		if !poll(fd, deadline) {
			return fmt.Errorf("%s: not as expected in time", path)
		}
		if _, err := unix.Read(fd, buf); err != nil && err != unix.EINTR {
			return fmt.Errorf("read events: %w", err)
		}
	}
	return nil
}

func poll(fd int, deadline time.Time) bool {
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return false
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(left/time.Millisecond)+1)
		if err == unix.EINTR {
			continue
		}
		return n > 0
	}
}
