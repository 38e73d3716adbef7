package libcontainer

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/netdev"
)

// moveDevices moves network devices to the network namespace of init. If the
// container is not made after all, they come back as they were: the connection
// keeps the namespace until then, even when init is gone.
func (c *creation) moveDevices(pid int, devices map[string]specs.LinuxNetDevice) error {
	proc, err := linux.OpenProc()
	if err != nil {
		return err
	}
	defer proc.Close()
	ns, err := proc.NetworkNamespace(pid)
	if err != nil {
		return err
	}
	c.moved, err = netdev.Into(ns, devices)
	if err == nil {
		c.undo = append(c.undo, func() error {
			defer c.moved.Close()
			return c.moved.Return()
		})
	}
	return errors.Join(err, ns.Close())
}
