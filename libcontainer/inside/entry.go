// Runs in: init, first instructions. Sees: caller's namespaces. Holds: caller's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// entry is called by the assembly of entry_*.s with the address of argv, when
// argv[1] is "init" and argv[2] exists: the number of the control descriptor.
func entry(argv raw.Ptr) {
	Main(number(*raw.At[raw.Ptr](argv + 16)))
}

// number reads the decimal number at p.
func number(p raw.Ptr) int {
	n := 0
	for c := *raw.At[byte](p); c >= '0' && c <= '9'; c = *raw.At[byte](p) {
		n = n*10 + int(c-'0')
		p++
	}
	return n
}

// Threaded is init in a process whose Go runtime did start: a binary linked
// without the entry, or for an architecture without one. The caller's
// goroutine has to be locked to the main thread. With single, steps follow
// that the kernel allows to a process of one thread only (user namespaces):
// then they run in a copy, which has one.
func Threaded(control int, single bool) {
	s := &theStage
	s.control, s.copy, s.threaded = control, single, true
	if e := raw.Unshare(raw.CloneFS); e != 0 {
		// setns to a mount namespace wants a working directory of one's own.
		s.fail(wire.OpUnshare, e, nil)
		s.report()
	}
	Main(control)
}
