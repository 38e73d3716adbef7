package main

import (
	"slices"
	"strings"
)

// absent says at which levels a field, or all fields of an object, has no test
// and why: the field has no meaning there, or no machine at hand can show it.
type absent struct {
	path   string
	levels []level
	why    string
}

// excuses is looked through for each field; all entries that fit count.
var excuses = []absent{
	{"process.terminal", []level{validation}, "either value is right"},
	{"process.noNewPrivileges", []level{validation}, "either value is right"},
	{"process.capabilities", []level{validation}, "nothing is refused: names that are unknown or not to be had are a warning"},
	{"process.consoleSize", []level{planned}, "the runtime sets it on the master, which the plan does not hold"},
	{"linux.personality.flags", []level{planned}, "every flag is refused"},
	{"linux.seccomp.listenerMetadata", []level{planned}, "only the agent sees it"},
	{"linux.resources.memory.kernel", []level{validation, container}, "the kernel dropped it: a note says so"},
	{"linux.resources.memory.kernelTCP", []level{container}, "the kernel dropped it: a note says so"},
	{"linux.resources.memory.useHierarchy", []level{validation, container}, "either value is right, and every kernel does it"},
	{"linux.resources.memory.checkBeforeUpdate", []level{validation}, "either value is right"},
}

// missing returns the levels at which f should have tests and has not. What is
// checked only when it is compiled has its validation there, in the package; and
// what the plan does not contain, because the parent does it, is in a package.
func missing(f *field, tests found) []level {
	var out []level
	for _, want := range []level{validation, planned, container} {
		also := want
		switch {
		case want == planned, want == validation && strings.HasPrefix(f.path, "linux.seccomp."):
			also = acting
		}
		if !tests.in(f.path, want, also) && !excused(f.path, want) {
			out = append(out, want)
		}
	}
	return out
}

func excused(path string, l level) bool {
	return slices.ContainsFunc(excuses, func(a absent) bool {
		return (a.path == path || strings.HasPrefix(path, a.path+".")) && slices.Contains(a.levels, l)
	})
}
