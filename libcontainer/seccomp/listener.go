package seccomp

// passes tells if a call is let through whatever its arguments are.
func (l *layout) passes(a *arch, name string) bool {
	c, ok := lookup(name)
	if !ok || a.slot(c) == noSlot {
		return false
	}
	said := len(l.warnings)
	l.fill(a)
	l.warnings = l.warnings[:said] // they were said before
	for at := l.slots[a.slot(c)]; ; at = l.leaves[at].before {
		lf := l.leaves[at]
		action := lf.verdict
		if lf.rule != noRule {
			action = l.rules[lf.rule].action
		}
		if a := action & retActionMask; a != retAllow && a != retLog {
			return false
		}
		if lf.rule == noRule {
			return true
		}
	}
}
