package spec

import "strings"

// checkLabel checks a label of a security module: a name, a profile or a
// context. What it means the module will say.
func checkLabel(p *problems, label, at string) {
	switch {
	case hasNUL(label):
		p.add(at, causeNUL)
	case hasControl(label):
		p.add(at, "contains a control character")
	case label != strings.TrimSpace(label):
		p.addf(at, "%q begins or ends with a blank, which is no part of a label", label)
	}
}
