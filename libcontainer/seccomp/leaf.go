package seccomp

// A leaf is what happens to a system call once its number is known: a verdict,
// or rules on its arguments that are tried in order. A list of rules is the
// list before its last rule and that rule, so equal lists are one leaf,
// whichever calls and architectures have them.
type leaf struct {
	rule    int    // in layout.rules, or noRule
	verdict uint32 // if there is no rule
	before  leafID // the rules tried first; 0 for none
	width   width  // of the arguments they look at
}

// leafID is an index in layout.leaves. Leaf 0 is a call without any rule.
type leafID int32

// span is a range of system call numbers with one leaf. It ends where the next
// one starts.
type span struct {
	from uint32
	leaf leafID
}

// layout finds the leaf of every number.
type layout struct {
	*profile
	leaves []leaf
	slots  [slotCount]leafID // of the architecture that fill was called for
	tail   leafID            // of the numbers above all that the profile names
	last   int               // slot of the largest number that it names, or -1
}

func (l *layout) leafOf(want leaf) leafID {
	for i := range l.leaves {
		if l.leaves[i] == want {
			return leafID(i)
		}
	}
	if len(l.leaves) > maxParts {
		l.tooLarge = true
		return 0
	}
	l.leaves = append(l.leaves, want)
	return leafID(len(l.leaves) - 1)
}

func (l *layout) verdictLeaf(v uint32) leafID { return l.leafOf(leaf{rule: noRule, verdict: v}) }

// decided tells if a leaf is a rule without conditions.
func (l *layout) decided(id leafID) bool { return id != 0 && l.leaves[id].rule == noRule }

// add puts a rule to those of a slot. As in libseccomp, the first rule without
// conditions stands, and rules with conditions do not matter beside it.
// Otherwise the first rule that holds decides; libseccomp sorts them.
func (l *layout) add(slot uint16, rule int, w width) {
	at := &l.slots[slot]
	if rule == noRule || l.decided(*at) {
		return
	}
	switch r := &l.rules[rule]; r.outcome[w] {
	case always:
		*at = l.verdictLeaf(r.action)
	case open:
		*at = l.leafOf(leaf{rule: rule, before: *at, width: w})
	case never:
	}
}

// fill finds the leaves of one architecture.
func (l *layout) fill(a *arch) {
	clear(l.slots[:])
	l.last = -1
	start := 0
	for _, e := range l.entries {
		for _, c := range l.calls[start:e.end] {
			slot := a.slot(c)
			if slot == noSlot {
				continue
			}
			if slot < privateSlot {
				l.last = max(l.last, int(slot))
			}
			if e.rule != noRule {
				l.add(slot, e.rule, a.width)
			}
		}
		start = e.end
	}
	if a.socketcall != 0 {
		l.fillMultiplexed(a)
	}
	l.fillTail(a)
}

// fillTail gives ENOSYS to numbers that are above all that the profile names.
// A program (the C library most of all) tries a new system call first and
// falls back to an older one on ENOSYS, but takes EPERM, or being killed, for
// an answer; and who wrote the profile cannot have meant calls that did not
// exist then. This is runc's rule, for defaults that do not let calls through.
func (l *layout) fillTail(a *arch) {
	l.tail = 0
	if l.last < 0 || letsThrough(l.def) {
		return
	}
	l.tail = l.verdictLeaf(retErrno | uint32(a.enosys))
	if a.isS390() {
		// The kernel shows calls it does not know itself as number 0, which
		// was setup(2) and has no name any more.
		l.slots[0] = l.tail
	}
}

// Numbers in multiplexed from ipcBase on are those of ipc.
const (
	ipcBase      = 100
	mostMultiple = 128
)

// muxed is what the rules for a call come to when it is made by socketcall or
// ipc.
type muxed struct {
	rule  int // that holds there, or noRule
	entry int // of a rule whose conditions are lost, or noRule
}

// fillMultiplexed extends rules to the second way to make the same call: some
// 32-bit ABIs, PowerPC and s390 have socketcall(2) and ipc(2), whose first
// argument says which call is meant. Their own rules come first.
//
// The other arguments of socketcall are in memory, where a filter cannot look,
// so conditions are lost. A rule that is stricter than the default then holds
// for every such call, one that is laxer for none.
// Compat(runc): with libseccomp the laxer one holds for every call as well.
func (l *layout) fillMultiplexed(a *arch) {
	best := [mostMultiple]muxed{}
	for i := range best {
		best[i] = muxed{noRule, noRule}
	}
	start := 0
	for i, e := range l.entries {
		for _, c := range l.calls[start:e.end] {
			if m := multiplexed[c]; m != 0 && e.rule != noRule {
				l.improve(&best[m], e.rule, i, a.width)
			}
		}
		start = e.end
	}
	for m, b := range best {
		slot, name, first := a.socketcall, "socketcall", condition{mask: 0xffffffff, value: uint64(m)}
		if m > ipcBase {
			// The upper half of ipc's number is the version of its interface.
			slot, name, first = a.ipc, "ipc", condition{mask: 0xffff, value: uint64(m - ipcBase)}
		}
		if l.decided(l.slots[slot]) {
			continue
		}
		if b.entry != noRule {
			effect := "the rule does not hold there"
			if b.rule != noRule {
				effect = "the rule holds for every such call there"
			}
			l.warn("linux.seccomp.syscalls[%d].args: %s of %s hides them: %s", l.entries[b.entry].index, name, a.name, effect)
		}
		if b.rule != noRule {
			l.add(slot, l.intern(l.rules[b.rule].action, []condition{first}), a.width)
		}
	}
}

// improve takes one more rule into account.
func (l *layout) improve(b *muxed, rule, entry int, w width) {
	plain := func(i int) bool { return i != noRule && l.rules[i].outcome[w] == always }
	switch r := &l.rules[rule]; {
	case plain(b.rule) || r.outcome[w] == never:
	case plain(rule):
		*b = muxed{rule, noRule}
	case b.rule != noRule:
	case laxer(r.action, l.def):
		b.entry = entry
	default:
		*b = muxed{rule, entry}
	}
}

// spansOf returns the leaves of one architecture's numbers, from the first to
// the last that a caller can make up.
func (l *layout) spansOf(a *arch) []span {
	l.fill(a)
	out := make([]span, 0, 128)
	add := func(from uint32, id leafID) {
		if len(out) == 0 || out[len(out)-1].leaf != id {
			out = append(out, span{from, id})
		}
	}
	if a.base != x32Bit {
		add(0, 0)
	}
	known := privateSlot
	if l.tail != 0 {
		known = l.last + 1
	}
	for slot := range uint16(known) {
		add(a.number(slot), l.slots[slot])
	}
	add(a.number(0)+uint32(known), l.tail)
	if a.column == colARM {
		for slot := uint16(privateSlot); slot < slotCount; slot++ {
			add(a.number(slot), l.slots[slot])
		}
		add(privateBase+slotCount-privateSlot, l.tail)
	}
	return out
}

// spansX86 returns the leaves of x86_64 and x32, which have the same audit
// number. Either may be missing; its numbers then are those of an architecture
// that is not in the filter.
func (l *layout) spansX86(list []*arch) []span {
	bad := l.verdictLeaf(badArch)
	low := []span{{0, bad}}
	var high []span
	for _, a := range list {
		switch a.column {
		case colX8664:
			low = l.spansOf(a)
			// -1 is no x32 call, though it has the bit: a tracer writes it to
			// have a call skipped, and to be killed for that would be wrong.
			if high == nil {
				high = []span{{x32Bit, bad}, {0xffffffff, l.tail}}
			}
		case colX32:
			high = l.spansOf(a)
		}
	}
	if low[len(low)-1].leaf == high[0].leaf {
		high = high[1:]
	}
	return append(low, high...)
}
