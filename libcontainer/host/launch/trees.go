// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
)

// Trees are the mount trees that a container gets from outside, for a restore:
// what init would be handed for a start.
type Trees struct{ server }

// OpenTrees opens the slots, as Serve does for a start.
func OpenTrees(slots []plan.Descriptor) (*Trees, error) {
	t := &Trees{server{plan: &plan.Plan{Slots: slots}}}
	if err := t.open(Special{}); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Slots are the descriptors in the order of the slots, borrowed.
func (t *Trees) Slots() []linux.FD { return t.slots }

// Close closes them all.
func (t *Trees) Close() {
	for _, fd := range t.slots {
		_ = fd.Close()
	}
	t.slots = nil
	t.free()
}
