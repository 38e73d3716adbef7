package spec

import (
	"iter"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Attributes of a mount, as fsmount(2) and mount_setattr(2) take them.
const (
	MountAttrReadonly    uint64 = 0x01
	MountAttrNosuid      uint64 = 0x02
	MountAttrNodev       uint64 = 0x04
	MountAttrNoexec      uint64 = 0x08
	MountAttrAtimeMask   uint64 = 0x70 // MOUNT_ATTR__ATIME: a mode, not three bits
	MountAttrRelatime    uint64 = 0x00
	MountAttrNoatime     uint64 = 0x10
	MountAttrStrictatime uint64 = 0x20
	MountAttrNodiratime  uint64 = 0x80
	MountAttrNosymfollow uint64 = 0x200000 // Kernel(5.14)
)

// MountOptions is what the options of one mount ask for, sorted by the system
// call that does it.
type MountOptions struct {
	// Bind: the mount shows source, it is not a filesystem of its own.
	// Recursive: with the mounts below it.
	Bind, Recursive bool

	// Set and Clear are the attributes of the mount itself, ready for
	// attr_set and attr_clr of mount_setattr(2), which clears first; a new
	// filesystem takes Set alone, with fsmount(2). What no option names is in
	// neither, so a bind mount keeps the flags of its source, locked ones
	// included, unless it was told otherwise.
	Set, Clear uint64
	// RecSet and RecClear are the same for the mount and all below it
	// (AT_RECURSIVE). They come after Set and Clear.
	RecSet, RecClear uint64

	// Propagation holds MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with
	// or without MS_REC, each a change of its own, in the order given.
	Propagation []uint64

	// SuperSet holds the flags of the filesystem as a whole, each the key of
	// an fsconfig(2) FSCONFIG_SET_FLAG. A bind mount has none.
	SuperSet []string
	// Data holds everything else, "key=value" or "key", each one fsconfig(2).
	// A bind mount has none. fsconfig takes values up to 255 bytes.
	Data []string

	// Options of the runtime, not of the kernel.
	TmpCopyUp, IDMap, RIDMap, Remount bool
}

// Given returns the attributes that some option named, to set or to clear.
func (o *MountOptions) Given() uint64 { return o.Set | o.Clear }

// optKind says what a known option changes.
type optKind uint8

const (
	optAttrSet optKind = iota
	optAttrClear
	optAtime     // value is the mode to switch to
	optAtimeUndo // value is the mode to leave
	optRecSet
	optRecClear
	optRecAtime
	optRecAtimeUndo
	optBind
	optPropagation
	optSuper        // a flag of the whole filesystem
	optSuperNeutral // its absence: what every filesystem starts with
	optIversion
	optNeutral
	optRuntime
)

// mountOption is one row of the table of options.
type mountOption struct {
	name   string
	kind   optKind
	value  uint64
	undoes string // the opposite, for flags of the whole filesystem
}

// mountOptions holds every option the runtime gives a meaning to, sorted by
// name for the binary search in lookupMountOption.
//
// Two of the names have no counterpart in the new mount API because there is
// nothing to do: silent and loud decide whether a filesystem complains in the
// kernel's log, but after fsopen(2) it complains to the caller's descriptor.
// noiversion, async, nomand and nolazytime ask for what is the default.
var mountOptions = [...]mountOption{
	{"async", optSuperNeutral, 0, "sync"},
	{"atime", optAtimeUndo, MountAttrNoatime, ""},
	{"bind", optBind, 0, ""},
	{"defaults", optNeutral, 0, ""},
	{"dev", optAttrClear, MountAttrNodev, ""},
	{"diratime", optAttrClear, MountAttrNodiratime, ""},
	{"dirsync", optSuper, 0, ""},
	{"exec", optAttrClear, MountAttrNoexec, ""},
	{"idmap", optRuntime, 0, ""},
	{"iversion", optIversion, 0, ""},
	{"lazytime", optSuper, 0, "nolazytime"},
	{"loud", optNeutral, 0, ""},
	{"mand", optSuper, 0, "nomand"},
	{"noatime", optAtime, MountAttrNoatime, ""},
	{"nodev", optAttrSet, MountAttrNodev, ""},
	{"nodiratime", optAttrSet, MountAttrNodiratime, ""},
	{"noexec", optAttrSet, MountAttrNoexec, ""},
	{"noiversion", optNeutral, 0, ""},
	{"nolazytime", optSuperNeutral, 0, "lazytime"},
	{"nomand", optSuperNeutral, 0, "mand"},
	{"norelatime", optAtimeUndo, MountAttrRelatime, ""},
	{"nostrictatime", optAtimeUndo, MountAttrStrictatime, ""},
	{"nosuid", optAttrSet, MountAttrNosuid, ""},
	{"nosymfollow", optAttrSet, MountAttrNosymfollow, ""},
	{"private", optPropagation, msPrivate, ""},
	{"ratime", optRecAtimeUndo, MountAttrNoatime, ""},
	{"rbind", optBind, msRec, ""},
	{"rdev", optRecClear, MountAttrNodev, ""},
	{"rdiratime", optRecClear, MountAttrNodiratime, ""},
	{"relatime", optAtime, MountAttrRelatime, ""},
	{"remount", optRuntime, 0, ""},
	{"rexec", optRecClear, MountAttrNoexec, ""},
	{"ridmap", optRuntime, 0, ""},
	{"rnoatime", optRecAtime, MountAttrNoatime, ""},
	{"rnodev", optRecSet, MountAttrNodev, ""},
	{"rnodiratime", optRecSet, MountAttrNodiratime, ""},
	{"rnoexec", optRecSet, MountAttrNoexec, ""},
	{"rnorelatime", optRecAtimeUndo, MountAttrRelatime, ""},
	{"rnostrictatime", optRecAtimeUndo, MountAttrStrictatime, ""},
	{"rnosuid", optRecSet, MountAttrNosuid, ""},
	{"rnosymfollow", optRecSet, MountAttrNosymfollow, ""},
	{"ro", optAttrSet, MountAttrReadonly, ""},
	{"rprivate", optPropagation, msPrivate | msRec, ""},
	{"rrelatime", optRecAtime, MountAttrRelatime, ""},
	{"rro", optRecSet, MountAttrReadonly, ""},
	{"rrw", optRecClear, MountAttrReadonly, ""},
	{"rshared", optPropagation, msShared | msRec, ""},
	{"rslave", optPropagation, msSlave | msRec, ""},
	{"rstrictatime", optRecAtime, MountAttrStrictatime, ""},
	{"rsuid", optRecClear, MountAttrNosuid, ""},
	{"rsymfollow", optRecClear, MountAttrNosymfollow, ""},
	{"runbindable", optPropagation, msUnbindable | msRec, ""},
	{"rw", optAttrClear, MountAttrReadonly, ""},
	{"shared", optPropagation, msShared, ""},
	{"silent", optNeutral, 0, ""},
	{"slave", optPropagation, msSlave, ""},
	{"strictatime", optAtime, MountAttrStrictatime, ""},
	{"suid", optAttrClear, MountAttrNosuid, ""},
	{"symfollow", optAttrClear, MountAttrNosymfollow, ""},
	{"sync", optSuper, 0, "async"},
	{"tmpcopyup", optRuntime, 0, ""},
	{"unbindable", optPropagation, msUnbindable, ""},
}

// lookupMountOption finds the row of an option.
func lookupMountOption(name string) (mountOption, bool) {
	low, high := 0, len(mountOptions)
	for low < high {
		middle := (low + high) / 2
		if mountOptions[middle].name < name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(mountOptions) && mountOptions[low].name == name {
		return mountOptions[low], true
	}
	return mountOption{}, false
}

// MountOptionNames returns all options that the runtime gives a meaning to,
// sorted, for the features document.
func MountOptionNames() []string {
	names := make([]string, 0, len(mountOptions))
	for _, row := range mountOptions {
		names = append(names, row.name)
	}
	return names
}

// ParseMountOptions sorts the options of m by what they change. Of options
// that contradict each other the last one wins. Several options in one string,
// separated by commas, count as several. What is not an option of the runtime
// is passed to the filesystem, but a bind mount has none to pass it to. The
// error is an errors.Join of *FieldError whose paths begin with path, the path
// of m itself: mounts[3].
func ParseMountOptions(m specs.Mount, path string) (MountOptions, error) {
	p := new(problems)
	o := parseMountOptions(p, &m, path)
	return o, p.join()
}

func parseMountOptions(p *problems, m *specs.Mount, path string) MountOptions {
	o := MountOptions{Bind: isBind(m)}
	for j, option := range m.Options {
		if hasNUL(option) {
			p.add(element(path+".options", j), causeNUL)
			continue
		}
		for word := range splitOption(option) {
			if cause := o.apply(word, m); cause != "" {
				p.add(element(path+".options", j), cause)
			}
		}
	}
	if o.Bind || o.Remount && dummyType(m.Type) || !ownsSuperBlock(m.Type) {
		return o
	}
	switch {
	case o.Set&MountAttrReadonly != 0:
		o.SuperSet = append(o.SuperSet, "ro")
	case o.Remount && o.Clear&MountAttrReadonly != 0:
		o.SuperSet = append(o.SuperSet, "rw")
	}
	return o
}

// isBind reports whether m is a bind mount. Its options alone decide, as the
// runtime-spec says; its type is a dummy then.
func isBind(m *specs.Mount) bool {
	for _, option := range m.Options {
		for word := range splitOption(option) {
			if word == "bind" || word == "rbind" {
				return true
			}
		}
	}
	return false
}

// apply adds one option and returns what is wrong with it.
func (o *MountOptions) apply(word string, m *specs.Mount) (cause string) {
	row, known := lookupMountOption(word)
	if !known {
		return o.applyData(word)
	}
	switch row.kind {
	case optAttrSet:
		o.Set, o.Clear = o.Set|row.value, o.Clear&^row.value
	case optAttrClear:
		o.Set, o.Clear = o.Set&^row.value, o.Clear|row.value
	case optRecSet:
		o.RecSet, o.RecClear = o.RecSet|row.value, o.RecClear&^row.value
	case optRecClear:
		o.RecSet, o.RecClear = o.RecSet&^row.value, o.RecClear|row.value
	case optAtime:
		setAtime(&o.Set, &o.Clear, row.value)
	case optAtimeUndo:
		undoAtime(&o.Set, &o.Clear, row.value)
	case optRecAtime:
		setAtime(&o.RecSet, &o.RecClear, row.value)
	case optRecAtimeUndo:
		undoAtime(&o.RecSet, &o.RecClear, row.value)
	case optBind:
		o.Recursive = o.Recursive || row.value != 0
	case optPropagation:
		o.Propagation = append(o.Propagation, row.value)
	case optSuper, optSuperNeutral:
		return o.applySuper(row)
	case optIversion:
		return o.applyIversion(m)
	case optRuntime:
		return o.applyRuntime(word, m)
	case optNeutral:
	}
	return ""
}

// setAtime switches to one of the three access time modes. mount_setattr(2)
// demands that the whole mask is cleared along with setting a mode.
func setAtime(set, clear *uint64, mode uint64) {
	*set = *set&^MountAttrAtimeMask | mode
	*clear |= MountAttrAtimeMask
}

// undoAtime leaves a mode for the kernel's default, which is relatime; a mode
// that another option chose stays. There is no way to say "not relatime"
// without saying what instead, so norelatime only takes relatime back.
func undoAtime(set, clear *uint64, mode uint64) {
	chosen := *clear&MountAttrAtimeMask != 0
	if chosen && *set&MountAttrAtimeMask != mode {
		return
	}
	if mode == MountAttrRelatime {
		*clear &^= MountAttrAtimeMask
		return
	}
	setAtime(set, clear, MountAttrRelatime)
}

// applySuper adds a flag of the filesystem as a whole.
func (o *MountOptions) applySuper(row mountOption) (cause string) {
	if o.Bind {
		if row.kind == optSuper {
			return row.name + ": belongs to the whole filesystem, a bind mount cannot have it of its own"
		}
		return ""
	}
	kept := o.SuperSet[:0]
	for _, flag := range o.SuperSet {
		if flag != row.name && flag != row.undoes {
			kept = append(kept, flag)
		}
	}
	o.SuperSet = append(kept, row.name)
	return ""
}

// applyIversion asks for the inode version counter. fsconfig(2) has no common
// flag for it: it is left to each filesystem, and most that have the counter
// always run it.
func (o *MountOptions) applyIversion(m *specs.Mount) (cause string) {
	if o.Bind {
		return "iversion: belongs to the whole filesystem, a bind mount cannot have it of its own"
	}
	switch m.Type {
	case "ext4":
		// Kernel(6.1): always on, the key is accepted and ignored.
		o.Data = append(o.Data, "i_version")
	case "btrfs", "ceph", "nfs", "nfs4", "tmpfs", "xfs":
	default:
		return "iversion: " + m.Type + " cannot be told to count inode versions"
	}
	return ""
}

// applyRuntime adds an option that the runtime itself carries out.
func (o *MountOptions) applyRuntime(word string, m *specs.Mount) (cause string) {
	switch word {
	case "idmap":
		o.IDMap = true
	case "ridmap":
		o.RIDMap = true
	case "remount":
		o.Remount = true
	case "tmpcopyup":
		if o.Bind || m.Type != "tmpfs" {
			return "tmpcopyup: works on tmpfs only"
		}
		o.TmpCopyUp = true
	}
	return ""
}

// applyData adds an option of the filesystem.
func (o *MountOptions) applyData(word string) (cause string) {
	if o.Bind {
		return `unknown mount option "` + word + `" on a bind mount`
	}
	key, value, _ := strings.Cut(word, "=")
	if key == "" {
		return `mount option "` + word + `" has no name`
	}
	switch key {
	case "context", "defcontext", "fscontext", "rootcontext":
		// mount(2) takes quotes around a label, because of its commas;
		// fsconfig(2) would take them for a part of it.
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			word = key + "=" + value[1:n-1]
		}
	}
	o.Data = append(o.Data, word)
	return ""
}

// ownsSuperBlock reports whether a filesystem that is to be read-only should
// be so as a whole, not only where it is mounted: a journal must not be
// replayed, a device without write access must not be refused. The kernel's
// own filesystems have no device, and many are shared by all who mount them in
// the same namespaces: read-only there is a matter of this one mount.
func ownsSuperBlock(fstype string) bool {
	switch fstype {
	case "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
		"efivarfs", "fusectl", "hugetlbfs", "mqueue", "proc", "pstore", "ramfs", "securityfs",
		"sysfs", "tmpfs", "tracefs":
		return false
	}
	return true
}

// splitOption yields the options in one string. mount(2) joins all strings by
// commas before the filesystem splits them, so "mode=755,size=64k" always
// worked; fsconfig(2) wants one key a call. A comma after a backslash (in
// overlay's paths) or in a value in double quotes (a security label) does not
// split. Empty options are left out, as the kernel does.
func splitOption(option string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(option); i++ {
			switch {
			case option[i] == '\\':
				i++
			case option[i] == '"':
				quoted = !quoted && i > start && option[i-1] == '='
			case option[i] == ',' && !quoted:
				if i > start && !yield(option[start:i]) {
					return
				}
				start = i + 1
			}
		}
		if start < len(option) {
			yield(option[start:])
		}
	}
}

// MountsDisk reports whether a mount of s may be of a filesystem that lies on a
// device, which the kernel then lets only who has access to the device mount.
func MountsDisk(s *specs.Spec) bool {
	for i := range s.Mounts {
		m := &s.Mounts[i]
		if strings.HasPrefix(m.Source, "/") && !isBind(m) && !dummyType(m.Type) {
			return true
		}
	}
	return false
}
