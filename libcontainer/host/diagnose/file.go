// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package diagnose

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// blockSize is how much of a file's beginning is looked at: an ELF header and
// all program headers in practice, and sixteen times what the kernel reads for
// a script's first line.
const blockSize = 4 << 10

// file is an opened candidate.
type file struct {
	fd     linux.FD // for reference only
	stat   linux.Stat
	reader linux.FD // for reading, once head was called
	block  []byte   // the file's beginning
}

// open looks path up as the process would have.
func (l *look) open(path string) (*file, error) {
	fd, err := linux.OpenInRoot(l.root, l.absolute(path))
	if err != nil {
		return nil, err
	}
	st, err := linux.Fstat(fd)
	if err != nil {
		_ = fd.Close()
		return nil, err
	}
	return &file{fd: fd, stat: st, reader: linux.NoFD}, nil
}

func (l *look) absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return l.cwd + "/" + path
}

func (f *file) close() { _, _ = f.fd.Close(), f.reader.Close() }

func (f *file) isDir() bool { return f.stat.Mode&linux.ModeKind == linux.ModeDir }

// refusal says why the file cannot be executed whatever is in it, or nothing.
func (f *file) refusal() string {
	switch kind := f.stat.Mode & linux.ModeKind; {
	case kind == linux.ModeDir:
		return "is a directory"
	case kind == linux.ModeFIFO:
		return "it is a FIFO"
	case kind == linux.ModeSocket:
		return "it is a socket"
	case kind != linux.ModeRegular:
		return "it is a device"
	case f.stat.Mode&linux.ModeExec == 0:
		return fmt.Sprintf("no execute permission (mode %04o)", f.stat.Mode&0o7777)
	}
	if noexec, err := linux.OnNoexecMount(f.fd); err == nil && noexec {
		return "it lies on a mount with noexec"
	}
	return ""
}

func (f *file) rights() string {
	return fmt.Sprintf("mode %04o, owner %d:%d", f.stat.Mode&0o7777, f.stat.Uid, f.stat.Gid)
}

// head reads the file's beginning. Only regular files are read: to open a
// device or a FIFO does something.
func (f *file) head() error {
	if f.stat.Mode&linux.ModeKind != linux.ModeRegular {
		return linux.EACCES
	}
	var err error
	if f.reader, err = linux.OpenFile(linux.ProcFD(f.fd)); err != nil {
		return err
	}
	f.block, err = f.at(0, blockSize)
	return err
}

// at reads at most n bytes at an offset: fewer where the file ends.
func (f *file) at(offset uint64, n int) ([]byte, error) {
	if offset+uint64(n) <= uint64(len(f.block)) {
		return f.block[offset : offset+uint64(n)], nil
	}
	if offset > 1<<62 {
		return nil, nil // far behind every file's end
	}
	b := make([]byte, n)
	got, err := linux.Pread(f.reader, b, int64(offset))
	return b[:got], err
}

func (f *file) starts(magic string) bool { return strings.HasPrefix(string(f.block), magic) }

// longestShown is how much of a name is shown: a file may claim anything.
const longestShown = 512

// show writes a name so that it stays on its line and what is invisible in it
// is seen.
func show(name string) string {
	if len(name) > longestShown {
		return show(name[:longestShown]) + "…"
	}
	for _, r := range name {
		if !strconv.IsPrint(r) || r == '\ufffd' {
			return strconv.Quote(name)
		}
	}
	return name
}
