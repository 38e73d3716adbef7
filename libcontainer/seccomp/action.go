package seccomp

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// SECCOMP_RET_*: the upper half of a verdict says what happens, the lower half
// is the errno or what the tracer is told.
const (
	retKillProcess = 0x80000000
	retKillThread  = 0x00000000
	retTrap        = 0x00030000
	retErrno       = 0x00050000
	retNotify      = 0x7fc00000
	retTrace       = 0x7ff00000
	retLog         = 0x7ffc0000
	retAllow       = 0x7fff0000

	retActionMask = 0xffff0000
)

const (
	eperm    = 1
	maxErrno = 4095 // the kernel cuts larger ones down to this
	maxTrace = 0xffff
)

// namedAction is an action of the runtime-spec. most is the largest errnoRet
// it takes, 0 for an action that takes none.
type namedAction struct {
	name string
	ret  uint32
	most uint
}

// actions is sorted by name. KILL is libseccomp's older word for KILL_THREAD.
var actions = [...]namedAction{
	{"SCMP_ACT_ALLOW", retAllow, 0},
	{"SCMP_ACT_ERRNO", retErrno, maxErrno},
	{"SCMP_ACT_KILL", retKillThread, 0},
	{"SCMP_ACT_KILL_PROCESS", retKillProcess, 0},
	{"SCMP_ACT_KILL_THREAD", retKillThread, 0},
	{"SCMP_ACT_LOG", retLog, 0},
	{"SCMP_ACT_NOTIFY", retNotify, 0},
	{"SCMP_ACT_TRACE", retTrace, maxTrace},
	{"SCMP_ACT_TRAP", retTrap, 0},
}

// actionFault says what is wrong with an action, and with which of its two
// fields.
type actionFault struct {
	errno bool
	text  string
}

// parseAction returns the verdict of an action.
func parseAction(name specs.LinuxSeccompAction, errno *uint) (uint32, *actionFault) {
	for i := range actions {
		a := &actions[i]
		if a.name != string(name) {
			continue
		}
		switch {
		case a.most == 0 && errno == nil:
			return a.ret, nil
		case a.most == 0:
			return 0, &actionFault{errno: true, text: a.name + " takes no errno"}
		case errno == nil:
			return a.ret | eperm, nil
		case *errno > a.most:
			return 0, &actionFault{errno: true, text: fmt.Sprintf("%d is above %d, the largest that %s takes", *errno, a.most, name)}
		}
		return a.ret | uint32(*errno), nil
	}
	return 0, &actionFault{text: fmt.Sprintf("unknown action %q", name)}
}

// laxer tells if action a lets more happen than b. The kernel orders actions
// as signed numbers, and takes the smallest when several filters answer.
func laxer(a, b uint32) bool {
	return int32(a&retActionMask) > int32(b&retActionMask)
}

// letsThrough tells if an action, as a default, leaves the answer for calls
// nobody named to somebody else: to the kernel, or to a tracer who will do as
// the kernel would.
func letsThrough(action uint32) bool {
	switch action & retActionMask {
	case retAllow, retLog, retTrace:
		return true
	}
	return false
}

// SECCOMP_FILTER_FLAG_*.
const (
	flagLog              = 1 << 1
	flagSpecAllow        = 1 << 2
	flagWaitKillableRecv = 1 << 5
)

type namedFlag struct {
	name string
	bit  uint32
}

// flags is sorted by name. TSYNC asks for the filter on all threads: the
// process that loads it has only one, and the kernel refuses TSYNC together
// with a listener, so it is accepted and has no bit.
var flags = [...]namedFlag{
	{"SECCOMP_FILTER_FLAG_LOG", flagLog},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", flagSpecAllow},
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", flagWaitKillableRecv},
}

// parseFlags adds to the errors and warnings of p.
func (p *profile) parseFlags(list []specs.LinuxSeccompFlag) {
	if list == nil {
		// Compat(runc): a profile that does not mention flags gets this one,
		// because the mitigation it turns off costs much and helps few; an
		// empty list asks for none.
		p.flags = flagSpecAllow
		return
	}
next:
	for i, name := range list {
		for _, f := range flags {
			if f.name == string(name) {
				p.flags |= f.bit
				continue next
			}
		}
		p.fail("linux.seccomp.flags[%d]: unknown flag %q", i, name)
	}
	if p.flags&flagWaitKillableRecv != 0 && !p.notify {
		// The kernel refuses the flag without a listener to wait for.
		p.flags &^= flagWaitKillableRecv
		p.warn("linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect without SCMP_ACT_NOTIFY")
	}
}

// Actions returns the names of the actions that Compile takes, sorted.
func Actions() []string {
	out := make([]string, len(actions))
	for i := range actions {
		out[i] = actions[i].name
	}
	return out
}

// FlagBit returns the bit that a flag has in Filter.Flags; 0 for one that has
// none, or is unknown.
func FlagBit(name specs.LinuxSeccompFlag) uint32 {
	for _, f := range flags {
		if f.name == string(name) {
			return f.bit
		}
	}
	return 0
}

// Flags returns the names of the flags that Compile takes, sorted.
func Flags() []string {
	out := make([]string, len(flags))
	for i := range flags {
		out[i] = flags[i].name
	}
	return out
}

// Archs returns the names of the architectures that Compile takes, sorted.
func Archs() []string {
	out := make([]string, len(archs))
	for i := range archs {
		out[i] = archs[i].name
	}
	return out
}
