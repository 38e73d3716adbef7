package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/host/cgroup"
	"github.com/oci-rung/rung/libcontainer/host/criu"
	"github.com/oci-rung/rung/libcontainer/plan"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// CriuOptions are the parts of the command line that checkpoint and restore
// have in common.
type CriuOptions struct {
	CriuSettings
	Criu CriuProgram
	// ImagePath is the directory of the images, WorkPath of the log; empty means
	// the same one. Both are absolute.
	ImagePath, WorkPath string
}

// Words that a caller needs for Settings.
const (
	CgroupsIgnore = criu.CgroupsIgnore
	CgroupsSoft   = criu.CgroupsSoft
	CgroupsFull   = criu.CgroupsFull
	CgroupsStrict = criu.CgroupsStrict
)

// Types of which a caller makes Settings.
type (
	CriuSettings   = criu.Settings
	CriuProgram    = criu.Program
	CriuPageServer = criu.PageServer
	CgroupMode     = criu.CgroupMode
)

// configAnnotation names a file with further options for CRIU.
const configAnnotation = "org.criu.config"

// defaultConfigs are such files of the host, the first that is there.
// Compat(runc): its file has what the host's administrator wants of CRIU.
var defaultConfigs = [...]string{"/etc/criu/rung.conf", "/etc/criu/runc.conf"}

// useConfig finds the file with further options, if there is one.
func (o *CriuOptions) useConfig(annotations map[string]string) {
	config, ok := annotations[configAnnotation]
	for i := 0; !ok && i < len(defaultConfigs); i++ {
		if _, err := os.Stat(defaultConfigs[i]); err == nil {
			config, ok = defaultConfigs[i], true
		}
	}
	o.ConfigFile = config
}

// inRoom calls f in a thread that has mounts of its own, and at place a
// filesystem for what CRIU is to find. Nobody else sees it, and it is gone with
// CRIU.
func (o *CriuOptions) inRoom(place string, f func() error) error {
	return linux.InOwnMounts(func() error {
		// CRIU mounts below its working directory: that has to be one of
		// these mounts too.
		closeDirs, err := o.openDirs()
		if err != nil {
			return err
		}
		defer closeDirs()
		room, err := linux.NewFilesystem("tmpfs", "tmpfs", []string{"mode", "711"}, "", 0)
		if err != nil {
			return err
		}
		defer room.Close()
		if err = linux.AttachAt(room, place); err != nil {
			return err
		}
		if err = o.layYard(place); err != nil {
			return err
		}
		return f()
	})
}

// openDirs opens the directories of images and log. The caller calls what comes
// back.
func (o *CriuOptions) openDirs() (closeDirs func(), err error) {
	if o.Images, err = linux.OpenNamedDir(o.ImagePath); err != nil {
		return nil, fmt.Errorf("--image-path: %w", err)
	}
	if o.WorkPath == "" {
		o.WorkPath = o.ImagePath
	}
	o.WorkName = o.WorkPath
	if err = os.MkdirAll(o.WorkPath, 0o700); err == nil {
		// containerd's shim has a link there.
		o.Work, err = linux.OpenNamedDir(o.WorkPath)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--work-path: %w", err), o.Images.Close())
	}
	return func() { _, _ = o.Images.Close(), o.Work.Close() }, nil
}

// unifiedMount is where cgroup v2 is mounted if it is alone.
const unifiedMount = "/sys/fs/cgroup"

// layYard shows CRIU cgroup v2. Left to itself it mounts it once more, without
// options, and takes nsdelegate and others from the whole host that way.
func (o *CriuOptions) layYard(place string) error {
	if cgroup.Mode() != cgroup.Unified {
		return nil
	}
	yard := filepath.Join(place, "yard")
	unified := filepath.Join(yard, "unified") // CRIU's name for it
	for _, dir := range [...]string{yard, unified} {
		if err := linux.Mkdir(dir, 0o711); err != nil {
			return err
		}
	}
	tree, err := linux.OpenTree(unifiedMount, false)
	if err != nil {
		return err
	}
	defer tree.Close()
	o.CgroupYard = yard
	return linux.AttachAt(tree, unified)
}

// external finds out what of the container comes from outside of it.
func external(s *specs.Spec, g *cgroup.Group, bundle string) (*plan.External, error) {
	facts, err := gatherFacts(s, s.Process)
	if err != nil {
		return nil, err
	}
	facts.Hierarchies = hierarchies(g)
	facts.NoMount = false // what init would do for such a caller, nobody does here
	return plan.BuildExternal(s, facts, plan.Options{Bundle: bundle})
}

// outsideNamespaces are the kinds of namespaces that CRIU takes from outside,
// as it calls them, and the names that runc gives them in images.
var outsideNamespaces = [...]struct {
	kind      specs.LinuxNamespaceType
	word, key string
}{
	{specs.NetworkNamespace, "net", "extRootNetNS"},
	{specs.PIDNamespace, "pid", "extRootPidNS"},
}

// joinable are the kinds that CRIU joins by path instead of making them.
var joinable = [...]struct {
	kind specs.LinuxNamespaceType
	word string
}{
	{specs.IPCNamespace, "ipc"},
	{specs.UTSNamespace, "uts"},
	{specs.TimeNamespace, "time"},
}

// byPath returns the path of the config's namespace of a kind, if it has one.
func byPath(s *specs.Spec, kind specs.LinuxNamespaceType) (path, field string) {
	for i, ns := range s.Linux.Namespaces {
		if ns.Type == kind && ns.Path != "" {
			return ns.Path, fmt.Sprintf("linux.namespaces[%d].path", i)
		}
	}
	return "", ""
}

// uncheckpointable refuses what CRIU would refuse too, but in words of the
// config and before anything is frozen.
func uncheckpointable(s *specs.Spec) error {
	if spec.Notifies(s.Linux.Seccomp) {
		return &spec.FieldError{Path: "linux.seccomp", Err: errors.New("criu cannot checkpoint a filter that asks an agent (SCMP_ACT_NOTIFY)")}
	}
	return nil
}

// below tells what lies in the directory dir, and how it is called from there.
func below(path, dir string) (string, bool) {
	return strings.CutPrefix(path, strings.TrimSuffix(filepath.Clean(dir), "/")+"/")
}
