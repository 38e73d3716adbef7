// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// namespaceMaps reads the maps of a user namespace by path. The kernel shows
// them only for a process that is in it, so one goes there and ends.
func namespaceMaps(path string) (uids, gids []specs.LinuxIDMapping, err error) {
	binary, err := linux.OpenPath("/proc/self/exe")
	if err != nil {
		return nil, nil, err
	}
	none := linux.NoFD
	begun, err := Begin(Birth{
		Binary: binary, Stdio: [3]linux.FD{none, none, none}, Cgroup: none, PIDNamespace: none, Single: true,
	})
	if err != nil {
		return nil, nil, err
	}
	user, _ := spec.LookupNamespace(specs.UserNamespace)
	todo := &plan.Plan{
		Slots: []plan.Descriptor{{Opens: plan.OpenNamespace, Field: "linux.namespaces(user).path", Path: path, Flag: user.Flag}},
		Steps: []wire.Step{
			{Kind: wire.Setns, Field: "linux.namespaces(user).path", Args: []any{wire.Slot(0), user.Flag}},
			{Kind: wire.Ask, Field: "linux.namespaces(user).path", Args: []any{uint64(wire.Ready)}},
		},
	}
	init, err := begun.Serve(todo, Special{Start: none, Init: none}, Handlers{
		Ready: func(pid int, _ linux.FD) (err error) {
			uids, gids, err = readMaps(pid)
			return err
		},
	})
	if err == nil {
		init.End()
	}
	return uids, gids, err
}

// readMaps reads the maps of the user namespace that a process is in.
func readMaps(pid int) (uids, gids []specs.LinuxIDMapping, err error) {
	proc, err := linux.OpenProc()
	if err != nil {
		return nil, nil, err
	}
	defer proc.Close()
	if uids, err = readMap(proc, pid, "uid_map"); err == nil {
		gids, err = readMap(proc, pid, "gid_map")
	}
	return uids, gids, err
}

func readMap(proc linux.Proc, pid int, name string) ([]specs.LinuxIDMapping, error) {
	text, err := proc.Read(pid, name)
	if err != nil {
		return nil, err
	}
	// Not nil: a namespace without maps has no ids, which is not "the same".
	list := []specs.LinuxIDMapping{}
	for line := range strings.Lines(text) {
		var n [3]uint32
		fields := strings.Fields(line)
		if len(fields) != len(n) {
			return nil, fmt.Errorf("%s: not three numbers: %q", name, line)
		}
		for i, f := range fields {
			v, err := strconv.ParseUint(f, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			n[i] = uint32(v)
		}
		list = append(list, specs.LinuxIDMapping{ContainerID: n[0], HostID: n[1], Size: n[2]})
	}
	return list, nil
}

// compareMaps wants the joined user namespace to be the one that the config
// describes: mounts and devices were prepared by that description.
func (s *server) compareMaps() error {
	uids, gids, err := readMaps(s.pid)
	if err != nil {
		return err
	}
	if !sameMap(uids, s.plan.UIDMap) {
		return fmt.Errorf("linux.uidMappings: not those of the user namespace to join: %s", oneLine(uids))
	}
	if !sameMap(gids, s.plan.GIDMap) {
		return fmt.Errorf("linux.gidMappings: not those of the user namespace to join: %s", oneLine(gids))
	}
	return nil
}

// sameMap compares what two maps do, however it is divided into lines.
func sameMap(a, b []specs.LinuxIDMapping) bool { return slices.Equal(normal(a), normal(b)) }

func normal(list []specs.LinuxIDMapping) []specs.LinuxIDMapping {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b specs.LinuxIDMapping) int { return cmp.Compare(a.ContainerID, b.ContainerID) })
	n := 0
	for _, m := range out {
		if n > 0 && out[n-1].ContainerID+out[n-1].Size == m.ContainerID && out[n-1].HostID+out[n-1].Size == m.HostID {
			out[n-1].Size += m.Size
			continue
		}
		out[n] = m
		n++
	}
	return out[:n]
}

func oneLine(list []specs.LinuxIDMapping) string {
	return strings.ReplaceAll(strings.TrimSuffix(mapText(list), "\n"), "\n", ", ")
}
