// Runs in: init, before and after pivot. Sees: container namespaces, host root or own root. Holds: full capabilities in its user namespace.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
)

// A name is resolved once, below the root handle, to a descriptor; everything
// else is done with the descriptor. Two thirds of the advisories of container
// runtimes are a name resolved twice, or resolved in a tree that the container
// controls.

// making says what a walk does about a missing name.
type making int

const (
	makeNothing making = iota
	makeDirs           // the last component and all above it
	makeFile           // the last component a file, directories above it
)

// links says what a resolution does about symbolic links.
type links int

const (
	followInside links = iota
	refuseLinks
)

// maxRetries bounds how often a resolution starts over because somebody
// renames directories under it.
const maxRetries = 64

// walker resolves a path component by component. It is for what openat2
// cannot do: create what is missing, and kernels or seccomp filters without
// openat2 (Kernel(5.6)).
type walker struct {
	rest [2 * raw.PathMax]byte // what is still to be resolved
	hold [2 * raw.PathMax]byte
	done [raw.PathMax]byte     // resolved components, each with a "/" before it
	name [raw.NameMax + 2]byte // one more than fits: the kernel refuses it
	nres int
	ndon int
	nlnk int
	cur  int
}

// open opens path below the root handle, O_PATH.
func (s *stage) open(path raw.Ptr, l links) (int, raw.Errno) {
	how := raw.OpenHow{Flags: raw.OPath | raw.OCloexec, Resolve: raw.ResolveRoot}
	if l == refuseLinks {
		how.Resolve |= raw.ResolveNoLinks
	}
	for range maxRetries {
		fd, e := raw.Openat2(s.root, path, &how)
		switch e {
		case raw.EAGAIN:
			continue
		case raw.ENOSYS, raw.EPERM:
			return s.resolve(path, makeNothing, l, 0)
		}
		return fd, e
	}
	return -1, raw.EAGAIN
}

// openOrMake opens path below the root handle and makes what is missing.
func (s *stage) openOrMake(path raw.Ptr, m making, l links, mode uint32) (int, raw.Errno) {
	fd, e := s.open(path, l)
	if e != raw.ENOENT {
		return fd, e
	}
	return s.resolve(path, m, l, mode)
}

// parent opens the directory that holds path's last component, making it, and
// leaves that component in the walker's name.
func (s *stage) parent(path raw.Ptr) (int, raw.Errno) {
	w := &s.walk
	n := raw.Len(path)
	if n >= len(w.hold) {
		return -1, raw.ENAMETOOLONG
	}
	copy(w.hold[:], raw.Bytes(path, n))
	for n > 1 && w.hold[n-1] == '/' {
		n--
	}
	last := n
	for last > 0 && w.hold[last-1] != '/' {
		last--
	}
	if n-last == 0 {
		return -1, raw.EINVAL
	}
	if n-last > raw.NameMax {
		return -1, raw.ENAMETOOLONG
	}
	dir := raw.Lit(".\x00")
	if last > 0 {
		w.hold[last-1] = 0
		dir = raw.Addr(w.hold[:])
		if last == 1 {
			dir = raw.Lit("/\x00")
		}
	}
	fd, e := s.openOrMake(dir, makeDirs, followInside, 0o755)
	if e != 0 {
		return -1, e
	}
	copy(w.name[:], raw.Bytes(path+uintptr(last), n-last))
	w.name[n-last] = 0
	return fd, 0
}

// resolve walks path below the root handle.
func (s *stage) resolve(path raw.Ptr, m making, l links, mode uint32) (int, raw.Errno) {
	w := &s.walk
	n := raw.Len(path)
	if n >= raw.PathMax {
		return -1, raw.ENAMETOOLONG
	}
	copy(w.rest[:], raw.Bytes(path, n))
	w.nres, w.ndon, w.nlnk, w.cur = n, 0, 0, -1
	e := s.restart()
	for e == 0 {
		if !w.next() {
			return w.cur, 0
		}
		e = s.component(m, l, mode)
	}
	raw.Close(w.cur)
	return -1, e
}

// next takes the next component off rest into name; false at the end.
func (w *walker) next() bool {
	i := 0
	for i < w.nres && w.rest[i] == '/' {
		i++
	}
	n := 0
	for i+n < w.nres && w.rest[i+n] != '/' {
		n++
	}
	if n == 0 {
		return false
	}
	if n > raw.NameMax {
		n = raw.NameMax + 1 // too long for the kernel as well: ENAMETOOLONG
	}
	copy(w.name[:], w.rest[i:i+n])
	w.name[n] = 0
	copy(w.rest[:], w.rest[i+n:w.nres])
	w.nres -= i + n
	return true
}

// last reports whether nothing but slashes is left.
func (w *walker) last() bool {
	for i := 0; i < w.nres; i++ {
		if w.rest[i] != '/' {
			return false
		}
	}
	return true
}

func (s *stage) component(m making, l links, mode uint32) raw.Errno {
	w := &s.walk
	if w.name[0] == '.' && w.name[1] == 0 {
		return 0
	}
	if w.name[0] == '.' && w.name[1] == '.' && w.name[2] == 0 {
		return s.up()
	}
	name := raw.Addr(w.name[:])
	for range maxRetries {
		fd, e := raw.Openat(w.cur, name, raw.OPath|raw.ONoFollow|raw.OCloexec, 0)
		if e == raw.ENOENT && m != makeNothing {
			if e = w.create(name, m, mode); e == 0 || e == raw.EEXIST {
				continue
			}
		}
		if e != 0 {
			return e
		}
		return s.step(fd, l)
	}
	return raw.EAGAIN
}

// create makes the missing component.
func (w *walker) create(name raw.Ptr, m making, mode uint32) raw.Errno {
	if m == makeDirs || !w.last() {
		return raw.Mkdirat(w.cur, name, mode)
	}
	fd, e := raw.Openat(w.cur, name, raw.OCreat|raw.OExcl|raw.ONoFollow|raw.OWronly|raw.OCloexec, 0o644)
	if e == 0 {
		raw.Close(fd)
	}
	return e
}

// step goes on to the opened component, or into the link it is.
func (s *stage) step(fd int, l links) raw.Errno {
	w := &s.walk
	var st raw.Stat
	if e := raw.Fstat(fd, &st); e != 0 {
		raw.Close(fd)
		return e
	}
	if st.Mode&raw.SIFMT == raw.SIFLNK {
		e := raw.Errno(raw.ELOOP)
		if l == followInside {
			e = s.link(fd)
		}
		raw.Close(fd)
		return e
	}
	if st.Mode&raw.SIFMT != raw.SIFDIR && w.nres > 0 {
		raw.Close(fd)
		return raw.ENOTDIR
	}
	n := 0
	for w.name[n] != 0 {
		n++
	}
	if w.ndon+1+n >= len(w.done) {
		raw.Close(fd)
		return raw.ENAMETOOLONG
	}
	w.done[w.ndon] = '/'
	copy(w.done[w.ndon+1:], w.name[:n])
	w.ndon += 1 + n
	raw.Close(w.cur)
	w.cur = fd
	return 0
}

// link puts the target of the link fd before what is left of the path.
func (s *stage) link(fd int) raw.Errno {
	w := &s.walk
	if w.nlnk++; w.nlnk > raw.SymlinkLimit {
		return raw.ELOOP
	}
	n, e := raw.Readlinkat(fd, raw.Lit("\x00"), w.hold[:raw.PathMax])
	if e != 0 {
		return e
	}
	if n+w.nres >= raw.PathMax {
		return raw.ENAMETOOLONG
	}
	// What is left begins with a slash, if anything is.
	copy(w.hold[n:], w.rest[:w.nres])
	copy(w.rest[:], w.hold[:n+w.nres])
	absolute := w.rest[0] == '/'
	w.nres += n
	if absolute {
		w.ndon = 0
		return s.restart()
	}
	return 0
}

// up goes to the parent directory: not by "..", which follows whatever the
// directory was moved to, but by walking what is resolved so far once more.
func (s *stage) up() raw.Errno {
	w := &s.walk
	for w.ndon > 0 {
		w.ndon--
		if w.done[w.ndon] == '/' {
			break
		}
	}
	return s.restart()
}

// restart opens the resolved part from the root handle, following no link:
// there was none in it, so one that is there now was put there meanwhile.
func (s *stage) restart() raw.Errno {
	w := &s.walk
	if w.cur >= 0 {
		raw.Close(w.cur)
	}
	fd, e := raw.Openat(s.root, raw.Lit(".\x00"), raw.OPath|raw.ODirectory|raw.OCloexec, 0)
	for i := 0; e == 0 && i < w.ndon; {
		n := 0
		for i+1+n < w.ndon && w.done[i+1+n] != '/' {
			n++
		}
		copy(w.name[:], w.done[i+1:i+1+n])
		w.name[n] = 0
		var sub int
		sub, e = raw.Openat(fd, raw.Addr(w.name[:]), raw.OPath|raw.ODirectory|raw.ONoFollow|raw.OCloexec, 0)
		raw.Close(fd)
		fd = sub
		i += 1 + n
	}
	w.cur = fd
	return e
}
