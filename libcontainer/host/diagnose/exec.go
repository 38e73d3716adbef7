// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package diagnose finds out why the kernel refused to execute a program: the
// number execve(2) returns does not tell a missing program from a missing
// interpreter, nor a file for another machine from one that is no program.
//
// It runs in the parent, after the fact, while init still is there and with it
// the root directory that init saw. All that it opens it looks up from that
// root as init would, opens for reading only if it is a regular file, and reads
// a few kilobytes of. A cause is named only if it is one for exactly the number
// the kernel returned: between the two looks somebody may have changed things,
// and other causes there are without end. Then the number has to do.
//
// The texts keep the words that callers look for; what is added stands behind
// them.
package diagnose

import (
	"errors"
	"fmt"

	"github.com/oci-rung/rung/internal/linux"
)

// Error says why a program could not be executed. It unwraps to the error
// number of execve.
type Error struct {
	Path  string
	Errno linux.Errno
	text  string
}

func (e *Error) Error() string { return e.text }

// Unwrap returns the error number.
func (e *Error) Unwrap() error { return e.Errno }

// NotInPath is the error for a name without a slash of which no directory in
// PATH has a program.
func NotInPath(name string) error {
	return &Error{Path: name, Errno: linux.ENOENT, text: fmt.Sprintf("exec: %q: executable file not found in $PATH", name)}
}

// Exec says why execve of path returned errno. root is a descriptor of the
// root directory that the process had, borrowed.
func Exec(root linux.FD, path string, errno linux.Errno) error {
	return ExecIn(root, "/", path, errno)
}

// ExecIn is Exec for a process whose working directory is cwd, as seen from
// its root: there a relative path begins, also that of an interpreter.
func ExecIn(root linux.FD, cwd, path string, errno linux.Errno) error {
	l := look{root: root, cwd: cwd, errno: errno}
	return &Error{Path: path, Errno: errno, text: l.program(path)}
}

// look is one investigation.
type look struct {
	root  linux.FD
	cwd   string
	errno linux.Errno
}

// mostInterpreters is how many times the kernel goes on to the next
// interpreter before it says ELOOP.
const mostInterpreters = 5

// program words the whole error.
func (l *look) program(path string) string {
	f, err := l.open(path)
	if err != nil {
		return l.notThere(path, err)
	}
	defer f.close()
	// What a search of PATH would have found too is said in its words.
	switch why := l.refused(f); {
	case why == "":
	case f.isDir():
		// The second half is the only one that Docker 20.10 has 126 for.
		return fmt.Sprintf("exec: %q: is a directory: %v", path, linux.EACCES)
	default:
		return fmt.Sprintf("exec: %q: %v: %s", path, l.errno, why)
	}
	if why := l.content(f, 0); why != "" {
		return l.bare(path) + ": " + why
	}
	if l.errno == linux.EACCES {
		// It depends on who wanted to execute it; what there is to know of
		// the file is said, and claimed to be nothing more.
		return fmt.Sprintf("exec: %q: %v (%s)", path, l.errno, f.rights())
	}
	return l.bare(path)
}

func (l *look) bare(path string) string {
	return "exec " + show(path) + ": " + l.errno.Error()
}

// notThere words the error for a path that could not be opened.
func (l *look) notThere(path string, err error) string {
	if l.errno != linux.ENOENT && l.errno != linux.ENOTDIR || !errors.Is(err, l.errno) {
		return l.bare(path)
	}
	text := fmt.Sprintf("exec: %q: stat %s: %v", path, show(path), l.errno)
	if to, err := linux.ReadlinkInRoot(l.root, l.absolute(path)); err == nil {
		text += ": it is a symbolic link to " + show(to)
	}
	return text
}

// refused says why the kernel would return EACCES for the file whatever is in
// it, or nothing.
func (l *look) refused(f *file) string {
	if l.errno != linux.EACCES && (l.errno != linux.EISDIR || !f.isDir()) {
		return ""
	}
	return f.refusal()
}

// content says what is wrong with what is in the file, or nothing. depth is
// how many interpreters led here.
func (l *look) content(f *file, depth int) string {
	if depth > mostInterpreters || f.head() != nil {
		return ""
	}
	switch {
	case f.starts("\x7fELF"):
		return l.elf(f)
	case f.starts("#!"):
		return l.script(f, depth)
	case l.errno != linux.ENOEXEC:
		return ""
	case len(f.block) == 0:
		return "the file is empty"
	case f.starts("\xef\xbb\xbf#!"):
		return "a byte order mark precedes its #!"
	case f.starts("MZ"):
		return "a program for Windows"
	case f.starts("\xcf\xfa\xed\xfe"), f.starts("\xca\xfe\xba\xbe"):
		return "a program for macOS"
	}
	return "neither an ELF program nor a script that begins with #!"
}
