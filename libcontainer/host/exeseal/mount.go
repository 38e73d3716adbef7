// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package exeseal

import "github.com/oci-rung/rung/internal/linux"

// sealByMount opens the file through a read-only mount of its own that is
// dissolved again.
func sealByMount(path string) (linux.FD, error) {
	tree, err := readOnlyTree(path)
	if err != nil {
		return linux.NoFD, err
	}
	return throughDissolved(tree, linux.ProcFD(tree))
}

// readOnlyTree makes a read-only detached mount of one file. It is not safe
// yet, see the package's documentation.
func readOnlyTree(path string) (linux.FD, error) {
	tree, err := linux.OpenTree(path, false)
	if err != nil {
		return linux.NoFD, err
	}
	if err := linux.SetTreeAttr(tree, path, false, linux.ReadOnlyAttr()); err != nil {
		_ = tree.Close()
		return linux.NoFD, err
	}
	return tree, nil
}

// throughDissolved opens path, which leads through the detached mount tree,
// and unmounts that by closing its descriptor.
func throughDissolved(tree linux.FD, path string) (linux.FD, error) {
	fd, err := linux.OpenPath(path)
	if closed := tree.Close(); err == nil && closed != nil {
		_ = fd.Close()
		return linux.NoFD, closed
	}
	return fd, err
}
