// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// Failure is what init said about the step that did not work.
type Failure struct {
	wire.Failure
	Status uint64 // of a hook, as wait4 gives it
	advice string // what to do, as far as only this host can tell
}

// failed adds to what init said what the parent can find out about it.
func (s *server) failed(f *Failure) error {
	if f.Step < 0 || f.Step >= len(s.plan.Steps) {
		return f
	}
	args := s.plan.Steps[f.Step].Args
	switch {
	case f.Kind == wire.Unshare:
		f.advice = unshareAdvice(f, args[0].(uint64))
	case f.Kind == wire.Mount:
		f.advice = s.mountAdvice(f, args[0].(string))
	case (f.Kind == wire.TreeAttr || f.Kind == wire.LateAttr) && errors.Is(f, linux.EPERM):
		path, set, clear, flags := args[1].(string), args[2].(uint64), args[3].(uint64), args[5].(uint64)
		if clear == 0 {
			return f
		}
		at, err := linux.OpenPath(path)
		if err != nil {
			return f
		}
		defer at.Close()
		cause := &linux.Error{Op: f.Op.Name(), Object: path, Errno: linux.EPERM}
		return fmt.Errorf("%s: %w", f.Field, locked(cause, at, set, clear, flags != 0))
	}
	return f
}

// Unwrap returns the error number, so that errors.Is finds it.
func (f *Failure) Unwrap() error {
	if f.Errno == 0 {
		return nil
	}
	return linux.Errno(f.Errno)
}

// Error says which field of the config, which call, on what, and why.
func (f *Failure) Error() string {
	switch f.Kind {
	case wire.Find:
		return f.notFound()
	case wire.Hook:
		return f.hook()
	case wire.Exec:
		if f.Detail == "" {
			return "exec " + f.Object + ": " + f.cause()
		}
	}
	text := f.Op.Name()
	switch {
	case f.Kind == wire.Label:
		// In quotes, by which Podman knows errors of security modules.
		text += " `/proc/" + f.Object + "`"
	case f.Object != "":
		text += " " + f.Object
	}
	text += ": " + f.cause()
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	if h := f.hint(); h != "" {
		text += "; " + h
	}
	if f.Field == "" {
		return "init: " + text
	}
	return f.Field + ": " + text
}

func (f *Failure) cause() string {
	if f.Errno == 0 {
		return "refused"
	}
	if f.Kind == wire.Label && f.Op == wire.OpWrite && errors.Is(f, linux.ENOENT) {
		// Callers take the kernel's words for a missing program.
		return "no profile of this name is loaded"
	}
	return linux.Errno(f.Errno).Error()
}

// notFound uses the words that Docker and Podman turn into 126 and 127.
func (f *Failure) notFound() string {
	name := f.Object
	missing := errors.Is(f, linux.ENOENT) || errors.Is(f, linux.ENOTDIR)
	if missing && !strings.Contains(name, "/") {
		return fmt.Sprintf("exec: %q: executable file not found in $PATH", name)
	}
	if missing {
		return fmt.Sprintf("exec: %q: stat %s: %s", name, name, f.cause())
	}
	if errors.Is(f, linux.EISDIR) {
		// What execve would say, and the only words Docker 20.10 has 126 for.
		return fmt.Sprintf("exec: %q: is a directory: %v", name, linux.EACCES)
	}
	return fmt.Sprintf("exec: %q: %s", name, f.cause())
}

// hook uses runc's words, which its own tests look for.
func (f *Failure) hook() string {
	kind, index := f.Field, ""
	if at := strings.IndexByte(kind, '['); at >= 0 {
		kind, index = kind[:at], strings.Trim(kind[at:], "[]")
	}
	kind = strings.TrimPrefix(kind, "hooks.")
	how := fmt.Sprintf("exit status %d", f.Status>>8&0xff)
	switch {
	case errors.Is(f, linux.ETIMEDOUT):
		how = "timeout, killed with its process group"
	case f.Errno != 0:
		return fmt.Sprintf("error running %s hook #%s: %s %s: %s", kind, index, f.Op.Name(), f.Object, f.cause())
	case f.Status&0x7f != 0:
		how = fmt.Sprintf("signal %d", f.Status&0x7f)
	}
	return fmt.Sprintf("error running %s hook #%s: %s, stdout: %s, stderr: %s", kind, index, how, f.Object, f.Detail)
}

// call is the system call that failed. What makes a filesystem is a command of
// fsconfig.
func (f *Failure) call() string {
	if f.Kind == wire.Mount && f.Op == wire.OpMount {
		return wire.OpFsconfig.Name()
	}
	return f.Op.Name()
}

// hint says what to do, where the error number alone is a riddle.
func (f *Failure) hint() string {
	switch {
	case f.Kind == wire.LateAttr && errors.Is(f, linux.EPERM):
		return f.advice // it was mount(2) that refused
	case linux.WhyAbsent(f.call(), linux.Errno(f.Errno)) != "":
		return linux.WhyAbsent(f.call(), linux.Errno(f.Errno))
	case f.advice != "":
		return f.advice
	case f.Kind == wire.Tree && errors.Is(f, linux.EINVAL):
		return "something is mounted below it, and what that hides may not be seen in a user namespace: bind it with rbind"
	case f.Op == wire.OpSetgroups && errors.Is(f, linux.EPERM):
		return "the user namespace denies it, as one does that a user made without newgidmap, or without CAP_SETGID"
	case f.Op == wire.OpKeyring && errors.Is(f, linux.EDQUOT):
		return "the user's key quota is used up: see /proc/key-users, raise kernel.keys.maxkeys, or use --no-new-keyring"
	case f.Op == wire.OpSeccomp && errors.Is(f, linux.EBUSY):
		return "a filter around this runtime has a listener already, and the kernel allows one"
	case f.Kind == wire.Label && errors.Is(f, linux.EINVAL):
		return "the policy that is loaded does not know this label"
	case f.Op == wire.OpPivot && errors.Is(f, linux.EINVAL):
		return "on a host that runs from its initramfs use --no-pivot"
	case (f.Op == wire.OpFspick || f.Op == wire.OpMountSetattr) && errors.Is(f, linux.EINVAL):
		return "nothing is mounted at exactly this path, or it has no such attribute"
	case f.Kind == wire.Mount && f.Op == wire.OpFsopen && errors.Is(f, linux.ENODEV):
		return "this kernel has no such filesystem type"
	}
	return ""
}

// Killed is the error for an init that a signal ended before it was ready.
type Killed struct{ Signal int }

func (k *Killed) Error() string { return fmt.Sprintf("init: killed by signal %d", k.Signal) }
