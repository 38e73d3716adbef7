package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// checkRoot checks the root section. Whether the path is there, and is a
// directory and no symlink, only the host can tell.
func checkRoot(p *problems, s *specs.Spec) {
	switch {
	case s.Root == nil:
		p.add("root", causeRequired)
	case s.Root.Path == "":
		p.add("root.path", causeRequired)
	case hasNUL(s.Root.Path):
		p.add("root.path", causeNUL)
	}
	if s.Root != nil && s.Root.Readonly {
		needMountNamespace(p, s, "root.readonly")
	}
}
