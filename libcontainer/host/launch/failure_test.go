package launch

import (
	"errors"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestFailureTexts: what a person reads. The words about programs and hooks
// are those that callers look for.
func TestFailureTexts(t *testing.T) {
	for _, test := range []struct {
		name   string
		f      wire.Failure
		status uint64
		want   string
	}{
		{"call and object", wire.Failure{Kind: wire.Mknod, Op: wire.OpMknod, Errno: int(unix.EPERM), Field: "linux.devices[2]", Object: "/dev/fuse"}, 0,
			"linux.devices[2]: mknod /dev/fuse: operation not permitted"},
		{"with a detail", wire.Failure{Kind: wire.Mount, Op: wire.OpFsconfig, Errno: int(unix.EINVAL), Field: "mounts[0]", Object: "size", Detail: "tmpfs: Bad value for 'size'"}, 0,
			"mounts[0]: fsconfig size: invalid argument (tmpfs: Bad value for 'size')"},
		{"without an object", wire.Failure{Kind: wire.Setns, Op: wire.OpSetns, Errno: int(unix.EPERM), Field: "linux.namespaces[1].path"}, 0,
			"linux.namespaces[1].path: setns: operation not permitted"},
		{"without a field", wire.Failure{Op: wire.OpProgram, Errno: int(unix.EPROTO)}, 0,
			"init: map program: protocol error"},
		{"without a number", wire.Failure{Kind: wire.Chdir, Op: wire.OpChdir, Field: "process.cwd"}, 0,
			"process.cwd: chdir to cwd: refused"},

		{"no program in PATH", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.ENOENT), Field: "process.args[0]", Object: "nginx"}, 0,
			`exec: "nginx": executable file not found in $PATH`},
		{"a file in PATH", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.ENOTDIR), Field: "process.args[0]", Object: "nginx"}, 0,
			`exec: "nginx": executable file not found in $PATH`},
		{"no program at a path", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.ENOENT), Field: "process.args[0]", Object: "/bin/x"}, 0,
			`exec: "/bin/x": stat /bin/x: no such file or directory`},
		{"a path below a file", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.ENOTDIR), Field: "process.args[0]", Object: "/etc/passwd/x"}, 0,
			`exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory`},
		{"not executable", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.EACCES), Field: "process.args[0]", Object: "/etc/passwd"}, 0,
			`exec: "/etc/passwd": permission denied`},
		{"a directory", wire.Failure{Kind: wire.Find, Op: wire.OpStat, Errno: int(unix.EISDIR), Field: "process.args[0]", Object: "/etc"}, 0,
			`exec: "/etc": is a directory: permission denied`},
		{"execve", wire.Failure{Kind: wire.Exec, Op: wire.OpExec, Errno: int(unix.ENOEXEC), Field: "process.args[0]", Object: "/bin/x"}, 0,
			"exec /bin/x: exec format error"},
		{"no process", wire.Failure{Kind: wire.Exec, Op: wire.OpExec, Errno: int(unix.EINVAL), Field: "process", Detail: "the config has no process"}, 0,
			"process: exec: invalid argument (the config has no process)"},

		{"hook's status", wire.Failure{Kind: wire.Hook, Op: wire.OpWait, Field: "hooks.createContainer[2]", Object: "out", Detail: "err"}, 3 << 8,
			"error running createContainer hook #2: exit status 3, stdout: out, stderr: err"},
		{"hook's signal", wire.Failure{Kind: wire.Hook, Op: wire.OpWait, Field: "hooks.startContainer[0]"}, 9,
			"error running startContainer hook #0: signal 9, stdout: , stderr: "},
		{"hook's core dump", wire.Failure{Kind: wire.Hook, Op: wire.OpWait, Field: "hooks.startContainer[0]"}, 11 | 0x80,
			"error running startContainer hook #0: signal 11, stdout: , stderr: "},
		{"hook's time", wire.Failure{Kind: wire.Hook, Op: wire.OpWait, Errno: int(unix.ETIMEDOUT), Field: "hooks.startContainer[1]", Object: "o", Detail: "e"}, 9,
			"error running startContainer hook #1: timeout, killed with its process group, stdout: o, stderr: e"},
		{"no hook at all", wire.Failure{Kind: wire.Hook, Op: wire.OpClone, Errno: int(unix.EAGAIN), Field: "hooks.startContainer[1]", Object: "/h"}, 0,
			"error running startContainer hook #1: clone /h: resource temporarily unavailable"},

		{"hint: keys", wire.Failure{Kind: wire.Keyring, Op: wire.OpKeyring, Errno: int(unix.EDQUOT), Field: "process", Object: "_ses.c"}, 0,
			"process: join session keyring _ses.c: disk quota exceeded; the user's key quota is used up: see /proc/key-users, raise kernel.keys.maxkeys, or use --no-new-keyring"},
		{"hint: initramfs", wire.Failure{Kind: wire.Pivot, Op: wire.OpPivot, Errno: int(unix.EINVAL), Field: "root.path"}, 0,
			"root.path: pivot_root: invalid argument; on a host that runs from its initramfs use --no-pivot"},
		{"hint: filesystem type", wire.Failure{Kind: wire.Mount, Op: wire.OpFsopen, Errno: int(unix.ENODEV), Field: "mounts[1]", Object: "zfs"}, 0,
			"mounts[1]: fsopen zfs: no such device; this kernel has no such filesystem type"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &Failure{Failure: test.f, Status: test.status}
			if got := f.Error(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if test.f.Errno != 0 && !errors.Is(f, unix.Errno(test.f.Errno)) {
				t.Errorf("errors.Is does not find %v", unix.Errno(test.f.Errno))
			}
		})
	}
	if err := error(&Failure{Failure: wire.Failure{Errno: int(unix.EACCES)}}); !errors.Is(err, fs.ErrPermission) {
		t.Error("EACCES is not fs.ErrPermission")
	}
	if (&Failure{}).Unwrap() != nil {
		t.Error("no number is a cause")
	}
}
