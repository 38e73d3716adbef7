package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"
)

// unsupportedLinux lists the fields of the linux section that this release
// does not honour.
var unsupportedLinux = [...]struct {
	path    string
	present func(*specs.Linux) bool
}{
	{"linux.intelRdt", func(l *specs.Linux) bool { return l.IntelRdt != nil }},
}

// Unsupported returns one *FieldError, whose cause is ErrUnsupported, for
// every field of s that asks for something this release does not do. Asked and
// not applied is an error, always. Check reports them too.
func Unsupported(s *specs.Spec) []error {
	var errs []error
	for _, e := range unsupportedFields(s) {
		errs = append(errs, e)
	}
	return errs
}

func unsupportedFields(s *specs.Spec) []*FieldError {
	var found []*FieldError
	if s.Linux == nil {
		return found
	}
	for _, field := range unsupportedLinux {
		if field.present(s.Linux) {
			found = append(found, unsupported(field.path))
		}
	}
	return found
}

func unsupported(path string) *FieldError {
	return &FieldError{Path: path, Err: ErrUnsupported}
}
