// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package diagnose

import (
	"bytes"
	"errors"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// firstLine is how much of a script the kernel looks at: BINPRM_BUF_SIZE.
const firstLine = 256

// script says what is wrong with a script's first line or with the interpreter
// it names.
func (l *look) script(f *file, depth int) string {
	name, ok := interpreterName(f.block)
	if !ok {
		if l.errno == linux.ENOEXEC {
			return "no interpreter in the first 256 bytes of its #! line"
		}
		return ""
	}
	if l.errno == linux.ELOOP && depth == mostInterpreters {
		return "more than five #! interpreters, one after the other"
	}
	why := l.interpreter("#! interpreter", name, func(f *file) string { return l.content(f, depth+1) })
	if why != "" && strings.HasSuffix(name, "\r") {
		why += ": the line ends in a carriage return"
	}
	return why
}

// interpreterName reads the line as the kernel does: blanks around the name do
// not count, and the name has to end within what is looked at.
func interpreterName(block []byte) (string, bool) {
	line, whole := block[len("#!"):], len(block) < firstLine
	if !whole {
		line = block[len("#!"):firstLine]
	}
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line, whole = line[:end], true
	}
	line = bytes.TrimLeft(line, " \t")
	if end := bytes.IndexAny(line, " \t\x00"); end >= 0 {
		line, whole = line[:end], true
	}
	return string(line), whole && len(line) > 0
}

// interpreter says why the kernel could not use an interpreter, or nothing.
// inside looks into the file if there is nothing wrong from the outside.
func (l *look) interpreter(what, name string, inside func(*file) string) string {
	what += " " + show(name)
	f, err := l.open(name)
	switch {
	case err != nil && !errors.Is(err, l.errno):
		return ""
	case err != nil && l.errno == linux.ENOENT:
		return what + " is missing"
	case err != nil && l.errno == linux.ENOTDIR:
		return what + " lies below something that is no directory"
	case err != nil:
		return ""
	}
	defer f.close()
	why := l.refused(f)
	if why == "" {
		why = inside(f)
	}
	if why == "" {
		return ""
	}
	return what + ": " + why
}
