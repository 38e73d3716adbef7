package libcontainer

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
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
	criu  *CriuOptions
	spec  *specs.Spec
	ext   *plan.External
	trees *launch.Trees // or nil
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
	if r.trees != nil {
		r.trees.Close()
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
	if err = r.replaceStreams(); err != nil {
		return err
	}
	if err = r.replaceNamespaces(); err != nil {
		return err
	}
	r.criu.Needs = criu.Features{LazyPages: r.criu.LazyPages}
	return r.criu.inRoom(r.place(), func() error {
		defer r.showImages()()
		return criu.Run(r.criu.Criu, criu.Restore, &r.criu.CriuSettings, criu.Handlers{
			Started: r.started, Namespaces: r.hasNamespaces, Terminal: r.opts.Console, Restored: r.restored,
		})
	})
}

// started gives CRIU, which is pid and waits, its groups and what it mounts. A
// mount may show the groups, and those that systemd makes are there only then.
func (r *restoration) started(pid int) error {
	if err := r.join(pid); err != nil {
		return err
	}
	// The sources are those of the host's mounts. This thread has others.
	opened := make(chan error)
	go func() { opened <- r.openTrees() }()
	if err := <-opened; err != nil {
		return err
	}
	return r.attach(r.trees.Slots())
}

func (r *restoration) openTrees() (err error) {
	if r.trees, err = launch.OpenTrees(r.ext.Slots); err != nil {
		return err
	}
	return r.makePoints(r.trees.Slots())
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
	if r.group.AtUnit() {
		r.undo = append(r.undo, r.group.Undo)
	} else if err := r.fillGroups(); err != nil {
		return err
	}
	if err := r.makeClass(); err != nil {
		return err
	}
	closeAll(r.classes)
	return nil
}

// fillGroups makes what is to be in the groups.
func (r *restoration) fillGroups() error {
	if err := r.group.Make(); err != nil {
		return err
	}
	r.undo = append(r.undo, r.group.Undo, r.group.Kill)
	if r.criu.Cgroups == criu.CgroupsStrict {
		// The container's own group is there by now, and CRIU would take that
		// for somebody else's.
		if kept := r.group.Kept(); len(kept) > 0 {
			return fmt.Errorf("--manage-cgroups-mode strict: %s is there already", kept[0])
		}
		r.criu.Cgroups = criu.CgroupsFull
	}
	r.state.CgroupOurs, r.state.CgroupKept = true, r.group.Kept()
	if err := r.dir.Note(r.state); err != nil {
		return err
	}
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
	r.criu.Inherit = streams(names, r.opts.stdio())
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

// showImages lets root of the container's user namespace read the images,
// although their directory is private: it does so both before and after it has
// become another user. What it gets is a view of the directory with another
// mode. Where that cannot be had, the directory has to be open to it.
func (r *restoration) showImages() (undo func()) {
	nothing := func() {}
	if len(r.spec.Linux.UIDMappings) == 0 || r.criu.AutoDedup || linux.Exists(r.criu.Images, "parent") {
		return nothing // they are written to, or a link in them leads out of them
	}
	view, err := r.viewImages()
	if err != nil {
		if r.Note != nil {
			r.Note("view of the images for the container's root: " + err.Error())
		}
		return nothing
	}
	private := r.criu.Images
	r.criu.Images = view
	return func() {
		r.criu.Images = private
		_ = view.Close()
	}
}

func (r *restoration) viewImages() (linux.FD, error) {
	path := filepath.Join(r.place(), "images")
	if err := linux.Mkdir(path, 0o711); err != nil {
		return linux.NoFD, err
	}
	top, err := linux.OpenDir(linux.CWD, path)
	if err != nil {
		return linux.NoFD, err
	}
	defer top.Close()
	return linux.ReadOnlyOverlay(linux.ProcFD(top), linux.ProcFD(r.criu.Images))
}

// openPlaces are directories that nearly every host has, that everybody may
// walk through, and that nothing CRIU uses is in.
var openPlaces = [...]string{"/mnt", "/media", "/srv"}

// place is where CRIU finds what is mounted for it. It is the state directory,
// whose content is none of CRIU's business. Root of a user namespace may not be
// able to walk there, and nobody else sees what is mounted elsewhere either.
func (r *restoration) place() string {
	if len(r.spec.Linux.UIDMappings) > 0 {
		for _, p := range openPlaces {
			if linux.WalkableByAll(p) {
				return p
			}
		}
	}
	return r.dir.Path(".")
}

// attach mounts root and external mounts for CRIU.
func (r *restoration) attach(slots []linux.FD) error {
	// As the kernel lists what is mounted there.
	place, err := filepath.EvalSymlinks(r.place())
	if err != nil {
		return err
	}
	paths := make([]string, len(slots))
	for i, tree := range slots {
		paths[i] = filepath.Join(place, strconv.Itoa(i))
		if err := attachOne(tree, paths[i]); err != nil {
			return fmt.Errorf("%s: %w", r.ext.Slots[i].Field, err)
		}
	}
	// Who said that it is ready does not say so again: the directory for it is
	// there, and empty.
	notify := filepath.Join(place, "notify")
	if err := linux.Mkdir(notify, 0o711); err != nil {
		return err
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
	r.criu.Mounts = append(r.criu.Mounts, criu.Mount{Key: sdsocket.Mountpoint, Value: notify})
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
	if r.group.AtUnit() {
		// systemd makes it only with a process in it: CRIU's own.
		pidfd, err := linux.PidfdOpen(pid)
		if err != nil {
			return err
		}
		defer pidfd.Close()
		if err := r.group.StartUnit(pid, pidfd); err != nil {
			return err
		}
		if err := r.fillGroups(); err != nil {
			return err
		}
	}
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
	if ns, ok := spec.FindNamespace(r.spec, specs.NetworkNamespace); ok && ns.Path == "" {
		if err := loopbackUp(pid); err != nil {
			return err
		}
	}
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

// loopbackUp brings up lo, as init does: CRIU leaves it down where it does not
// restore devices.
func loopbackUp(pid int) error {
	proc, err := linux.OpenProc()
	if err != nil {
		return err
	}
	defer proc.Close()
	ns, err := proc.NetworkNamespace(pid)
	if err != nil {
		return err
	}
	defer ns.Close()
	n, err := linux.OpenNetlinkIn(ns)
	if err != nil {
		return err
	}
	defer n.Close()
	lo, err := n.DeviceByName("lo")
	if err != nil {
		return err
	}
	return n.DeviceUp(lo.Index)
}

// restored makes the container one, while its processes stand still.
func (r *restoration) restored(pid int) error {
	proc, err := linux.OpenProc()
	if err != nil {
		return err
	}
	defer proc.Close()
	if r.spec.Root.Readonly {
		// CRIU needs to write to it until here.
		if err = linux.RootReadonly(proc, pid); err != nil {
			return fmt.Errorf("root.readonly: %w", err)
		}
	}
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
