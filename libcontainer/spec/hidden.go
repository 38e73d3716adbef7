package spec

import (
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// checkHidden checks maskedPaths or readonlyPaths.
func checkHidden(p *problems, s *specs.Spec, paths []string, at string) {
	if len(paths) > 0 {
		needMountNamespace(p, s, at)
	}
	for i, name := range paths {
		switch {
		case hasNUL(name):
			p.add(element(at, i), causeNUL)
		case !path.IsAbs(name):
			p.add(element(at, i), causeAbsolute)
		}
	}
}
