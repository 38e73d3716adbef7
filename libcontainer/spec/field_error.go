package spec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrUnsupported is the cause of a FieldError about what a caller may ask for
// and this release does not do.
var ErrUnsupported = errors.New("not supported by this release")

// FieldError says what is wrong with one field of a config.json.
type FieldError struct {
	// Path is the JSON path of the field: linux.namespaces[2].path. It is
	// empty when the document as a whole is meant.
	Path string
	// Err is the cause.
	Err error
}

// Error returns the path and the cause.
func (e *FieldError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// Causes that many fields share.
const (
	causeRequired = "required"
	causeNUL      = "contains a NUL byte"
	causeAbsolute = "must be an absolute path"
)

// problems collects what is wrong, so that a user sees all of it at once.
// Nearly all paths are put together only when something is wrong.
type problems struct {
	list []*FieldError
}

func (p *problems) add(path, cause string) {
	p.list = append(p.list, &FieldError{Path: path, Err: errors.New(cause)})
}

func (p *problems) addf(path, format string, args ...any) {
	p.list = append(p.list, &FieldError{Path: path, Err: fmt.Errorf(format, args...)})
}

// join returns all problems as one error, ordered by path, or nil.
func (p *problems) join() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b *FieldError) int { return comparePaths(a.Path, b.Path) })
	errs := make([]error, len(p.list))
	for i, e := range p.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// element returns the path of entry i of the array at path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// member returns the path of the entry named key of the map at path.
func member(path, key string) string { return path + "[" + strconv.Quote(key) + "]" }

// comparePaths orders paths as text, but numbers in them by value, so that
// mounts[2] comes before mounts[10].
func comparePaths(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(na) != len(nb) {
				return len(na) - len(nb)
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits returns how many decimal digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// sortedKeys returns the keys of m in a fixed order, so that the same config
// gives the same errors every time.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// hasControl reports whether s holds a byte that would end or split a line in
// a kernel file, or a name.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// hasNUL reports whether s would be cut short by the kernel.
func hasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }
