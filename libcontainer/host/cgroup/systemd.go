// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/opencontainers/cgroups"

	"github.com/oci-rung/rung/internal/linux"
)

// unit is the scope that systemd keeps for a container.
//
// systemd has one part in it: it makes the cgroup, with init in it, and hands
// it over (Delegate=). All properties go in the one call that starts the unit;
// what systemd need not know is written into the kernel's files as without it.
// What systemd does know are the limits that it writes itself, because it
// writes them again when it likes to. The unit ends with its last process, and
// is forgotten then even if it failed (CollectMode=), so that nothing is left
// of it even if nobody can talk to systemd any more.
type unit struct {
	unitName
	id    string // of the container
	user  bool
	doors []door
	// root is the cgroup of the manager, and at that of the unit, as in
	// /proc/PID/cgroup.
	root, at string
	asked    properties // by annotations
	started  bool       // systemd was told to start it
	mute     bool       // systemd did not answer
	line     *line
}

// line is a connection that is being made.
type line struct {
	once sync.Once
	m    *manager
	err  error
}

func (l *line) get(list []door) (*manager, error) {
	l.once.Do(func() { l.m, l.err = reach(list, unitPatience) })
	return l.m, l.err
}

// errSystemdGone is what callers know from other runtimes.
var errSystemdGone = errors.New("systemd not running on this host, cannot use systemd cgroups manager")

// systemdRuns asks what sd_booted(3) asks.
func systemdRuns() bool {
	info, err := os.Lstat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// newUnit begins a group that systemd makes. It connects while the caller goes
// on: nobody needs the answer before there is an init.
func newUnit(c Config) (*unit, error) {
	if !systemdRuns() {
		return nil, errSystemdGone
	}
	name, err := nameUnit(c.Path, c.ID, c.Rootless)
	if err != nil {
		return nil, err
	}
	u := &unit{unitName: name, id: c.ID, user: c.Rootless, doors: doors(c.Rootless, c.Reach)}
	if u.asked, err = annotated(c.Annotations); err != nil {
		return nil, err
	}
	u.line = &line{}
	go u.line.get(u.doors) //nolint:errcheck // who needs it asks again
	if u.root, err = u.ownCgroup(); err != nil {
		return nil, err
	}
	path, err := u.path()
	u.at = filepath.Join(u.root, path)
	return u, err
}

// ownCgroup returns the cgroup of the manager, in which its slices are. That of
// the system's manager is known without asking it: process 1 has its own scope
// right below.
func (u *unit) ownCgroup() (string, error) {
	if !u.user {
		if root, ok := rootOfFirst(); ok {
			return root, nil
		}
	}
	var root string
	err := u.do(func(m *manager) (err error) {
		root, err = m.property("ControlGroup")
		return m.why("ask systemd for its cgroup", err)
	})
	return root, err
}

func rootOfFirst() (string, bool) {
	text, err := linux.ReadKernelFile("/proc/1/cgroup")
	if err != nil {
		return "", false
	}
	path, err := managedPath(text)
	if err != nil {
		return "", false
	}
	return strings.CutSuffix(path, "/init.scope")
}

// managedPath finds in the text of a /proc/PID/cgroup the cgroup by which
// systemd knows the process: in the v1 hierarchy that bears its name, else v2.
func managedPath(text []byte) (string, error) {
	for line := range bytes.Lines(text) {
		if _, path, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(":name=systemd:")); ok {
			return string(path), nil
		}
	}
	return unifiedPath(string(text))
}

func (u *unit) manager() (*manager, error) {
	if u.line == nil {
		u.line = &line{}
	}
	m, err := u.line.get(u.doors)
	u.mute = u.mute || errors.Is(err, errNoAnswer)
	return m, err
}

// do asks systemd for something, and again if it executes itself anew meanwhile:
// then nobody knows whether it has heard. It may do so more than once, but not for
// ever.
func (u *unit) do(ask func(*manager) error) error {
	for left := 5; ; left-- {
		m, err := u.manager()
		if err != nil {
			return err
		}
		if err = ask(m); left == 1 || !reexecutes(err) {
			return err
		}
		u.close()
	}
}

// close ends the connection. What is asked later makes another one.
func (u *unit) close() {
	if u.line == nil {
		return
	}
	if m, err := u.manager(); err == nil {
		u.mute = u.mute || m.ctx.Err() != nil
		m.close()
	}
	u.line = nil
}

// AtUnit reports whether init has to be put into the group by StartUnit.
func (g *Group) AtUnit() bool { return g.unit != nil }

// StartUnit lets systemd make the group with a process in it, a child of this
// one, and returns when it has. Before, there is nothing of a group that systemd
// makes.
func (g *Group) StartUnit(pid int, pidfd linux.FD) error {
	g.inhabited = true
	again := false
	err := g.unit.do(func(m *manager) error {
		err := g.startUnit(m, pid, pidfd, again)
		again = true
		return err
	})
	g.unit.close()
	if err != nil {
		return fmt.Errorf("start systemd unit %s: unable to apply cgroup configuration: %w", g.unit.scope, err)
	}
	return nil
}

// startUnit is StartUnit, which has asked for it already or not.
func (g *Group) startUnit(m *manager, pid int, pidfd linux.FD, again bool) error {
	p, err := g.unitProperties(m.version, pid, pidfd)
	if err != nil {
		return err
	}
	g.unit.started = true
	err = m.start(g.unit.scope, p)
	if again && says(err, "UnitExists") && g.checkPlace(pid) == nil {
		return nil
	}
	if says(err, "UnitExists") {
		// Not ours, until this is settled.
		g.unit.started = false
		if err := g.clearUnit(m); err != nil {
			return err
		}
		g.unit.started = true
		err = m.start(g.unit.scope, p)
		g.unit.started = !says(err, "UnitExists")
	}
	if err != nil {
		return m.why("start", err)
	}
	return g.checkPlace(pid)
}

// clearUnit removes what is left of an earlier unit of that name, if nobody is
// in it.
func (g *Group) clearUnit(m *manager) error {
	pids, err := g.Pids()
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		return fmt.Errorf("there is a unit of that name: %w: %s", errNotEmpty, nameAll(pids))
	}
	if err := m.forget(g.unit.scope); err != nil && m.ctx.Err() != nil {
		return m.why("forget", err)
	}
	return m.stop(g.unit.scope)
}

// checkPlace makes sure that init is where it should be. Limits that land on
// somebody else are worse than a container that does not start.
func (g *Group) checkPlace(pid int) error {
	text, err := linux.ReadKernelFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return err
	}
	path, err := managedPath(text)
	if err != nil {
		return err
	}
	if want := g.unit.at; path != want {
		return fmt.Errorf("init is in cgroup %s, want %s", path, want)
	}
	return nil
}

// unitProperties returns all there is to tell systemd.
func (g *Group) unitProperties(version, pid int, pidfd linux.FD) (properties, error) {
	var p properties
	p.add("Description", "rung container "+g.unit.id)
	p.add("Slice", g.unit.slice)
	p.add("Delegate", true)
	// Who started the container ends it before the machine goes down.
	p.add("DefaultDependencies", false)
	p.add("CollectMode", "inactive-or-failed")
	p.add("CPUAccounting", true)
	p.add("MemoryAccounting", true)
	p.add("TasksAccounting", true)
	if g.unified() {
		p.add("IOAccounting", true)
	} else {
		p.add("BlockIOAccounting", true)
	}
	const pidfds = 254
	if version >= pidfds && linux.IsPidfd(pidfd) {
		p.add("PIDFDs", []dbus.UnixFD{dbus.UnixFD(pidfd)})
	} else if err := samePIDs(); err != nil {
		return nil, fmt.Errorf("process %d has to be named by number (pidfds: since systemd %d, here %d, and with pidfd_open): %w", pid, pidfds, version, err)
	} else {
		p.add("PIDs", []uint32{uint32(pid)})
	}
	limits := limitProperties(g.settings, g.unified(), version)
	for _, l := range limits {
		p.put(l)
	}
	for _, a := range g.unit.asked {
		if limits.find(a.Name) >= 0 {
			return nil, field("annotations", fmt.Errorf("%s%s: linux.resources sets this too", annotationPrefix, a.Name))
		}
		p.put(a)
	}
	return p, nil
}

// samePIDs refuses to name processes by number to a systemd for which these
// mean others.
func samePIDs() error {
	if linux.InitialPIDNamespace() {
		return nil
	}
	if name, err := linux.ReadKernelFile("/proc/1/comm"); err == nil && string(bytes.TrimSpace(name)) == "systemd" {
		return nil
	}
	return errors.New("systemd is in another PID namespace, and would take the process for another one")
}

// stopUnit lets systemd forget the unit, which is empty by now, and remove its
// cgroup. Where systemd does not answer, both go when it comes to it: it is told
// of the last process by the cgroup, which so must not go before.
func (g *Group) stopUnit() error {
	defer g.unit.close()
	if err := g.unit.do(func(m *manager) error { return m.stop(g.unit.scope) }); err != nil {
		return err
	}
	return g.removeUnitDirs()
}

func (g *Group) removeUnitDirs() error {
	var errs []error
	for _, dir := range g.unitDirs() {
		errs = append(errs, removeTree(dir, patience()))
	}
	return errors.Join(errs...)
}

// undoUnit takes back what StartUnit did.
func (g *Group) undoUnit() error {
	if g.unit == nil || !g.unit.started {
		return nil
	}
	g.unit.started = false
	if g.unit.mute {
		return nil
	}
	return g.stopUnit()
}

// unitDirs returns the directories that systemd makes and removes.
func (g *Group) unitDirs() []string {
	var dirs []string
	for _, key := range g.keys() {
		if g.unitMakes(key) {
			dirs = append(dirs, g.paths[key])
		}
	}
	return dirs
}

// There reports whether the group exists.
func (g *Group) There() bool {
	_, err := os.Lstat(g.members())
	return err == nil
}

// unitMakes reports whether the directory for a controller or hierarchy is
// made by systemd, and by nobody before it: on v1 those by which it finds the
// unit's processes. It makes those of some controllers too, but takes them as
// they are.
func (g *Group) unitMakes(key string) bool {
	return g.unit != nil && (g.unified() || key == "" || key == cgroups.CgroupNamePrefix+"systemd")
}

// LoadUnit makes g, which was loaded, a group that systemd made: its own one,
// or that of the user.
func (g *Group) LoadUnit(user bool, r Reach) {
	dir := g.members()
	if dir == "" {
		return
	}
	g.unit = &unit{unitName: unitName{scope: filepath.Base(dir)}, user: user, doors: doors(user, r), started: true}
}

// ReleaseUnit removes the unit of a group that was destroyed.
func (g *Group) ReleaseUnit() error {
	if g.unit == nil {
		return nil
	}
	if !strings.HasSuffix(g.unit.scope, scopeSuffix) || !systemdRuns() {
		return g.removeUnitDirs()
	}
	return g.stopUnit()
}

// tellUnit tells systemd of changed limits: it is to know them when it writes
// them again.
func (g *Group) tellUnit(s *settings) error {
	if g.unit == nil || !systemdRuns() {
		return nil
	}
	defer g.unit.close()
	return g.unit.do(func(m *manager) error {
		p := limitProperties(s, g.unified(), m.version)
		if len(p) == 0 {
			return nil
		}
		const runtime = true
		return m.why("set properties of unit "+g.unit.scope, m.conn.SetUnitPropertiesContext(m.ctx, g.unit.scope, runtime, p...))
	})
}

// attachUnit moves a process into the group for who may not: a user, between
// cgroups above which another user's cgroup is.
func (g *Group) attachUnit(dir string, pid int) error {
	// Below the unit there may be groups of the payload's.
	_, below, _ := strings.Cut(dir+"/", "/"+g.unit.scope+"/")
	if err := samePIDs(); err != nil {
		return err
	}
	defer g.unit.close()
	return g.unit.do(func(m *manager) error {
		return m.why("attach process to unit "+g.unit.scope,
			m.conn.AttachProcessesToUnit(m.ctx, g.unit.scope, "/"+strings.TrimSuffix(below, "/"), []uint32{uint32(pid)}))
	})
}
