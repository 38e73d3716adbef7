package sdsocket

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

const (
	// DirName is the directory below the container's state directory that
	// holds the socket.
	DirName = "notify"
	// Mountpoint is where the container sees that directory, read-only.
	Mountpoint = "/run/notify"

	socketName = "notify.sock"

	// barrierTimeout bounds the wait for the service manager to have
	// worked off what it was sent.
	barrierTimeout = 30 * time.Second
	// sendTimeout bounds each message to the service manager.
	sendTimeout = 10 * time.Second
)

// PayloadEnv is the variable by which the payload finds the socket.
func PayloadEnv() string { return "NOTIFY_SOCKET=" + Mountpoint + "/" + socketName }

// Relay hands the payload's READY on to the service manager of the host.
type Relay struct {
	host *os.File // connected to the service manager
	sock *os.File // bound for the payload
}

// NewRelay connects to the service manager's socket host and binds the
// payload's socket in dir, which exists. Call it before the payload runs, so
// that a wrong address is an error of a container that did not start.
func NewRelay(host, dir string) (*Relay, error) {
	conn, err := linux.ConnectDatagram(host, sendTimeout)
	if err != nil {
		return nil, fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	path := filepath.Join(dir, socketName)
	// A start that failed after this point leaves its socket behind.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		_ = conn.Close()
		return nil, err
	}
	sock, err := linux.BindDatagram(path)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &Relay{host: conn, sock: sock}, nil
}

// Close frees the sockets. What the payload sends later is refused.
func (r *Relay) Close() {
	_ = r.host.Close()
	_ = r.sock.Close()
}

// Run waits until the payload says that it is ready and tells the service
// manager that, and that its main process is mainPID. It returns without a
// word when the process of pidfd, the container's init, is gone before.
func (r *Relay) Run(pidfd, mainPID int) error {
	ready, err := r.awaitReady(pidfd)
	if err != nil || ready == nil {
		return err
	}
	for _, message := range [][]byte{
		append(ready, '\n'),
		append(strconv.AppendInt([]byte("MAINPID="), int64(mainPID), 10), '\n'),
	} {
		if err := linux.SendFiles(r.host, message); err != nil {
			return err
		}
	}
	return r.barrier(pidfd)
}

func (r *Relay) awaitReady(pidfd int) ([]byte, error) {
	fds := []linux.PollFd{
		{Fd: int32(r.sock.Fd()), Events: linux.PollIn},
		{Fd: int32(pidfd), Events: linux.PollIn},
	}
	for {
		if _, err := linux.Poll(fds, linux.NoTimeout); err != nil {
			return nil, err
		}
		// Order: the message first, because a payload may say that it is
		// ready and end before we are back from the poll.
		if fds[0].Revents != 0 {
			if ready, err := r.receive(); ready != nil || err != nil {
				return ready, err
			}
			continue
		}
		if fds[1].Revents != 0 {
			return nil, nil
		}
	}
}

// receive takes one message and returns its line that begins with READY=.
func (r *Relay) receive() ([]byte, error) {
	buf := make([]byte, 4096)
	n, files, err := linux.ReceiveFiles(r.sock, buf, maxFiles)
	if errors.Is(err, linux.ErrMessageCut) {
		return nil, nil // not one of ours; the kernel has dropped the rest
	}
	if err != nil {
		return nil, err
	}
	// Closing is the answer that a payload with a barrier waits for.
	for _, f := range files {
		_ = f.Close()
	}
	for line := range bytes.Lines(buf[:n]) {
		if bytes.HasPrefix(line, []byte("READY=")) {
			return bytes.TrimSuffix(line, []byte("\n")), nil
		}
	}
	return nil, nil
}

// maxFiles is how many descriptors a payload's message may carry.
const maxFiles = 16

// barrier waits until the service manager has worked off the messages: it
// closes the descriptor it gets, and with it the pipe.
func (r *Relay) barrier(pidfd int) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	err = linux.SendFiles(r.host, []byte("BARRIER=1"), writer)
	_ = writer.Close()
	if err != nil {
		return err
	}
	fds := []linux.PollFd{
		{Fd: int32(reader.Fd()), Events: linux.PollIn},
		{Fd: int32(pidfd), Events: linux.PollIn},
	}
	n, err := linux.Poll(fds, barrierTimeout)
	if err == nil && n == 0 {
		return fmt.Errorf("NOTIFY_SOCKET: no answer to the barrier in %v", barrierTimeout)
	}
	return err
}
