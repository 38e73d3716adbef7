package libcontainer

import (
	"fmt"
	"os"
	"strconv"

	"github.com/oci-rung/rung/internal/fdpass"
	"github.com/oci-rung/rung/internal/linux"
)

// ProcessOptions are what a process gets that is not in its config.
type ProcessOptions struct {
	// Stdio become descriptors 0, 1 and 2; borrowed.
	Stdio [3]*os.File
	// ExtraFiles become 3, 4, …; borrowed.
	ExtraFiles []*os.File
	// Console gets the master of the terminal before the call returns, and
	// owns it. Required when the process wants a terminal.
	Console func(master *os.File) error
	// PidFile gets the pid, digits only, whole or not at all.
	PidFile string
	// PidfdSocket is the path of a socket that gets a pidfd.
	PidfdSocket string
}

func (o *ProcessOptions) stdio() (out [3]linux.FD) {
	for i, f := range o.Stdio {
		out[i] = linux.NoFD
		if f != nil {
			out[i] = linux.FD(f.Fd())
		}
	}
	return out
}

func (o *ProcessOptions) extra() []linux.FD { return descriptors(o.ExtraFiles) }

// announce hands the pidfd over and writes the pid file.
func (o *ProcessOptions) announce(pid int, pidfd linux.FD) error {
	if o.PidfdSocket != "" {
		dup, err := pidfd.Dup()
		if err != nil {
			return err
		}
		f := os.NewFile(uintptr(dup), "pidfd")
		err = fdpass.SendTo(o.PidfdSocket, "pidfd", f)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("--pidfd-socket: %w", err)
		}
	}
	if o.PidFile == "" {
		return nil
	}
	if err := linux.ReplaceFile(o.PidFile, strconv.Itoa(pid), 0o644); err != nil {
		return fmt.Errorf("--pid-file: %w", err)
	}
	return nil
}

// Process is a child of this command: init, for who created it, or a process
// that exec made.
type Process struct {
	pid   int
	pidfd linux.FD
}

// Pid is the process' pid in this command's pid namespace.
func (p *Process) Pid() int { return p.pid }

// Pidfd is the process' descriptor, borrowed.
func (p *Process) Pidfd() int { return int(p.pidfd) }

// Signal sends a signal to the process.
func (p *Process) Signal(sig int) error { return linux.SignalFD(p.pidfd, sig) }

// Wait waits until the process has ended, reaps it, and says how.
func (p *Process) Wait() (Exit, error) {
	exited, code, err := linux.Reap(p.pid)
	if err != nil {
		return Exit{}, err
	}
	_ = p.pidfd.Close()
	if exited {
		return Exit{Code: code}, nil
	}
	return Exit{Signal: code}, nil
}

// Exit is how a process ended: with a code, or by a signal if that is not 0.
type Exit struct{ Code, Signal int }

// Status is the exit status that a shell gives for it.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + e.Signal
	}
	return e.Code
}
