// Runs in: init, once it is in its cgroup. Sees: container namespaces, host root. Holds: caller's privilege.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// affinity sets the CPUs that the payload may run on. Where nobody asked for
// some, a host that refuses the call, as a sandbox may, starts the payload on
// those that the caller has.
func (s *stage) affinity() bool {
	r := &s.row
	e := raw.SchedSetaffinity(int(r.Args[0]), r.Args[1])
	if r.Args[2]&wire.AffinityTry != 0 {
		return true
	}
	return s.check(wire.OpAffinity, e)
}
