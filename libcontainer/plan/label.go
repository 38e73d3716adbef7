package plan

import (
	"errors"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// unconfined is AppArmor's profile that is none. Without AppArmor everything
// has it.
const unconfined = "unconfined"

// Files of /proc that security modules read labels from. AppArmor's own
// directory is newer (Kernel(5.8)) than the common file, which belongs to
// whichever module comes first.
const (
	apparmorExec = "self/attr/apparmor/exec"
	commonExec   = "self/attr/exec"
	keyCreate    = "self/attr/keycreate"
)

// wantsProfile reports whether p asks AppArmor for anything.
func (b *builder) wantsProfile(p *specs.Process) bool {
	return p != nil && p.ApparmorProfile != "" && (b.facts.AppArmor || p.ApparmorProfile != unconfined)
}

func wantsLabel(p *specs.Process) bool { return p != nil && p.SelinuxLabel != "" }

// needProc gives init a procfs that nobody can have mounted over.
func (b *builder) needProc(field string) {
	if !b.procs {
		b.procs = true
		b.step(wire.Procfs, field)
	}
}

// keyLabel labels the session keyring for who is to use it.
func (b *builder) keyLabel(p *specs.Process) {
	if wantsLabel(p) && !b.opts.NoNewKeyring {
		const field = "process.selinuxLabel"
		b.needProc(field)
		b.step(wire.Label, field, keyCreate, num(0), p.SelinuxLabel)
	}
}

// labels tells the security modules what the payload is to be. A module that
// is not there cannot confine it, so that is an error.
func (b *builder) labels(p *specs.Process, field string) {
	if b.wantsProfile(p) {
		if !b.facts.AppArmor {
			b.noModule(field+".apparmorProfile", "AppArmor")
		}
		word := "exec "
		if b.facts.Confined && p.NoNewPrivileges {
			// Another profile may allow what ours does not, which
			// no-new-privileges forbids; both at once are allowed.
			word = "stack "
		}
		b.step(wire.Label, field+".apparmorProfile", apparmorExec, commonExec, word+p.ApparmorProfile)
	}
	if wantsLabel(p) {
		if !b.facts.SELinux {
			b.noModule(field+".selinuxLabel", "SELinux")
		}
		b.step(wire.Label, field+".selinuxLabel", commonExec, num(0), p.SelinuxLabel)
	}
}

func (b *builder) noModule(field, module string) {
	b.fail(&spec.FieldError{Path: field, Err: errors.New(module + " is not enabled on this host")})
}

// mountLabel refuses a label that would label nothing.
func (b *builder) mountLabel() {
	if b.spec.Linux.MountLabel != "" && !b.facts.SELinux {
		b.noModule("linux.mountLabel", "SELinux")
	}
}

// context adds the label to the parameters of a new filesystem, unless its
// own options name one. Those of the kernel itself are labelled by policy, and
// mqueue takes the label only afterwards.
func (b *builder) context(fstype string, pairs wire.Pairs) wire.Pairs {
	label := b.spec.Linux.MountLabel
	switch fstype {
	case "proc", "sysfs", "cgroup", "cgroup2", "mqueue":
		return pairs
	}
	if label == "" || hasKey(pairs, "context") {
		return pairs
	}
	return append(pairs, "context", label)
}

// relabel is for a filesystem that was made and takes no context.
func (b *builder) relabel(fstype, target, field string) {
	if label := b.spec.Linux.MountLabel; label != "" && fstype == "mqueue" {
		b.step(wire.Relabel, field, target, label)
	}
}
