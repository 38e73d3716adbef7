// Runs in: init, last steps. Sees: container namespaces, own root. Holds: full capabilities in its user namespace, or payload's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// seccomp loads the filter. From then on every call is subject to it. One that
// it notifies of waits for somebody who has the listener, so the first call
// hands that on: it is one that the plan has found allowed. There is no
// waiting for an answer, which would be one call more: who gets the listener
// was there before, and if it is lost the calls in question fail.
func (s *stage) seccomp() bool {
	r := &s.row
	listener, e := raw.Seccomp(uint(r.Args[0]), int(r.Args[1]), r.Args[2])
	if e != 0 || r.Args[0]&wire.NewListener == 0 {
		return s.check(wire.OpSeccomp, e)
	}
	s.begin(wire.Listener)
	return s.check(wire.OpSend, s.send(listener))
}
