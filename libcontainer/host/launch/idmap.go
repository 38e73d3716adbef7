// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// mapping is a user namespace that trees of this start are mapped by.
type mapping struct {
	of spec.MountIDMap
	ns linux.FD
}

// openFilesystem makes a filesystem here: its owners can be mapped only by who
// has privilege over it, and only while nobody else can see the mount.
func (s *server) openFilesystem(d *plan.Descriptor) (linux.FD, error) {
	tree, err := linux.NewFilesystem(d.Type, d.Path, d.Parameters, wire.Flag, d.Set)
	if err != nil {
		return linux.NoFD, err
	}
	if d.IDMap != nil {
		if err = s.mapOwners(tree, d); err != nil {
			return linux.NoFD, errors.Join(err, tree.Close())
		}
	}
	return tree, nil
}

// mapOwners makes the tree show the owners of its files by a mapping.
func (s *server) mapOwners(tree linux.FD, d *plan.Descriptor) error {
	ns, err := s.mappingNamespace(d.IDMap)
	if err != nil {
		return err
	}
	err = linux.MapTree(tree, ns, d.Path, d.IDMap.Recursive)
	switch {
	case errors.Is(err, linux.EINVAL):
		name := d.Type
		if name == "" {
			name = linux.FilesystemType(d.Path)
		}
		below := ""
		if d.IDMap.Recursive {
			below = " or one mounted below it"
		}
		return fmt.Errorf("%w: this kernel cannot map the owners of a filesystem of type %s%s", err, name, below)
	case errors.Is(err, linux.EPERM):
		return fmt.Errorf("%w: it takes privilege over the filesystem, and one that is not mapped already", err)
	}
	return err
}

// mappingNamespace returns a user namespace with the wanted maps. Mounts with
// the same maps, which is what callers ask for, share it.
func (s *server) mappingNamespace(want *spec.MountIDMap) (linux.FD, error) {
	for _, m := range s.mappings {
		if m.of.Path == want.Path && slices.Equal(m.of.UID, want.UID) && slices.Equal(m.of.GID, want.GID) {
			return m.ns, nil
		}
	}
	var ns linux.FD
	var err error
	if want.Path != "" {
		user, _ := spec.LookupNamespace(specs.UserNamespace)
		ns, err = OpenNamespace(want.Path, user.Flag)
	} else {
		ns, err = linux.NewUserNamespace([]string{"rung", "init", "3"}, mapLines(want.UID), mapLines(want.GID))
	}
	if err != nil {
		return linux.NoFD, fmt.Errorf("user namespace with the mapping: %w", err)
	}
	s.mappings = append(s.mappings, mapping{*want, ns})
	return ns, nil
}

func mapLines(list []specs.LinuxIDMapping) []linux.IDMapping {
	out := make([]linux.IDMapping, len(list))
	for i, m := range list {
		out[i] = linux.IDMapping{Inside: m.ContainerID, Outside: m.HostID, Count: m.Size}
	}
	return out
}
