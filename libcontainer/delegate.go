package libcontainer

import (
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// handOver gives the container what is its own to manage of its cgroup, when
// init is in all of its namespaces and nothing of the container runs yet.
func (c *creation) handOver(s *specs.Spec, pid int) error {
	if err := c.group.HandOn(); err != nil {
		return err
	}
	if !spec.HandsCgroupOver(s) {
		return nil
	}
	var uid uint32
	if s.Process != nil {
		uid = s.Process.User.UID
	}
	host := int(uid)
	if _, ok := spec.FindNamespace(s, specs.UserNamespace); ok {
		var err error
		if host, err = launch.HostUID(pid, uid); err != nil || host < 0 {
			return err // one that is not mapped owns nothing
		}
	}
	if host == os.Geteuid() {
		return nil // it owns what it made
	}
	err := c.group.Chown(host)
	if err != nil && c.opts.Rootless && errors.Is(err, linux.EPERM) {
		c.warn(fmt.Sprintf("the container's cgroup stays the caller's: %v", err))
		return nil
	}
	return err
}
