package linux

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"golang.org/x/sys/unix"
)

// DirEntry is a name in a directory.
type DirEntry struct {
	Name string
	// Type is the kernel's DT_ number; some filesystems know none.
	Type uint8
}

// MaybeDir reports whether the entry is a directory as far as is known.
func (e DirEntry) MaybeDir() bool { return e.Type == unix.DT_DIR || e.Type == unix.DT_UNKNOWN }

// Layout of struct linux_dirent64: inode and offset, 8 bytes each, then the
// length of the record, the type and the name with its NUL.
const (
	direntLength = 16
	direntType   = 18
	direntName   = 19
	direntBlock  = 16 << 10 // some hundred names a call
)

// ReadDir returns what is in the directory behind fd, which has just been
// opened for reading, in no order and without "." and "..".
func ReadDir(fd FD) ([]DirEntry, error) {
	var entries []DirEntry
	buf := make([]byte, direntBlock)
	for {
		n, err := unix.Getdents(int(fd), buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, wrap("getdents64", "descriptor "+strconv.Itoa(int(fd)), err)
		}
		if n == 0 {
			return entries, nil
		}
		entries = appendEntries(entries, buf[:n])
	}
}

func appendEntries(entries []DirEntry, b []byte) []DirEntry {
	for len(b) > direntName {
		length := int(binary.NativeEndian.Uint16(b[direntLength:]))
		if length <= direntName || length > len(b) {
			return entries // the kernel does not write such a record
		}
		name, _, _ := bytes.Cut(b[direntName:length], []byte{0})
		if s := string(name); s != "." && s != ".." {
			entries = append(entries, DirEntry{Name: s, Type: b[direntType]})
		}
		b = b[length:]
	}
	return entries
}
