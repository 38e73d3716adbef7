// Runs in: init, last steps. Sees: container namespaces, own root. Holds: payload's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// chdir enters the working directory, which then has to have a path inside:
// a directory of the host, reached through a descriptor that leaked, has none
// (CVE-2024-21626).
func (s *stage) chdir() bool {
	path, flags := s.row.Args[0], s.row.Args[1]
	if s.inCwd {
		return true
	}
	e := raw.Chdir(path)
	if (e == raw.EACCES || e == raw.EPERM) && flags&wire.ChdirTry != 0 {
		return true // the user may enter what root may not: NFS, FUSE
	}
	if e != 0 {
		return s.failAt(wire.OpChdir, e, path)
	}
	n, e := raw.Getcwd(s.walk.hold[:raw.PathMax])
	if e == 0 && (n < 2 || s.walk.hold[0] != '/') {
		e = raw.ENOENT
	}
	if e != 0 {
		s.because(raw.Lit("the directory is outside of the container\x00"))
		return s.failAt(wire.OpGetcwd, e, path)
	}
	s.inCwd = true
	return true
}

// find looks for the program as execvp would, with the rights the payload has.
func (s *stage) find() bool {
	name := s.row.Args[0]
	first := raw.Errno(raw.ENOENT)
	for p := s.row.Args[1]; ; p += 8 {
		path := *raw.At[raw.Ptr](p)
		if path == 0 {
			return s.fail(wire.OpStat, first, raw.Text(name))
		}
		e := executable(path)
		if e == 0 {
			s.exe = path
			return true
		}
		if e != raw.ENOENT && e != raw.ENOTDIR || first == raw.ENOENT {
			first = e
		}
	}
}

// executable says why the file at path could not be executed, before trying.
func executable(path raw.Ptr) raw.Errno {
	fd, e := raw.Openat(raw.AtFDCWD, path, raw.OPath|raw.OCloexec, 0)
	if e != 0 {
		return e
	}
	var st raw.Stat
	e = raw.Fstat(fd, &st)
	raw.Close(fd)
	if e != 0 {
		return e
	}
	if st.Mode&raw.SIFMT == raw.SIFDIR {
		return raw.EISDIR
	}
	e = raw.Faccessat2(raw.AtFDCWD, path, raw.XOK, raw.AtEAccess)
	if e == raw.ENOSYS || e == raw.EPERM {
		// Kernel(5.8). Filters that were made before it answer EPERM. The real
		// ids are the effective ones by now.
		e = raw.Faccessat(raw.AtFDCWD, path, raw.XOK)
	}
	return e
}

// exec becomes the payload.
func (s *stage) exec() bool {
	if s.exe == 0 {
		s.because(raw.Lit("the config has no process\x00"))
		return s.fail(wire.OpExec, raw.EINVAL, nil)
	}
	if home := int(s.row.Args[2]); home >= 0 {
		*raw.At[raw.Ptr](s.row.Args[1] + 8*uintptr(home)) = raw.Addr(s.home[:])
	}
	return s.failAt(wire.OpExec, raw.Execve(s.exe, s.row.Args[0], s.row.Args[1]), s.exe)
}
