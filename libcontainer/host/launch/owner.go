// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import "github.com/oci-rung/rung/internal/linux"

// HostUID returns the user that uid of the user namespace of a process is in
// the caller's, or -1 if it is none. It asks the kernel and not the config: a
// namespace by path has maps of which the config need not tell.
func HostUID(pid int, uid uint32) (int, error) {
	proc, err := linux.OpenProc()
	if err != nil {
		return 0, err
	}
	defer proc.Close()
	maps, err := readMap(proc, pid, "uid_map")
	if err != nil {
		return 0, err
	}
	for _, m := range maps {
		if uid >= m.ContainerID && uid-m.ContainerID < m.Size {
			return int(m.HostID + (uid - m.ContainerID)), nil
		}
	}
	return -1, nil
}
