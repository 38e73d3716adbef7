package seccomp

import (
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// reference is the meaning of a profile, in the plainest words: what Compile's
// program must answer. It shares the tables with Compile, and nothing else.
func reference(p *specs.LinuxSeccomp, native string, d Data) uint32 {
	def := refAction(p.DefaultAction, p.DefaultErrnoRet)
	a, known := refArch(p, native, d)
	if a == nil {
		return 0 // SECCOMP_RET_KILL_THREAD
	}
	nr := uint32(d.Nr)
	if !known {
		return refTail(p, a, nr, def)
	}
	// The first rule without conditions, else the first whose conditions hold.
	if ret, ok := refRules(p, a, d, func(name string) bool { return refNumber(a, name) == int64(nr) }); ok {
		return ret
	}
	if sub, ok := refMultiplexed(p, a, d, def); ok {
		return sub
	}
	return refTail(p, a, nr, def)
}

// refArch returns the ABI of a call if it is in the filter. known is false for
// number -1, which is no call of any ABI.
func refArch(p *specs.LinuxSeccomp, native string, d Data) (a *arch, known bool) {
	var found []*arch
	for i := range archs {
		in := archs[i].goarch == native
		for _, name := range p.Architectures {
			in = in || string(name) == archs[i].name
		}
		if in && archs[i].audit == d.Arch {
			found = append(found, &archs[i])
		}
	}
	for _, a := range found {
		if a.audit != auditX8664 || (a.name == "SCMP_ARCH_X32") == (uint32(d.Nr)&x32Bit != 0) {
			return a, true
		}
	}
	for _, a := range found {
		if d.Nr == -1 && a.name == "SCMP_ARCH_X86_64" {
			return a, false
		}
	}
	return nil, false
}

// refNumber returns a call's number on an architecture, or -2.
func refNumber(a *arch, name string) int64 {
	table := refTables()[a.name]
	if n, ok := table[name]; ok {
		return n
	}
	return -2
}

// refTables has the numbers by architecture and name.
var refTables = sync.OnceValue(func() map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for i := range archs {
		a := &archs[i]
		out[a.name] = map[string]int64{}
		for c := range call(callCount) {
			if slot := a.slot(c); slot != noSlot {
				out[a.name][c.String()] = int64(a.number(slot))
			}
		}
	}
	return out
})

func refAction(name specs.LinuxSeccompAction, errno *uint) uint32 {
	data := uint32(1)
	if errno != nil {
		data = uint32(*errno)
	}
	switch name {
	case specs.ActAllow:
		return 0x7fff0000
	case specs.ActLog:
		return 0x7ffc0000
	case specs.ActTrace:
		return 0x7ff00000 + data
	case specs.ActNotify:
		return 0x7fc00000
	case specs.ActErrno:
		return 0x00050000 + data
	case specs.ActTrap:
		return 0x00030000
	case specs.ActKillProcess:
		return 0x80000000
	}
	return 0
}

// refRules finds the rule for a call among those whose names fit.
func refRules(p *specs.LinuxSeccomp, a *arch, d Data, fits func(string) bool) (uint32, bool) {
	def := refAction(p.DefaultAction, p.DefaultErrnoRet)
	for _, plain := range []bool{true, false} {
		for _, s := range p.Syscalls {
			ret := refAction(s.Action, s.ErrnoRet)
			if ret == def || plain != refAlways(a, s.Args) || !refHolds(a, s.Args, d) {
				continue
			}
			for _, name := range s.Names {
				if fits(name) {
					return ret, true
				}
			}
		}
	}
	return 0, false
}

// refAlways tells if conditions hold whatever the arguments are, because they
// look at no bit of them that could differ.
func refAlways(a *arch, args []specs.LinuxSeccompArg) bool {
	for _, c := range args {
		v, m := c.Value, c.ValueTwo
		switch c.Op {
		case specs.OpMaskedEqual:
			mask := v
			if a.width == narrow {
				if m&mask>>32 != 0 {
					return false
				}
				mask &= 0xffffffff
			}
			if mask != 0 {
				return false
			}
		case specs.OpNotEqual:
			if a.width == wide || v>>32 == 0 || v>>31 == 0x1ffffffff {
				return false
			}
		case specs.OpLessThan, specs.OpLessEqual:
			if a.width == wide || v>>32 == 0 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func refHolds(a *arch, args []specs.LinuxSeccompArg, d Data) bool {
	for _, c := range args {
		arg, v := d.Args[c.Index], c.Value
		if a.width == narrow {
			arg &= 0xffffffff
			minus := v>>31 == 0x1ffffffff
			if minus && (c.Op == specs.OpEqualTo || c.Op == specs.OpNotEqual) {
				v &= 0xffffffff
			}
			if c.Op == specs.OpMaskedEqual && v == ^uint64(0) && c.ValueTwo>>31 == 0x1ffffffff {
				v, c.ValueTwo = 0xffffffff, c.ValueTwo&0xffffffff
			}
		}
		ok := false
		switch c.Op {
		case specs.OpEqualTo:
			ok = arg == v
		case specs.OpNotEqual:
			ok = arg != v
		case specs.OpGreaterThan:
			ok = arg > v
		case specs.OpGreaterEqual:
			ok = arg >= v
		case specs.OpLessThan:
			ok = arg < v
		case specs.OpLessEqual:
			ok = arg <= v
		case specs.OpMaskedEqual:
			ok = arg&v == c.ValueTwo&v
		}
		if !ok {
			return false
		}
	}
	return true
}

var (
	refSockets = []string{"", "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername",
		"socketpair", "send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg",
		"recvmsg", "accept4", "recvmmsg", "sendmmsg"}
	refIPC = []string{"", "semop", "semget", "semctl", "semtimedop", "", "", "", "", "", "", "msgsnd", "msgrcv",
		"msgget", "msgctl", "", "", "", "", "", "", "shmat", "shmdt", "shmget", "shmctl"}
)

// refMultiplexed answers for socketcall and ipc from the rules of the call that
// is made by them.
func refMultiplexed(p *specs.LinuxSeccomp, a *arch, d Data, def uint32) (uint32, bool) {
	var name string
	switch int64(uint32(d.Nr)) {
	case refNumber(a, "socketcall"):
		if n := d.Args[0] & 0xffffffff; n < uint64(len(refSockets)) {
			name = refSockets[n]
		}
	case refNumber(a, "ipc"):
		if n := d.Args[0] & 0xffff; n < uint64(len(refIPC)) {
			name = refIPC[n]
		}
	}
	if name == "" {
		return 0, false
	}
	var strict uint32
	found := false
	for _, s := range p.Syscalls {
		ret := refAction(s.Action, s.ErrnoRet)
		for _, n := range s.Names {
			switch {
			case n != name || ret == def:
			case refAlways(a, s.Args):
				return ret, true
			case !found && int32(ret&0xffff0000) <= int32(def&0xffff0000) && !refNever(a, s.Args):
				strict, found = ret, true
			}
		}
	}
	return strict, found
}

// refNever tells if conditions ask for more than 32 bits can be.
func refNever(a *arch, args []specs.LinuxSeccompArg) bool {
	if a.width == wide {
		return false
	}
	for _, c := range args {
		high := c.Value>>32 != 0
		minus := c.Value>>31 == 0x1ffffffff
		switch c.Op {
		case specs.OpEqualTo:
			if high && !minus {
				return true
			}
		case specs.OpGreaterThan, specs.OpGreaterEqual:
			if high {
				return true
			}
		case specs.OpMaskedEqual:
			v := c.Value & c.ValueTwo
			if v>>32 != 0 && !(c.Value == ^uint64(0) && v>>31 == 0x1ffffffff) {
				return true
			}
		}
	}
	return false
}

// refTail answers for numbers nobody named.
func refTail(p *specs.LinuxSeccomp, a *arch, nr, def uint32) uint32 {
	switch p.DefaultAction {
	case specs.ActAllow, specs.ActLog, specs.ActTrace:
		return def
	}
	largest := int64(-1)
	for _, s := range p.Syscalls {
		for _, name := range s.Names {
			if n := refNumber(a, name); n >= 0 && !(a.goarch == "arm" && n >= 0xf0000) {
				largest = max(largest, n)
			}
		}
	}
	enosys := uint32(0x00050000 + 38)
	switch a.audit & 0xffff {
	case 8:
		enosys = 0x00050000 + 89
	case 15:
		enosys = 0x00050000 + 251
	}
	switch {
	case largest < 0:
		return def
	case a.audit&0xffff == 22 && nr == 0:
		return enosys
	case a.goarch == "arm" && nr >= 0xf0000 && nr < 0xf0020:
		return def
	case int64(nr) > largest:
		return enosys
	}
	return def
}
