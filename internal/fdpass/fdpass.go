// Package fdpass hands descriptors to another process over a unix socket: a
// pty master to the caller's console socket, a pidfd to its pidfd socket.
//
// It runs in the parent and may assume nothing about who listens: a peer that
// does not accept in time is an error, never a wait without end.
package fdpass

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// maxText is the longest data part of a message. The receivers in use read
// 4096 bytes, the last of which one of them keeps for a NUL.
const maxText = 4095

// sendTimeout bounds connecting and sending; a healthy peer takes
// microseconds.
const sendTimeout = 10 * time.Second

// ErrNoFile is returned by Receive for a message that carries no descriptor.
var ErrNoFile = errors.New("message carries no descriptor")

// SendTo connects to the stream socket at path and sends one message: text as
// its data and one descriptor of file. It connects exactly once, because a
// listener may unlink the socket after the first connection. file stays the
// caller's.
func SendTo(path, text string, file *os.File) error {
	if text == "" || len(text) > maxText {
		return fmt.Errorf("send descriptor to %s: data of %d bytes, want 1 to %d", path, len(text), maxText)
	}
	sock, err := linux.ConnectStream(path, sendTimeout)
	if err != nil {
		return err
	}
	defer sock.Close()
	return linux.SendFiles(sock, []byte(text), file)
}

// Receive takes one message with exactly one descriptor from sock, and
// returns its data and the descriptor, which is the caller's to close.
func Receive(sock *os.File) (string, *os.File, error) {
	data := make([]byte, maxText)
	n, files, err := linux.ReceiveFiles(sock, data, 1)
	if err != nil {
		return "", nil, err
	}
	if len(files) == 0 {
		return "", nil, fmt.Errorf("receive from %s: %w", sock.Name(), ErrNoFile)
	}
	return string(data[:n]), files[0], nil
}
