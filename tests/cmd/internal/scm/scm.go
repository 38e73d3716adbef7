// Package scm is the receiving end of a console or pidfd socket, for the
// helper commands of the integration tests: it listens, takes one connection
// and reports exactly what came over it.
package scm

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Message is what one connection brought.
type Message struct {
	Data string `json:"data"` // the bytes beside the descriptors
	FDs  []int  `json:"-"`
	N    int    `json:"fds"`
	More int    `json:"more"` // bytes that followed the first message
}

// Listen makes a stream socket at path. It listens under another name first:
// whoever waits for the path to appear may connect at once.
func Listen(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path + "~"}); err != nil {
		return -1, fmt.Errorf("bind %s~: %w", path, err)
	}
	if err := unix.Listen(fd, 8); err != nil {
		return -1, fmt.Errorf("listen %s: %w", path, err)
	}
	if err := unix.Rename(path+"~", path); err != nil {
		return -1, fmt.Errorf("rename %s~: %w", path, err)
	}
	return fd, nil
}

// Accept waits for one connection and reads it to its end.
func Accept(listener int, limit time.Duration) (*Message, error) {
	m, conn, err := Receive(listener, limit)
	if err != nil {
		return nil, err
	}
	m.End(conn)
	return m, nil
}

// End reads the connection to its end, and closes it.
func (m *Message) End(conn int) {
	defer unix.Close(conn)
	data := make([]byte, 8192)
	for {
		var n int
		err := retry(func() (err error) {
			n, err = unix.Read(conn, data)
			return err
		})
		if err != nil || n <= 0 {
			return
		}
		m.More += n
	}
}

// Receive waits for one connection and its first message.
func Receive(listener int, limit time.Duration) (*Message, int, error) {
	timeout := unix.NsecToTimeval(limit.Nanoseconds())
	if err := unix.SetsockoptTimeval(listener, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, -1, fmt.Errorf("set timeout: %w", err)
	}
	conn := -1
	err := retry(func() (err error) {
		conn, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, -1, fmt.Errorf("accept: %w", err)
	}
	m, err := first(conn, timeout)
	if err != nil {
		unix.Close(conn)
		return nil, -1, err
	}
	return m, conn, nil
}

func first(conn int, timeout unix.Timeval) (*Message, error) {
	if err := unix.SetsockoptTimeval(conn, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, fmt.Errorf("set timeout: %w", err)
	}
	data := make([]byte, 8192)
	control := make([]byte, unix.CmsgSpace(16*4))
	var n, cn int
	err := retry(func() (err error) {
		n, cn, _, _, err = unix.Recvmsg(conn, data, control, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	m := &Message{Data: string(data[:n])}
	messages, err := unix.ParseSocketControlMessage(control[:cn])
	if err != nil {
		return nil, fmt.Errorf("parse control message: %w", err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, fmt.Errorf("parse rights: %w", err)
		}
		m.FDs = append(m.FDs, fds...)
	}
	m.N = len(m.FDs)
	return m, nil
}

// retry repeats a call that a signal interrupted. The Go runtime signals its
// own threads, and a socket with a timeout is not restarted after that.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
