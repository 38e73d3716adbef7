// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"slices"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

func mounts(Caller) []Finding {
	return []Finding{procfs(), mapped()}
}

// mountLine is what is used of a line of /proc/self/mountinfo.
type mountLine struct{ root, target, fstype string }

func mountTable() []mountLine {
	var out []mountLine
	for line := range strings.Lines(read("/proc/self/mountinfo")) {
		head, tail, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields := strings.Fields(head)
		if !ok || len(fields) < 5 {
			continue
		}
		fstype, _, _ := strings.Cut(tail, " ")
		out = append(out, mountLine{fields[3], fields[4], fstype})
	}
	return out
}

// procfs is how init gets one that nobody has mounted over.
func procfs() Finding {
	f := Finding{Area: "mounts", Name: "procfs of init", Way: "a new instance"}
	proc, err := linux.OpenProc()
	if err != nil {
		f.State, f.Way, f.Why = Bad, "none", err.Error()
		f.Hint = "mount a proc filesystem at /proc"
		return f
	}
	_ = proc.Close()
	var over []string
	for _, m := range mountTable() {
		if strings.HasPrefix(m.target, "/proc/") && m.fstype != "autofs" && m.fstype != "binfmt_misc" {
			over = append(over, m.target)
		}
	}
	if len(over) > 0 {
		slices.Sort(over)
		f.Why = "mounted over here: " + strings.Join(slices.Compact(over), ", ")
	}
	if len(over) > 0 && (!mayMount() || linux.InUserNamespace()) {
		f.State, f.Way = Without, "none for containers with a pid namespace"
		f.Why += "; in a user namespace the kernel allows no new one that shows what is hidden here"
		f.Hint = unmask
		return f
	}
	if !mayMount() {
		return f
	}
	fd, err := linux.NewFilesystem("proc", "proc", nil, "", 0)
	if err == nil {
		_ = fd.Close()
		return f
	}
	tree, copyErr := linux.OpenTree("/proc", false)
	if copyErr == nil {
		_ = tree.Close()
		f.State, f.Way = Fallback, "a copy of /proc without what is mounted over it"
	} else {
		f.State, f.Way = Fallback, "/proc itself, without crossing a mount"
	}
	f.Why = strings.TrimPrefix(f.Why+"; "+err.Error(), "; ")
	if len(over) == 0 && linux.InUserNamespace() {
		// Whose pid namespace is somebody else's may not mount its procfs, but
		// that of a container's own.
		f.Way = "a new instance in a pid namespace of the container's own, else " + f.Way
		return f
	}
	f.Hint = unmask
	return f
}

const unmask = "let the engine around rung not mask /proc (Docker: --security-opt systempaths=unconfined, Podman: --security-opt unmask=ALL), or bind /proc in the config"

// storage lists the types of filesystems that have files of their own and need
// no other machine or process to be looked at.
var storage = [...]string{"bcachefs", "btrfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "ntfs3", "overlay", "squashfs", "tmpfs", "vfat", "xfs", "zfs"}

// mapped tries the mapping of owners once for each type that is mounted here.
func mapped() Finding {
	f := Finding{Area: "mounts", Name: "mapped owners (idmap)"}
	if !mayMount() || linux.InUserNamespace() {
		f.State, f.Way, f.Why = Without, "none", "takes privilege over the filesystem"
		return f
	}
	ns, err := linux.MappingNamespace()
	if err != nil {
		f.State, f.Way, f.Why = Without, "none", err.Error()
		return f
	}
	defer ns.Close()
	var able, unable, seen []string
	for _, m := range mountTable() {
		if !slices.Contains(storage[:], m.fstype) || slices.Contains(seen, m.fstype) {
			continue
		}
		tree, openErr := linux.OpenTree(m.target, false)
		if openErr != nil {
			err = openErr
			continue
		}
		seen = append(seen, m.fstype)
		if mapErr := linux.MapTree(tree, ns, m.target, false); mapErr != nil {
			unable, err = append(unable, m.fstype), mapErr
		} else {
			able = append(able, m.fstype)
		}
		_ = tree.Close()
	}
	slices.Sort(able)
	slices.Sort(unable)
	f.Way = strings.Join(able, ", ")
	if len(unable) > 0 {
		f.Why = "not on " + strings.Join(unable, ", ")
		f.Hint = "a newer kernel may know it there"
	}
	if len(able) == 0 {
		f.State, f.Way = Without, "none"
		if err != nil {
			f.Why = err.Error()
		}
	}
	return f
}
