package main

import (
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

func pointer(p *int32) uintptr { return uintptr(unsafe.Pointer(p)) }

// openFDs lists the open descriptors as a JSON object of number to target. The
// directory it reads is opened by a plain system call, not to start the poller, and is
// left out of the list.
func openFDs() string {
	dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "null"
	}
	defer unix.Close(dir)
	var w object
	w.begin()
	buf := make([]byte, 8192)
	for {
		n, err := unix.ReadDirent(dir, buf)
		if err != nil || n <= 0 {
			break
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if fd, err := strconv.Atoi(name); err == nil && fd != dir {
				w.text0(name, readLink("/proc/self/fd/"+name))
			}
		}
	}
	w.end()
	return string(w.text)
}

func readFile(path string) string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var all []byte
	buf := make([]byte, 16384)
	for {
		n, err := unix.Read(fd, buf)
		if err != nil || n <= 0 {
			return string(all)
		}
		all = append(all, buf[:n]...)
	}
}

func readLink(path string) string {
	buf := make([]byte, 4096)
	n, err := unix.Readlink(path, buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

func nulList(path string) []string {
	text := strings.TrimSuffix(readFile(path), "\x00")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\x00")
}

func statusFields(text string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}
