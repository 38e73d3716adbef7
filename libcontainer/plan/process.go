package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/seccomp"
	"github.com/oci-rung/rung/libcontainer/spec"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// starts says when the payload is executed.
type starts int

const (
	startedLater starts = iota // by `start`
	startedNow                 // exec
)

// defaultUmask is what a payload gets whose config names none: shims run with
// odd ones.
const defaultUmask = 0o022

// process adds everything from the terminal's owner to execve.
//
// Where the filter stands depends on no-new-privileges. With it the filter is
// the very last, so that it need not allow what init does. Without it loading
// takes CAP_SYS_ADMIN, so it comes before the identity changes; then init waits
// for start before it, so that the filter need not allow the waiting.
func (b *builder) process(p *specs.Process, field string, when starts) {
	if p == nil {
		b.ready(when)
		b.step(wire.Exec, field)
		return
	}
	if p.OOMScoreAdj != nil {
		b.plan.OOMScoreAdj = p.OOMScoreAdj
	}
	filter := b.filter()
	early := filter != nil && !p.NoNewPrivileges
	home := homeIndex(p.Env)
	env := environment(p.Env)
	b.priorities(p, field)
	b.memoryPolicy()
	b.personality()
	b.labels(p, field)
	b.step(wire.Stdio, field+".user.uid", num(p.User.UID))
	if home >= 0 {
		env = append(dropHome(env), "HOME=")
		home = len(env) - 1
		b.step(wire.Home, field+".env", num(p.User.UID))
	}
	b.step(wire.Chdir, field+".cwd", p.Cwd, num(wire.ChdirTry))
	if !early {
		b.identity(p, field)
		b.step(wire.Chdir, field+".cwd", p.Cwd, num(0))
	}
	b.step(wire.Find, field+".args[0]", p.Args[0], candidates(p.Args[0], env))
	b.ready(when)
	if early {
		b.step(wire.CloseFDs, field, num(3+b.opts.Extra))
		b.load(filter)
		b.identity(p, field)
		b.step(wire.Chdir, field+".cwd", p.Cwd, num(0))
	}
	if h := b.spec.Hooks; h != nil && when == startedLater {
		b.insideHooks(h.StartContainer, "hooks.startContainer", specs.StateCreated, env)
	}
	umask := uint64(defaultUmask)
	if p.User.Umask != nil {
		umask = num(*p.User.Umask)
	}
	b.step(wire.Umask, field+".user.umask", umask)
	b.rlimits(p, field)
	if p.NoNewPrivileges {
		b.step(wire.NoNewPrivs, field+".noNewPrivileges")
	}
	if !early {
		b.step(wire.CloseFDs, field, num(3+b.opts.Extra))
		b.load(filter)
	}
	b.step(wire.Exec, field+".args[0]", p.Args, env, num(int64(home)))
}

// ready reports that everything is set up, and waits for start.
func (b *builder) ready(when starts) {
	b.step(wire.Ask, "process", num(wire.Ready))
	if when == startedNow {
		return
	}
	slot := wire.NoSlot
	if !b.opts.StartHere {
		slot = b.open(Descriptor{Opens: OpenStart, Field: "process"})
	}
	b.step(wire.Wait, "process", slot)
}

func (b *builder) filter() *seccomp.Filter {
	if b.spec.Linux == nil || b.spec.Linux.Seccomp == nil {
		return nil
	}
	f, err := seccomp.Compile(b.spec.Linux.Seccomp, b.facts.Arch)
	if err != nil {
		b.fail(err)
		return nil
	}
	for _, w := range f.Warnings {
		// Profiles name the system calls of every kernel there is.
		if strings.Contains(w, "unknown system call") {
			b.plan.Notes = append(b.plan.Notes, w)
		} else {
			b.plan.Warnings = append(b.plan.Warnings, w)
		}
	}
	return f
}

func (b *builder) load(f *seccomp.Filter) {
	if f == nil {
		return
	}
	b.checkFlags()
	flags := num(f.Flags)
	if f.Notify {
		flags |= wire.NewListener
		if !f.Sends {
			b.fail(&spec.FieldError{Path: "linux.seccomp", Err: errors.New(
				"sendmsg has to be allowed beside SCMP_ACT_NOTIFY, whatever its arguments are: init hands the listener on by it, under the filter already")})
		}
	}
	b.step(wire.Seccomp, "linux.seccomp", flags, num(len(f.Instructions)), f.Bytes(binary.NativeEndian))
}

// checkFlags refuses flags that this kernel would refuse, once the container
// runs already.
func (b *builder) checkFlags() {
	for i, name := range b.spec.Linux.Seccomp.Flags {
		if seccomp.FlagBit(name)&b.facts.NoSeccompFlags != 0 {
			b.fail(&spec.FieldError{Path: element("linux.seccomp.flags", i), Err: fmt.Errorf("this kernel has no %s", name)})
		}
	}
}

// identity drops what the payload is not to have. Capabilities that the parent
// does not have itself cannot be given, unless by a user namespace, which gives
// all of them; the spec wants a warning for them.
func (b *builder) identity(p *specs.Process, field string) {
	c := p.Capabilities
	if c == nil {
		c = &specs.LinuxCapabilities{}
	}
	bounding := b.caps(c.Bounding, field+".capabilities.bounding")
	permitted := b.caps(c.Permitted, field+".capabilities.permitted")
	effective := b.caps(c.Effective, field+".capabilities.effective")
	inheritable := b.caps(c.Inheritable, field+".capabilities.inheritable")
	ambient := b.caps(c.Ambient, field+".capabilities.ambient")
	b.trim(&effective, permitted, field+".capabilities.effective", "permitted")
	b.trim(&ambient, permitted&inheritable, field+".capabilities.ambient", "permitted and inheritable")
	u := p.User
	b.step(wire.Bounding, field+".capabilities.bounding", bounding, num(b.facts.LastCap))
	user := []any{num(u.UID), num(u.GID), num(len(u.AdditionalGids)), u.AdditionalGids}
	if b.facts.FixedGroups && len(u.AdditionalGids) > 0 {
		b.fail(&spec.FieldError{Path: field + ".user.additionalGids", Err: errors.New(
			"the user namespace of a caller without privilege denies setgroups, unless newgidmap maps more than the caller's own group (linux.gidMappings)")})
	}
	if b.facts.KeepGroups {
		user = append(user, num(1))
	}
	b.step(wire.User, field+".user", user...)
	b.step(wire.Caps, field+".capabilities", effective, permitted, inheritable)
	b.step(wire.Ambient, field+".capabilities.ambient", ambient)
}

func (b *builder) caps(names []string, field string) uint64 {
	mask, unknown := spec.Capabilities(names)
	for _, n := range unknown {
		b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf("%s: unknown capability %q: left out", field, n))
	}
	if _, user := spec.FindNamespace(b.spec, specs.UserNamespace); !user {
		b.trim(&mask, b.facts.Caps, field, "what this process has")
	}
	return mask
}

func (b *builder) trim(mask *uint64, to uint64, field, what string) {
	if gone := *mask &^ to; gone != 0 {
		b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf("%s: capabilities %#x are not in %s: left out", field, gone, what))
		*mask &= to
	}
}

func (b *builder) rlimits(p *specs.Process, field string) {
	for i, l := range p.Rlimits {
		n, _ := spec.Rlimit(l.Type)
		at := element(field+".rlimits", i)
		b.plan.Rlimits = append(b.plan.Rlimits, Rlimit{Resource: n, Soft: l.Soft, Hard: l.Hard, Field: at})
		b.step(wire.Rlimit, at, num(n), l.Soft, l.Hard)
	}
}

// environment is env with the last of each name, in the order of these.
func environment(env []string) []string {
	out := make([]string, 0, len(env)+1)
	for i, e := range env {
		name, _, _ := strings.Cut(e, "=")
		if !named(env[i+1:], name) {
			out = append(out, e)
		}
	}
	return out
}

func named(env []string, name string) bool {
	for _, e := range env {
		if len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name {
			return true
		}
	}
	return false
}

// homeIndex returns a number below 0 if env has a HOME that is not empty.
func homeIndex(env []string) int {
	value := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "HOME="); ok {
			value = v
		}
	}
	if value != "" {
		return -1
	}
	return len(env)
}

func dropHome(env []string) []string {
	out := env[:0]
	for _, e := range env {
		if !strings.HasPrefix(e, "HOME=") {
			out = append(out, e)
		}
	}
	return out
}

// candidates are the paths that execvp would try for name.
func candidates(name string, env []string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var out []string
	for _, e := range env {
		dirs, ok := strings.CutPrefix(e, "PATH=")
		if !ok {
			continue
		}
		for _, d := range strings.Split(dirs, ":") {
			if d == "" {
				d = "."
			}
			out = append(out, path.Join(d, name))
		}
	}
	return out
}
