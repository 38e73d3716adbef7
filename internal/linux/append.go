package linux

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenAppend opens the file path for writing at its end, and makes it if it is
// not there. Every write of the file is one write(2) at the end, whoever else
// writes to it.
func OpenAppend(path string, mode uint32) (*os.File, error) {
	for {
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_CLOEXEC, mode)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
		return os.NewFile(uintptr(fd), path), nil
	}
}
