// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"

	"github.com/oci-rung/rung/internal/linux"
)

// Where everybody mounts cgroups. The library knows the same two names.
const (
	standardRoot = "/sys/fs/cgroup"
	hybridRoot   = standardRoot + "/unified"
	ownFile      = "/proc/self/cgroup"
)

// Layout is which cgroup filesystems this host has mounted.
type Layout uint8

// The layouts. Hybrid has the controllers in v1 hierarchies and a v2 hierarchy
// without controllers, or with a few, beside them.
const (
	None Layout = iota
	Legacy
	Hybrid
	Unified
)

// String is the layout's name in messages.
func (l Layout) String() string {
	switch l {
	case Legacy:
		return "cgroup v1"
	case Hybrid:
		return "cgroup v1 with v2 beside it"
	case Unified:
		return "cgroup v2"
	}
	return "no cgroups"
}

// Mode finds out which layout this host has.
func Mode() Layout {
	if version, _ := linux.CgroupFS(standardRoot); version == linux.CgroupV2 {
		return Unified
	}
	if version, _ := linux.CgroupFS(hybridRoot); version == linux.CgroupV2 {
		return Hybrid
	}
	own, err := linux.ReadKernelFile(ownFile)
	if err != nil {
		return None
	}
	for line := range bytes.Lines(own) {
		if !bytes.HasPrefix(line, []byte("0::")) {
			return Legacy
		}
	}
	return None
}

// Features says what this package can do on any host: the cgroup part of what
// the features command prints.
type Features struct {
	V1, V2, Systemd, SystemdUser, Rdma bool
}

// Supported returns the features of this build.
func Supported() Features {
	return Features{V1: true, V2: true, Systemd: true, SystemdUser: true, Rdma: true}
}
