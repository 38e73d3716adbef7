package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/criu"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/plan"
)

// CheckpointOptions are checkpoint's command line.
type CheckpointOptions struct {
	CriuOptions
	// PreDump writes the memory only, for a later dump to build on; the
	// container runs on.
	PreDump bool
}

// Checkpoint writes the processes of the container into images. Unless they are
// to go on, the container is gone afterwards, as after Delete.
func (c *Container) Checkpoint(o CheckpointOptions) error {
	if err := c.lock(); err != nil {
		return err
	}
	defer c.dir.Unlock() //nolint:errcheck // the lock goes with the process
	status, err := c.status()
	if err != nil {
		return err
	}
	if status != string(specs.StateRunning) && status != statusPaused {
		return fmt.Errorf("container cannot be checkpointed in %s state", status)
	}
	if err := os.MkdirAll(o.ImagePath, 0o700); err != nil {
		return fmt.Errorf("--image-path: %w", err)
	}
	o.useConfig(c.state.Annotations)
	if err := o.inRoom(c.dir.Path("."), func() error { return c.dump(&o) }); err != nil {
		return joinUndo(err, c.thawAfter(status))
	}
	if o.LeaveRunning || o.PreDump {
		return nil
	}
	return errors.Join(c.destroy(), c.dir.Close())
}

// dump leaves the work to CRIU.
func (c *Container) dump(o *CheckpointOptions) error {
	kind := criu.Dump
	if o.PreDump {
		kind = criu.PreDump
	}
	o.Needs = criu.Features{MemoryTracking: o.PreDump, LazyPages: o.LazyPages}
	if err := c.describe(o); err != nil {
		return err
	}
	return criu.Run(o.Criu, kind, &o.CriuSettings, criu.Handlers{})
}

// describe fills in what CRIU has to know of this container.
func (c *Container) describe(o *CheckpointOptions) error {
	s, err := c.Spec()
	if err != nil {
		return err
	}
	if err = uncheckpointable(s); err != nil {
		return err
	}
	proc, err := linux.OpenProc()
	if err != nil {
		return err
	}
	defer proc.Close()
	pid := c.state.InitPid
	o.Pid, o.Root, o.Freezer = pid, c.state.Rootfs, c.freezerDir()
	for _, n := range outsideNamespaces {
		if path, field := byPath(s, n.kind); path != "" {
			inode, err := namespaceInode(proc, pid, n.word)
			if err != nil {
				return fmt.Errorf("%s: %w", field, err)
			}
			o.External = append(o.External, fmt.Sprintf("%s[%d]:%s", n.word, inode, n.key))
		}
	}
	if o.Mounts, err = c.externalMounts(s, proc); err != nil || o.PreDump {
		return err
	}
	names, outside, err := describeStreams(proc, pid)
	if err != nil {
		return err
	}
	o.External = append(o.External, outside...)
	return saveDescriptors(o.Images, names)
}

// freezerDir is the cgroup that CRIU freezes while it looks at the processes.
func (c *Container) freezerDir() string {
	if dir := c.state.CgroupPaths["freezer"]; dir != "" {
		return dir
	}
	if cgroup.Mode() == cgroup.Unified {
		return c.state.CgroupPaths[""]
	}
	return ""
}

// thawAfter lets a container go on that a dump has left frozen because it could
// not be finished.
func (c *Container) thawAfter(status string) error {
	if status == statusPaused {
		return nil
	}
	g, err := c.group()
	if err != nil {
		return err
	}
	frozen, err := g.Frozen()
	if err != nil || !frozen {
		return err
	}
	return g.Thaw()
}

func namespaceInode(proc linux.Proc, pid int, word string) (uint64, error) {
	target, err := proc.Link(pid, "ns/"+word)
	if err != nil {
		return 0, err
	}
	number, _ := strings.CutPrefix(target, word+":[")
	return strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
}

// externalMounts finds the mounts of the container that come from outside, and
// gives them the names that they have in the config.
func (c *Container) externalMounts(s *specs.Spec, proc linux.Proc) ([]criu.Mount, error) {
	where := cgroup.Config{ID: c.ID(), Path: s.Linux.CgroupsPath, Rootless: true}
	if c.state.SystemdCgroup {
		where.Systemd, where.Rootless, where.Reach = true, c.state.Rootless, c.reach
	}
	g, err := cgroup.New(where)
	if err != nil {
		return nil, err
	}
	e, err := external(s, g, c.state.Bundle)
	if err != nil {
		return nil, err
	}
	root, err := proc.Root(c.state.InitPid)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	points, err := linux.MountPoints(strconv.Itoa(c.state.InitPid))
	if err != nil {
		return nil, err
	}
	var out []criu.Mount
	if slices.Contains(points, sdsocket.Mountpoint) && c.notifies() {
		out = append(out, criu.Mount{Key: sdsocket.Mountpoint, Value: sdsocket.Mountpoint})
	}
	for i := range e.Mounts {
		m := &e.Mounts[i]
		at, err := mountedAt(root, m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Field, err)
		}
		if at == "" || !slices.Contains(points, at) {
			continue // the payload has unmounted it
		}
		out = append(out, criu.Mount{Key: at, Value: m.Name})
		for _, p := range points {
			rest, ok := below(p, at)
			if ok && e.CameAlong(m, m.Target+"/"+rest) {
				out = append(out, criu.Mount{Key: p, Value: m.Target + "/" + rest})
			}
		}
	}
	return out, nil
}

// notifies reports whether the container has a mount that the config does not:
// the directory for its message that it is ready.
func (c *Container) notifies() bool {
	return slices.ContainsFunc(c.state.Mounts, func(m statedir.Mount) bool { return m.Destination == sdsocket.Mountpoint })
}

// mountedAt is where a mount of the config is in the container, or "".
func mountedAt(root linux.FD, m *plan.ExternalMount) (string, error) {
	fd, err := linux.OpenInRoot(root, m.Target)
	if errors.Is(err, linux.ENOENT) || errors.Is(err, linux.ENOTDIR) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer fd.Close()
	if m.FileOnly {
		st, err := linux.Fstat(fd)
		if err != nil || st.Mode&linux.ModeKind == linux.ModeDir {
			return "", err
		}
	}
	return linux.Readlink(linux.ProcFD(fd))
}
