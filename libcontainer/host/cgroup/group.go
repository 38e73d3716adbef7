// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/cgroups"
	_ "github.com/opencontainers/cgroups/devices" // without it the library sets no device rules
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// Config says which cgroup a container gets and what is set in it.
type Config struct {
	// ID is the container's, the name of the cgroup when Path is empty.
	ID string
	// Path is linux.cgroupsPath: absolute below the mounts, relative below
	// the caller's own cgroup, empty for ID below the caller's own cgroup.
	Path string
	// Resources is linux.resources as package spec has checked it; nil for
	// the device rules that every container has, and nothing else.
	Resources *specs.LinuxResources
	// Systemd asks for the systemd driver: Path is slice:prefix:name then, and
	// empty for a scope named after ID.
	Systemd bool
	// Reach leads to the user's systemd, which it is with Rootless.
	Reach Reach
	// Annotations may have properties for the unit; only with Systemd.
	Annotations map[string]string
	// Rootless takes a refusal of the kernel for "no cgroup", unless a path
	// or a limit was asked for.
	Rootless bool
}

// Group is the cgroup of one container: one directory on v2, one in each
// hierarchy on v1. It is used by one goroutine at a time.
type Group struct {
	// paths maps the library's name of a v1 controller or hierarchy to the
	// container's directory; "" is the v2 one.
	paths map[string]string
	// keep are directories of paths that were there before the container.
	keep []string
	// made are the directories that Make made, parents first.
	made []string

	hierarchies  []Hierarchy
	settings     *settings
	anyPlace     bool // no path was asked for
	rootless     bool
	inhabited    bool   // MakeBirthplace has let processes in
	devicesLater bool   // LimitDevices sets the device rules
	leaf         string // name of the group below it that the payload is in, or ""
	unit         *unit  // what systemd has of it, or nil
}

// New finds out where the group of c has to be and what is set in it. It
// reads, but changes nothing.
func New(c Config) (*Group, error) {
	g := &Group{paths: make(map[string]string), anyPlace: c.Path == "", rootless: c.Rootless}
	var inner string
	var err error
	if c.Systemd {
		if g.unit, err = newUnit(c); err == nil {
			inner, g.anyPlace = g.unit.at, false
		}
	} else {
		inner, err = innerPath(c)
	}
	if err != nil {
		return nil, err
	}
	layout := Mode()
	if layout == Unified {
		err = g.placeUnified(inner)
	} else {
		err = g.placeLegacy(layout, inner)
	}
	if err != nil {
		return nil, err
	}
	g.settings, err = convert(c.Resources, layout == Unified, g.controllers())
	if err != nil {
		return nil, err
	}
	return g, nil
}

// innerPath returns the cleaned path of c: absolute, or relative to the
// caller's own cgroup.
func innerPath(c Config) (string, error) {
	path := c.Path
	if path == "" {
		path = c.ID
		if strings.Contains(path, "/") {
			return "", fmt.Errorf("cgroup of container %q: the id is not one name", c.ID)
		}
	}
	refuse := func(cause string) (string, error) {
		return "", &spec.FieldError{Path: "linux.cgroupsPath", Err: fmt.Errorf("%q %s", path, cause)}
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return refuse("contains a control character")
	}
	if slices.Contains(strings.Split(path, "/"), "..") {
		return refuse("must not contain ..")
	}
	path = filepath.Clean(path)
	if path == "/" || path == "." {
		return refuse("is not a cgroup that a container can have for itself")
	}
	return path, nil
}

func (g *Group) placeUnified(inner string) error {
	dir, err := unifiedDir(inner)
	if err != nil {
		return err
	}
	g.paths[""] = dir
	g.hierarchies = []Hierarchy{{Version: linux.CgroupV2, Mountpoint: standardRoot, Path: dir}}
	return nil
}

func (g *Group) placeLegacy(layout Layout, inner string) error {
	list, err := discover(layout)
	if err != nil {
		return err
	}
	for i := range list {
		h := &list[i]
		if h.Path, err = h.place(inner); err != nil {
			return err
		}
		g.hierarchies = append(g.hierarchies, h.Hierarchy)
		for _, key := range h.keys {
			if key == "" || joined(key) {
				g.paths[key] = h.Path
			}
		}
	}
	if g.paths["devices"] == "" && !g.rootless {
		return fmt.Errorf("cgroup of the container: %s, and no devices controller in it: device access would be unlimited", layout)
	}
	return nil
}

// controllers returns the answer to "is there a controller of that name". On
// v2 it is read when first asked for.
func (g *Group) controllers() func(string) bool {
	if !g.unified() {
		return func(name string) bool { return g.paths[name] != "" }
	}
	root := standardRoot
	if g.unit != nil {
		root += g.unit.root // a user's manager has what was handed on to it
	}
	var names [][]byte
	return func(name string) bool {
		if names == nil {
			text, err := linux.ReadKernelFile(root + "/cgroup.controllers")
			if err != nil {
				return true // the write of the value will say what is wrong
			}
			names = bytes.Fields(text)
		}
		return slices.ContainsFunc(names, func(n []byte) bool { return string(n) == name })
	}
}

// unified reports whether g is a v2 group and nothing else.
func (g *Group) unified() bool { return len(g.paths) == 1 && g.paths[""] != "" }

// Load returns the group with the paths that Paths returned when it was made.
// keep is what Kept returned then.
func Load(paths map[string]string, keep ...string) (*Group, error) {
	for key, path := range paths {
		if !filepath.IsAbs(path) || filepath.Clean(path) != path || path == "/" {
			return nil, fmt.Errorf("cgroup path of %q: %q is not a clean absolute path", key, path)
		}
	}
	return &Group{paths: maps.Clone(paths), keep: slices.Clone(keep)}, nil
}

// Paths returns what Load needs later: the container's directory for each v1
// controller or named hierarchy, and for "" that in the v2 hierarchy.
func (g *Group) Paths() map[string]string { return maps.Clone(g.paths) }

// Kept returns the directories among Paths that Make found there. Destroy
// empties these but does not remove them: what the container did not create is
// not deleted with it, as the runtime-spec says.
func (g *Group) Kept() []string { return slices.Clone(g.keep) }

// Hierarchies returns what is needed to show the container's cgroups inside
// it, in the kernel's order. Only a group from New knows.
func (g *Group) Hierarchies() []Hierarchy {
	out := slices.Clone(g.hierarchies)
	own := g.dirs()
	for i := range out {
		out[i].Missing = !slices.Contains(own, out[i].Path)
	}
	return out
}

// None reports whether the container has no cgroup at all, which only the
// rootless have.
func (g *Group) None() bool { return len(g.paths) == 0 }

// ErrNone is the error of what needs a cgroup.
var ErrNone = errors.New("the container was created without the right to make a cgroup, and has none")

// Notes returns what the user should hear about the resources although it
// stops nothing, each with its JSON path.
func (g *Group) Notes() []string {
	if g.settings == nil {
		return nil
	}
	return slices.Clone(g.settings.notes)
}

// keys returns the names in g.paths in the order of work: the freezer last,
// because who joins a frozen one stops there, the rest by name.
func (g *Group) keys() []string {
	keys := slices.Sorted(maps.Keys(g.paths))
	if i := slices.Index(keys, "freezer"); i >= 0 {
		keys = append(slices.Delete(keys, i, i+1), "freezer")
	}
	return keys
}

// dirs returns the directories of g, each once: controllers that are mounted
// together share one. The order is that of keys.
func (g *Group) dirs() []string {
	var dirs []string
	for _, key := range g.keys() {
		if dir := g.paths[key]; !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// members returns the directory by which the processes of the container are
// found, or "" if there is none.
func (g *Group) members() string {
	if g.unified() {
		return g.paths[""]
	}
	// Every process is in all hierarchies; devices must always be there.
	if dir := g.paths["devices"]; dir != "" {
		return dir
	}
	if dirs := g.dirs(); len(dirs) > 0 {
		return dirs[0]
	}
	return ""
}

// String names the group in messages.
func (g *Group) String() string {
	if dir := g.members(); dir != "" {
		return "cgroup " + dir
	}
	return "cgroup (none)"
}

// library returns the configuration with which the library's managers work.
func (g *Group) library() *cgroups.Cgroup {
	c := &cgroups.Cgroup{Resources: &cgroups.Resources{}, Rootless: g.rootless}
	if g.settings != nil {
		resources := g.settings.Resources
		c.Resources = &resources
	}
	if !g.anyPlace {
		c.Path = g.members() // the library only asks whether it is empty
	}
	return c
}
