package seccomp

// node is a part of the search tree that is not divided further: a span, and
// single numbers inside it that have another leaf. Such a number costs one
// comparison instead of the two that its own span would.
type node struct {
	span
	except     [maxExcept]span
	exceptions int
}

// maxExcept bounds the comparisons one after the other in a node.
const maxExcept = 2

// nodes groups the spans of one architecture.
func nodes(spans []span) []node {
	out := make([]node, 0, len(spans))
	for i := 0; i < len(spans); i++ {
		n := node{span: spans[i]}
		for n.exceptions < maxExcept && i+2 < len(spans) &&
			spans[i+2].from == spans[i+1].from+1 && spans[i+2].leaf == n.leaf {
			n.except[n.exceptions] = spans[i+1]
			n.exceptions++
			i += 2
		}
		out = append(out, n)
	}
	return out
}

// search writes a binary search for the number in the accumulator, and returns
// where it starts.
func (e *emitter) search(list []node, leaves []target) target {
	if len(list) > 1 {
		mid := len(list) / 2
		above := e.search(list[mid:], leaves)
		below := e.search(list[:mid], leaves)
		return e.jump(opJGE, list[mid].from, above, below)
	}
	n := list[0]
	out := leaves[n.leaf]
	for _, x := range n.except[:n.exceptions] {
		out = e.jump(opJEQ, x.from, leaves[x.leaf], out)
	}
	return out
}

// chain writes the rules of a leaf, and returns where they start.
func (e *emitter) chain(l *layout, id leafID) target {
	lf := l.leaves[id]
	if lf.rule == noRule {
		return verdict(lf.verdict)
	}
	list := make([]*rule, 0, 8)
	for at := id; at != 0; at = l.leaves[at].before {
		list = append(list, &l.rules[l.leaves[at].rule])
	}
	// list is in reverse, which is the order of writing.
	next := verdict(l.def)
	for len(list) > 0 {
		n := alike(list, lf.width)
		if n > 1 {
			next = e.values(list[:n], lf.width, next)
		} else {
			yes := verdict(list[0].action)
			tests := list[0].on[lf.width]
			for i := len(tests) - 1; i >= 0; i-- {
				yes = e.test(tests[i], lf.width, yes, next)
			}
			next = yes
		}
		list = list[n:]
	}
	return next
}

// alike returns how many rules at the start of the list compare the same part
// of the same argument with one value each.
func alike(list []*rule, w width) int {
	key := func(r *rule) (condition, bool) {
		if len(r.on[w]) != 1 || r.on[w][0].op != opEqual {
			return condition{}, false
		}
		c := r.on[w][0]
		c.value &^= 0xffffffff
		if w == narrow {
			c.mask, c.value = c.mask&0xffffffff, 0
		}
		return c, true
	}
	first, ok := key(list[0])
	n := 1
	for ok && n < len(list) {
		if k, ok := key(list[n]); !ok || k != first {
			break
		}
		n++
	}
	return n
}

// values writes rules that alike has found: the argument is loaded once and
// compared with one value after the other.
func (e *emitter) values(list []*rule, w width, next target) target {
	c := list[0].on[w][0]
	low, high := e.argOffsets(c.arg)
	no := next
	for _, r := range list {
		no = e.jump(opJEQ, uint32(r.on[w][0].value), verdict(r.action), no)
	}
	here := e.load(low, uint32(c.mask))
	if mask := uint32(c.mask >> 32); w == wide && mask != 0 {
		e.jump(opJEQ, uint32(c.value>>32), here, next)
		here = e.load(high, mask)
	}
	return here
}
