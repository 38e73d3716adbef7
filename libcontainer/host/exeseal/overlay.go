// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package exeseal

import (
	"fmt"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// sealByOverlay opens the file through an overlay without an upper layer.
func sealByOverlay(path string) (linux.FD, error) {
	dir, name, err := findDir(path)
	if err != nil {
		return linux.NoFD, err
	}
	defer dir.Close()
	// An overlay without an upper layer needs two lower ones, which must not
	// overlap, and the binary's directory may lie in either of these.
	var tree linux.FD
	for _, below := range [...]string{"/sys", "/dev"} {
		tree, err = linux.ReadOnlyOverlay(linux.ProcFD(dir), below)
		if err == nil {
			return throughDissolved(tree, linux.ProcFD(tree)+"/"+name)
		}
	}
	return linux.NoFD, err
}

// findDir opens the directory in which the file behind a magic link lies, and
// makes sure that its name there still is that file.
func findDir(path string) (dir linux.FD, name string, err error) {
	file, err := linux.OpenPath(path)
	if err != nil {
		return linux.NoFD, "", err
	}
	defer file.Close()
	full, err := linux.Readlink(linux.ProcFD(file))
	if err != nil {
		return linux.NoFD, "", err
	}
	cut := strings.LastIndexByte(full, '/')
	name = full[cut+1:]
	if dir, err = linux.OpenPathDir(full[:cut+1]); err != nil {
		return linux.NoFD, "", err
	}
	same, err := sameFile(dir, name, file)
	if err == nil && !same {
		err = fmt.Errorf("%s: no longer the file that runs", full)
	}
	if err != nil {
		_ = dir.Close()
		return linux.NoFD, "", err
	}
	return dir, name, nil
}

func sameFile(dir linux.FD, name string, file linux.FD) (bool, error) {
	found, err := linux.OpenPath(linux.ProcFD(dir) + "/" + name)
	if err != nil {
		return false, err
	}
	defer found.Close()
	a, err := linux.Fstat(file)
	if err != nil {
		return false, err
	}
	b, err := linux.Fstat(found)
	return a.Dev == b.Dev && a.Ino == b.Ino, err
}
