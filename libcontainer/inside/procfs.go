// Runs in: init, before pivot. Sees: container namespaces, host root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// procfs opens a procfs in which nothing is mounted over anything
// (CVE-2025-52881), by the best way this host allows:
//
//  1. a new instance, which nobody else can reach;
//  2. a copy of the mount at /proc without what is mounted below it; nested in
//     a container with masks the kernel refuses a new instance;
//  3. /proc itself, if it is the root of a procfs. Sysctl then refuses to
//     cross into anything mounted over it.
func (s *stage) procfs() bool {
	path := raw.Lit("/proc\x00")
	s.mode[0] = 0
	tree, ok := s.makeFilesystem(raw.Lit("proc\x00"), raw.Lit("proc\x00"), 0,
		raw.AttrNosuid|raw.AttrNodev|raw.AttrNoexec)
	if ok {
		s.proc = tree
		return true
	}
	s.detail = span{}
	fd, e := raw.OpenTree(raw.AtFDCWD, path, raw.TreeClone|raw.TreeCloexec)
	if e != 0 {
		fd, e = raw.Openat(raw.AtFDCWD, path, raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	}
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	var st raw.Stat
	magic, me := raw.Fstatfs(fd)
	if se := raw.Fstat(fd, &st); me != 0 || se != 0 || magic != raw.ProcMagic || st.Ino != raw.ProcRootIno {
		s.because(raw.Lit("not the root of a proc filesystem\x00"))
		return s.failAt(wire.OpFilesystem, raw.EINVAL, path)
	}
	s.proc = fd
	return true
}

// openProc opens a file below the procfs handle for writing.
func (s *stage) openProc(path raw.Ptr, resolve uint64) (int, raw.Errno) {
	how := raw.OpenHow{Flags: raw.OWronly | raw.OCloexec, Resolve: resolve}
	fd, e := raw.Openat2(s.proc, path, &how)
	if e == raw.ENOSYS || e == raw.EPERM {
		// Without openat2 only the last component is guarded; the check of
		// the filesystem makes up for mounts that are not procfs.
		fd, e = raw.Openat(s.proc, path, raw.OWronly|raw.ONoFollow|raw.OCloexec, 0)
	}
	return fd, e
}

// writeProc writes value to the file that openProc opened, in one call, and
// closes it.
func (s *stage) writeProc(fd int, path, value raw.Ptr) bool {
	magic, e := raw.Fstatfs(fd)
	if e != 0 || magic != raw.ProcMagic {
		raw.Close(fd)
		s.because(raw.Lit("not on a proc filesystem\x00"))
		return s.failAt(wire.OpFilesystem, raw.EINVAL, path)
	}
	if n := raw.Len(value); n > 0 {
		_, e = raw.Write(fd, raw.Bytes(value, n))
	}
	raw.Close(fd)
	return s.failAt(wire.OpWrite, e, path)
}

// sysctl writes one kernel parameter. The path is below /proc/sys.
func (s *stage) sysctl() bool {
	path, value := s.row.Args[0], s.row.Args[1]
	fd, e := s.openProc(path, raw.ResolveProc)
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	return s.writeProc(fd, path, value)
}
