// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package rdt gives a container its share of caches and of the memory's
// bandwidth (linux.intelRdt): a group of the resctrl filesystem, whose tasks
// file init and later processes of the container write themselves to.
//
// Groups are few, 8 to 16 on a machine, so what was made for a container has to
// go with it, whichever command deletes that; and a group that callers share
// by its closID must not.
package rdt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

const (
	monitors = "mon_groups"
	schemata = "schemata"
	tasks    = "tasks"
	// ownGroup is the closID of the group that everything is in without one.
	ownGroup = "/"
)

// Group is the group of one container. New decides, Make does.
type Group struct {
	root    string
	path    string // directory of the group
	monitor string // directory of its monitoring group, or ""
	config  *specs.LinuxIntelRdt
	fresh   bool     // path has to be made
	made    []string // by Make
}

var errNoFilesystem = errors.New("linux.intelRdt: no resctrl filesystem is mounted on this host")

// New finds the group that a config asks for, and that it can be had. It makes
// nothing.
func New(id string, c *specs.LinuxIntelRdt) (*Group, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	root, ok := mountpoint(string(table))
	if !ok {
		return nil, errNoFilesystem
	}
	return newBelow(root, id, c)
}

// mountpoint finds where the resctrl filesystem is mounted as a whole.
func mountpoint(table string) (string, bool) {
	for line := range strings.Lines(table) {
		mount, filesystem, _ := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if len(fields) > 4 && fields[3] == "/" && strings.HasPrefix(filesystem, "resctrl ") {
			// The kernel writes blanks as octal numbers.
			return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4]), true
		}
	}
	return "", false
}

func newBelow(root, id string, c *specs.LinuxIntelRdt) (*Group, error) {
	g := &Group{root: root, path: filepath.Join(root, id), config: c}
	if c.ClosID != "" {
		g.path = filepath.Join(root, c.ClosID) // "/" is the root itself
	}
	if err := g.find(); err != nil {
		return nil, err
	}
	if c.EnableMonitoring {
		g.monitor = filepath.Join(g.path, monitors, id)
		if _, err := os.Lstat(g.monitor); err == nil {
			return nil, fmt.Errorf("linux.intelRdt.enableMonitoring: %s: a monitoring group of this name is there already", g.monitor)
		}
	}
	return g, nil
}

// find applies the rules of the runtime-spec for a group that is there, and for
// one that is not.
func (g *Group) find() error {
	_, err := os.Stat(filepath.Join(g.path, tasks))
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("linux.intelRdt: %w", err)
	}
	switch {
	case g.config.ClosID == "" && there:
		return fmt.Errorf("linux.intelRdt: %s: a group of this name is there already", g.path)
	case g.config.ClosID != "" && there:
		return g.compare()
	case g.config.ClosID != "" && len(g.lines()) == 0:
		return fmt.Errorf("linux.intelRdt.closID: %s: no such group, and no schema to make it with", g.path)
	}
	g.fresh = true
	return nil
}

// line is one line of a schemata file, and the field that it comes from.
type line struct{ field, text string }

// lines are those of the config in the order in which they are written.
func (g *Group) lines() []line {
	var out []line
	add := func(field, text string) {
		for l := range strings.Lines(text) {
			if l = strings.TrimSuffix(l, "\n"); l != "" {
				out = append(out, line{field, l})
			}
		}
	}
	add("linux.intelRdt.l3CacheSchema", g.config.L3CacheSchema)
	add("linux.intelRdt.memBwSchema", g.config.MemBwSchema)
	for i, s := range g.config.Schemata {
		add(fmt.Sprintf("linux.intelRdt.schemata[%d]", i), s)
	}
	return out
}

// compare wants a group that is there to be as the config describes it: others
// are in it, so it is not changed.
func (g *Group) compare() error {
	lines := g.lines()
	if len(lines) == 0 {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(g.path, schemata))
	if err != nil {
		return fmt.Errorf("linux.intelRdt: %w", err)
	}
	have := make(map[string]schema)
	for l := range strings.Lines(string(text)) {
		if resource, s, err := parse(l); err == nil {
			have[resource] = s
		}
	}
	for _, l := range lines {
		resource, want, err := parse(l.text)
		if err != nil {
			return fmt.Errorf("%s: %w", l.field, err)
		}
		if err = want.within(resource, have); err != nil {
			return fmt.Errorf("%s: group %s is there already and differs: %w", l.field, g.config.ClosID, err)
		}
	}
	return nil
}

// Dirs are the directories whose tasks files the container's processes are to
// be in, in the order of joining.
func (g *Group) Dirs() []string {
	if g.monitor == "" {
		return []string{g.path}
	}
	return []string{g.path, g.monitor}
}

// Ours are the directories that have to go with the container, in the order of
// removing. A group with a closID stays, even if it is made for this one.
func (g *Group) Ours() []string {
	var out []string
	if g.monitor != "" {
		out = append(out, g.monitor)
	}
	if g.config.ClosID == "" {
		out = append(out, g.path)
	}
	return out
}

// Make makes what New found to be missing. After a failure there is nothing.
func (g *Group) Make() error {
	err := g.make()
	if err != nil {
		err = errors.Join(err, g.Undo())
	}
	return err
}

func (g *Group) make() error {
	if g.fresh {
		if err := g.mkdir(g.path); err != nil {
			return fmt.Errorf("linux.intelRdt: %w", err)
		}
		for _, l := range g.lines() {
			if err := g.write(l.text); err != nil {
				return fmt.Errorf("%s: %w", l.field, err)
			}
		}
	}
	if g.monitor != "" {
		if err := g.mkdir(g.monitor); err != nil {
			return fmt.Errorf("linux.intelRdt.enableMonitoring: %w", err)
		}
	}
	return nil
}

func (g *Group) mkdir(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return g.explain(err)
	}
	g.made = append(g.made, path)
	return nil
}

func (g *Group) write(text string) error {
	f, err := os.OpenFile(filepath.Join(g.path, schemata), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err != nil {
		err = g.explain(fmt.Errorf("%q: %w", text, err))
	}
	return errors.Join(err, f.Close())
}

// explain adds what the kernel has to say itself, which is much more than the
// number that a call returns.
func (g *Group) explain(err error) error {
	status, readErr := os.ReadFile(filepath.Join(g.root, "info", "last_cmd_status"))
	words := strings.TrimSpace(string(status))
	if readErr != nil || words == "" || words == "ok" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, words)
}

// Undo removes what Make has made, for a container that could not be made.
func (g *Group) Undo() error {
	var errs []error
	for i := len(g.made) - 1; i >= 0; i-- {
		errs = append(errs, remove(g.made[i]))
	}
	g.made = nil
	return errors.Join(errs...)
}

// Remove removes the directories of a container: what Ours said when it was
// made. Those that are gone already are no error.
func Remove(dirs []string) error {
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, remove(dir))
	}
	return errors.Join(errs...)
}

// remove is rmdir(2): the files in a group are the kernel's.
func remove(dir string) error {
	err := rmdir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Tasks opens the files to join directories by, for writing. The caller closes
// them.
func Tasks(dirs []string) ([]*os.File, error) {
	var files []*os.File
	for _, dir := range dirs {
		f, err := os.OpenFile(filepath.Join(dir, tasks), os.O_WRONLY, 0)
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
			return nil, fmt.Errorf("linux.intelRdt: %w", err)
		}
		files = append(files, f)
	}
	return files, nil
}
