package linux

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Program is another program to start, with all it is to get.
type Program struct {
	Path string // resolved in this process's root
	Args []string
	Env  []string
	Dir  string // "" is the current directory
	// Stdio become its descriptors 0, 1 and 2, Extra 3, 4, …. It gets no other
	// one, if what is open here is close-on-exec.
	Stdio [3]FD
	Extra []FD
}

// Child is a started program, leader of its own process group. Whoever started
// it has to Wait.
type Child struct {
	Pid   int
	Pidfd FD // readable once the program ended
}

// Start runs the program. It returns after the execve: its failure is the
// error, and then there is no child.
func (p *Program) Start() (*Child, error) {
	pidfd := -1
	attr := syscall.ProcAttr{
		Dir:   p.Dir,
		Env:   p.Env,
		Files: []uintptr{uintptr(p.Stdio[0]), uintptr(p.Stdio[1]), uintptr(p.Stdio[2])},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	}
	for _, fd := range p.Extra {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	pid, err := forkExec(p.Path, p.Args, &attr)
	if err != nil {
		return nil, wrap("exec", p.Path, err)
	}
	c := &Child{Pid: pid, Pidfd: FD(pidfd)}
	if pidfd < 0 {
		// Kernel(5.2): CLONE_PIDFD; an older kernel takes no notice of it.
		_ = c.KillGroup()
		_, _ = c.Wait()
		return nil, &Error{Op: "clone CLONE_PIDFD", Object: p.Path, Errno: unix.ENOSYS}
	}
	return c, nil
}

// KillGroup kills the program and all of its process group. The number cannot
// have gone to others before Wait.
func (c *Child) KillGroup() error {
	err := unix.Kill(-c.Pid, unix.SIGKILL)
	if err == unix.ESRCH {
		// The leader went to another group, and nobody stayed in its own.
		err = unix.Kill(c.Pid, unix.SIGKILL)
	}
	return wrap("kill", strconv.Itoa(c.Pid), err)
}

// WaitStatus is how a program ended.
type WaitStatus = unix.WaitStatus

// Wait takes the child's exit status and closes Pidfd. It waits if the child
// still runs.
func (c *Child) Wait() (WaitStatus, error) {
	var ws unix.WaitStatus
	defer c.Pidfd.Close()
	for {
		_, err := unix.Wait4(c.Pid, &ws, 0, nil)
		if err != unix.EINTR {
			return ws, wrap("wait4", strconv.Itoa(c.Pid), err)
		}
	}
}
