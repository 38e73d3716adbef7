package libcontainer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/criu"
	"github.com/oci-rung/rung/libcontainer/host/launch"
	"github.com/oci-rung/rung/libcontainer/host/rdt"
	"github.com/oci-rung/rung/libcontainer/host/statedir"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// RestoreOptions are restore's command line.
type RestoreOptions struct {
	CreateOptions
	CriuOptions
}

// restoration is one Restore on its way.
type restoration struct {
	*creation
	criu *CriuOptions
	spec *specs.Spec
	ext  *plan.External
	// opened is what has to be closed when CRIU is done.
	opened []linux.FD
}

// Restore makes a container of the images of another one's processes, and of a
// bundle as for Create. Its program runs when the call returns. On an error
// nothing is left.
func (f Factory) Restore(id string, s *specs.Spec, raw []byte, o RestoreOptions) (*Container, error) {
	if err := spec.CheckID(id); err != nil {
		return nil, err
	}
	o.useConfig(s.Annotations)
	dir, err := statedir.Create(f.Root, id)
	if err != nil {
		return nil, err
	}
	c, err := f.make(dir, s, o.CreateOptions, func(c *creation) error {
		r := &restoration{creation: c, criu: &o.CriuOptions, spec: s}
		defer r.close()
		return r.restore(raw)
	})
	if err != nil {
		return nil, err
	}
	if err := c.poststart(); err != nil {
		return nil, joinUndo(err, c.destroy())
	}
	return c, nil
}

func (r *restoration) close() {
	for _, fd := range r.opened {
		_ = fd.Close()
	}
}

func (r *restoration) restore(raw []byte) error {
	if err := r.makeGroups(); err != nil {
		return err
	}
	if err := r.dir.SaveConfig(raw); err != nil {
		return err
	}
	var err error
	if r.ext, err = external(r.spec, r.group, r.opts.Bundle); err != nil {
		return err
	}
	trees, err := launch.OpenTrees(r.ext.Slots)
	if err != nil {
		return err
	}
	defer trees.Close()
	if err = r.makePoints(trees.Slots()); err != nil {
		return err
	}
	if err = r.replaceStreams(); err != nil {
		return err
	}
	if err = r.replaceNamespaces(); err != nil {
		return err
	}
	r.criu.Needs = criu.Features{LazyPages: r.criu.LazyPages}
	// What is mounted for CRIU is mounted where nobody else sees it, and goes
	// with it.
	return linux.InOwnMounts(func() error {
		// CRIU mounts below its working directory: that has to be one of
		// these mounts too.
		closeDirs, err := r.criu.openDirs()
		if err != nil {
			return err
		}
		defer closeDirs()
		if err := r.attach(trees.Slots()); err != nil {
			return err
		}
		return criu.Run(r.criu.Criu, criu.Restore, &r.criu.CriuSettings, criu.Handlers{
			Started: r.join, Namespaces: r.hasNamespaces, Terminal: r.opts.Console, Restored: r.restored,
		})
	})
}

// makeGroups makes the cgroups, with their limits: what is restored is born in
// them.
func (r *restoration) makeGroups() error {
	if err := r.newGroup(r.spec); err != nil {
		return err
	}
	r.state = r.firstState(r.spec)
	if err := r.findClass(r.spec.Linux.IntelRdt); err != nil {
		return err
	}
	if err := r.dir.Note(r.state); err != nil {
		return err
	}
	if err := r.group.Make(); err != nil {
		return err
	}
	r.undo = append(r.undo, r.group.Undo, r.group.Kill)
	r.state.CgroupOurs, r.state.CgroupKept = true, r.group.Kept()
	if err := r.dir.Note(r.state); err != nil {
		return err
	}
	if err := r.makeClass(); err != nil {
		return err
	}
	closeAll(r.classes)
	return r.group.Limit()
}

// makePoints makes in the root what create would have made there for mounts to
// be on: the root may be that of another machine.
func (r *restoration) makePoints(slots []linux.FD) error {
	for _, p := range r.ext.Points {
		directory := true
		if p.Slot != wire.NoSlot {
			st, err := linux.Fstat(slots[p.Slot])
			if err != nil {
				return err
			}
			directory = st.Mode&linux.ModeKind == linux.ModeDir
		}
		if err := linux.MakeInRoot(slots[r.ext.Root], p.Path, directory); err != nil {
			return fmt.Errorf("mount point %s in the root: %w", p.Path, err)
		}
	}
	return nil
}

// replaceStreams gives the caller's streams to the program where it had some
// that came from outside.
func (r *restoration) replaceStreams() error {
	names, err := loadDescriptors(r.criu.ImagePath)
	if errors.Is(err, linux.ENOENT) {
		return nil // images without it are of another tool
	}
	if err != nil {
		return err
	}
	stdio := r.opts.stdio()
	for i := 0; i < len(names) && i < len(stdio); i++ {
		if strings.HasPrefix(names[i], "pipe:") && stdio[i] != linux.NoFD {
			r.criu.Inherit = append(r.criu.Inherit, criu.Inherit{Key: names[i], FD: stdio[i]})
		}
	}
	return nil
}

// replaceNamespaces says which namespaces are not to be made.
func (r *restoration) replaceNamespaces() error {
	for _, n := range outsideNamespaces {
		path, field := byPath(r.spec, n.kind)
		if path == "" {
			continue
		}
		known, _ := spec.LookupNamespace(n.kind)
		fd, err := launch.OpenNamespace(path, known.Flag)
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		r.opened = append(r.opened, fd)
		r.criu.Inherit = append(r.criu.Inherit, criu.Inherit{Key: n.key, FD: fd})
	}
	for _, n := range joinable {
		if path, _ := byPath(r.spec, n.kind); path != "" {
			r.criu.Join = append(r.criu.Join, criu.Join{Kind: n.word, Path: path})
		}
	}
	return nil
}

// attach mounts root and external mounts in this thread's mount namespace. The
// place is the state directory, on a filesystem of its own: CRIU has no
// business in what it hides.
func (r *restoration) attach(slots []linux.FD) error {
	scratch, err := linux.NewFilesystem("tmpfs", "tmpfs", []string{"mode", "700"}, "", 0)
	if err != nil {
		return err
	}
	defer scratch.Close()
	place := filepath.Dir(r.dir.Path("x"))
	if err = linux.AttachAt(scratch, place); err != nil {
		return err
	}
	paths := make([]string, len(slots))
	for i, tree := range slots {
		paths[i] = filepath.Join(place, strconv.Itoa(i))
		if err = attachOne(tree, paths[i]); err != nil {
			return fmt.Errorf("%s: %w", r.ext.Slots[i].Field, err)
		}
	}
	points, err := linux.MountPoints("thread-self")
	if err != nil {
		return err
	}
	r.criu.Root = paths[r.ext.Root]
	for _, m := range r.ext.Mounts {
		source := paths[m.Slot]
		r.criu.Mounts = append(r.criu.Mounts, criu.Mount{Key: m.Name, Value: source})
		if !m.Recursive {
			continue
		}
		for _, p := range points {
			if rest, ok := below(p, source); ok {
				r.criu.Mounts = append(r.criu.Mounts, criu.Mount{Key: m.Target + "/" + rest, Value: p})
			}
		}
	}
	return nil
}

func attachOne(tree linux.FD, path string) error {
	st, err := linux.Fstat(tree)
	if err != nil {
		return err
	}
	if st.Mode&linux.ModeKind == linux.ModeDir {
		err = linux.Mkdir(path, 0o700)
	} else {
		err = linux.MakeFile(path)
	}
	if err == nil {
		err = linux.AttachAt(tree, path)
	}
	return err
}

// join puts CRIU into the container's groups, and so what it restores, and tells
// it where the groups are.
func (r *restoration) join(pid int) error {
	if err := r.group.Join(pid); err != nil {
		return err
	}
	classes, err := rdt.Tasks(r.state.ClassDirs)
	if err != nil {
		return err
	}
	defer closeAll(classes)
	for _, f := range classes {
		if _, err := f.WriteString(strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("linux.intelRdt: %w", err)
		}
	}
	text, err := linux.ReadKernelFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return err
	}
	r.criu.CgroupRoots = cgroupRoots(string(text))
	return nil
}

// cgroupRoots reads /proc/PID/cgroup: lines of number, controllers and path.
func cgroupRoots(text string) []criu.CgroupRoot {
	var out []criu.CgroupRoot
	for line := range strings.Lines(text) {
		const parts = 3
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", parts)
		if len(f) < parts || f[2] == "/" {
			continue
		}
		for name := range strings.SplitSeq(f[1], ",") {
			out = append(out, criu.CgroupRoot{Controller: name, Path: f[2]})
		}
	}
	return out
}

// hasNamespaces does what needs the namespaces of the container and nothing
// else of it.
func (r *restoration) hasNamespaces(pid int) error {
	if len(r.spec.Linux.NetDevices) > 0 {
		if err := r.moveDevices(pid, r.spec.Linux.NetDevices); err != nil {
			return err
		}
	}
	if r.spec.Hooks == nil {
		return nil
	}
	return r.runHooks(r.spec.Hooks, pid)
}

// restored makes the container one, while its processes stand still.
func (r *restoration) restored(pid int) error {
	pidfd, err := linux.PidfdOpen(pid)
	if err != nil {
		return err
	}
	r.Container.init = &Process{pid: pid, pidfd: pidfd}
	r.undo = append(r.undo, r.Container.init.end)
	return r.ready(r.spec, pid, pidfd)
}

// end kills a process that is not wanted any more, and reaps it.
func (p *Process) end() error {
	if err := linux.Kill(p.pidfd); err != nil && !linux.ProcessGone(err) {
		return err
	}
	if err := linux.AwaitEnd(p.pidfd, killPatience); err != nil {
		return err
	}
	_, err := p.Wait()
	return err
}
