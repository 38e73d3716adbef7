// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"fmt"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// checkDevice wants the node of this host to be what the config asks for: it
// is bound as it is.
func checkDevice(tree linux.FD, d *plan.Descriptor) error {
	st, err := linux.Fstat(tree)
	if err != nil {
		return err
	}
	if st.Mode&linux.ModeKind != nodeType(d) || st.Rdev != d.Device {
		return fmt.Errorf("%s: not the device %d:%d on this host, and none can be made in a user namespace", d.Path, major(d), minor(d))
	}
	if d.Given&wire.NodeMode != 0 && st.Mode&0o7777 != d.Mode {
		return fmt.Errorf("%s: mode %04o asked for, %04o on this host, and no node can be made %s", d.Path, d.Mode, st.Mode&0o7777, here())
	}
	if d.Given&(wire.NodeUID|wire.NodeGID) == 0 {
		return nil
	}
	uids, gids, err := owners(d.Owners)
	if err != nil {
		return err
	}
	uid, gid := insideID(uids, st.Uid), insideID(gids, st.Gid)
	if d.Given&wire.NodeUID != 0 && uid != d.UID || d.Given&wire.NodeGID != 0 && gid != d.GID {
		return fmt.Errorf("%s: owner %d:%d asked for, on this host %d:%d as the container sees it, and no node can be made %s", d.Path, d.UID, d.GID, uid, gid, here())
	}
	return nil
}

// here says where no node can be made.
func here() string {
	if _, old := linux.MountCallsAbsent(); old {
		return "for a user namespace without fsopen, open_tree and move_mount of Linux 5.2, which this kernel lacks or a seccomp filter around this runtime refuses: allow them there"
	}
	return "in a user namespace"
}

func nodeType(d *plan.Descriptor) uint32 {
	if d.Char {
		return linux.ModeChar
	}
	return linux.ModeBlock
}

// The kernel's encoding of device numbers has the minor on both sides.
func major(d *plan.Descriptor) uint64 { return d.Device >> 8 & 0xfff }
func minor(d *plan.Descriptor) uint64 { return d.Device&0xff | d.Device>>12&^0xff }

// openNode returns the next device node of the plan. All of them are made when
// the first is wanted.
func (s *server) openNode() (linux.FD, error) {
	if s.nodes == nil {
		if err := s.makeNodes(); err != nil {
			return linux.NoFD, err
		}
	}
	tree := s.nodes[0]
	s.nodes = s.nodes[1:]
	return tree, nil
}

// makeNodes makes the device nodes of a container with a user namespace, which
// cannot make them itself, with owners that are right in there.
func (s *server) makeNodes() error {
	fs, err := linux.PrivateFilesystem()
	if err != nil {
		return err
	}
	defer fs.Close()
	var names []string
	for i := range s.plan.Slots {
		d := &s.plan.Slots[i]
		if d.Opens != plan.OpenNode {
			continue
		}
		uids, gids, err := owners(d.Owners)
		if err != nil {
			return err
		}
		uid, uidOK := outsideID(uids, d.UID)
		gid, gidOK := outsideID(gids, d.GID)
		if !uidOK || !gidOK {
			return fmt.Errorf("%s: owner %d:%d is not mapped in the container's user namespace", d.Path, d.UID, d.GID)
		}
		name := strconv.Itoa(len(names))
		if err = linux.MakeNode(fs, name, nodeType(d)|d.Mode, d.Device, uid, gid); err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
		names = append(names, name)
	}
	s.nodes, err = linux.DetachedFiles(fs, names)
	return err
}

// owners are the maps of the user namespace that ids are meant in.
func owners(m *spec.MountIDMap) (uids, gids []specs.LinuxIDMapping, err error) {
	if m == nil {
		return nil, nil, nil
	}
	if m.Path != "" {
		return namespaceMaps(m.Path)
	}
	return m.UID, m.GID, nil
}

// outsideID is the id of this process' user namespace that id stands for in
// one with the map, nil meaning the same one.
func outsideID(list []specs.LinuxIDMapping, id uint32) (uint32, bool) {
	if list == nil {
		return id, true
	}
	return spec.HostID(list, id)
}

// insideID is the opposite. What is not mapped is seen as nobody.
func insideID(list []specs.LinuxIDMapping, id uint32) uint32 {
	const overflow = 65534
	if list == nil {
		return id
	}
	for _, m := range list {
		if id >= m.HostID && id-m.HostID < m.Size {
			return m.ContainerID + (id - m.HostID)
		}
	}
	return overflow
}
