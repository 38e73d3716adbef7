// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// DevicesLater leaves the device rules out of Make and Limit: init mounts a
// disk that they do not allow, which is for the payload that they are. The
// caller calls LimitDevices when that is done.
func (g *Group) DevicesLater() { g.devicesLater = true }

// LimitDevices sets the device rules, if DevicesLater has put them off. Init
// waits meanwhile: on v1 there is a moment in which everything is denied.
func (g *Group) LimitDevices() error {
	if !g.devicesLater || g.settings == nil || len(g.paths) == 0 {
		return nil
	}
	g.devicesLater = false
	set, dir := cgroups.DevicesSetV1, g.paths["devices"]
	if g.unified() {
		set, dir = cgroups.DevicesSetV2, g.paths[""]
	}
	if dir == "" {
		return nil
	}
	err := set(dir, &g.settings.Resources)
	if err != nil && g.rootless && !errors.Is(err, cgroups.ErrDevicesUnsupported) {
		return nil // as the library does: users have no right to it
	}
	return blameDevices(err)
}

// blameDevices names the config field behind an error of device rules.
func blameDevices(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, linux.EPERM) && strings.Contains(err.Error(), "bpf") {
		err = fmt.Errorf("%w: on cgroup v2 these rules are a program: it takes CAP_SYS_ADMIN, and a filter around rung that allows bpf(2)", err)
	}
	return field(resourcesPath+"devices", err)
}
