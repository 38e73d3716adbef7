package linux

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// socketPathMax is the longest path that fits into struct sockaddr_un.
const socketPathMax = 107

// ConnectStream connects to the unix stream socket at path, which may be
// longer than a socket address holds. Connecting and sending give up after
// timeout: a peer that does not accept must not keep us.
func ConnectStream(path string, timeout time.Duration) (*os.File, error) {
	return connectUnix(path, unix.SOCK_STREAM, timeout)
}

// ConnectDatagram connects to the unix datagram socket at path; a path that
// begins with @ is a name in the abstract namespace.
func ConnectDatagram(path string, timeout time.Duration) (*os.File, error) {
	return connectUnix(path, unix.SOCK_DGRAM, timeout)
}

func connectUnix(path string, kind int, timeout time.Duration) (*os.File, error) {
	sock, err := newUnixSocket(path, kind)
	if err != nil {
		return nil, err
	}
	fd := int(sock.Fd())
	limit := unix.NsecToTimeval(timeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("setsockopt SO_SNDTIMEO: %w", err)
	}
	err = withSocketAddress(path, func(addr string) error {
		for {
			err := unix.Connect(fd, &unix.SockaddrUnix{Name: addr})
			if err == unix.EINTR {
				continue
			}
			return err
		}
	})
	if err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("connect %s: %w", path, err)
	}
	return sock, nil
}

// BindDatagram makes a unix datagram socket at path, which everybody may
// write to whatever the umask is.
func BindDatagram(path string) (*os.File, error) {
	sock, err := newUnixSocket(path, unix.SOCK_DGRAM)
	if err != nil {
		return nil, err
	}
	err = withSocketAddress(path, func(addr string) error {
		if err := unix.Bind(int(sock.Fd()), &unix.SockaddrUnix{Name: addr}); err != nil {
			return fmt.Errorf("bind %s: %w", path, err)
		}
		return openToAll(addr)
	})
	if err != nil {
		_ = sock.Close()
		return nil, err
	}
	return sock, nil
}

// openToAll lets everybody write to the socket that was just bound. The name is
// resolved once, without following it: who can write to the directory must not
// be able to turn this into a chmod of another file.
func openToAll(addr string) error {
	fd, err := unix.Open(addr, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", addr, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("stat %s: %w", addr, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("chmod %s: %w", addr, unix.ENOTSOCK)
	}
	if err := unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), 0o777); err != nil {
		return fmt.Errorf("chmod %s: %w", addr, err)
	}
	return nil
}

func newUnixSocket(path string, kind int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket unix: %w", err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// withSocketAddress calls use with a name of path that fits into a socket
// address: path itself, or its directory's descriptor and the last component.
func withSocketAddress(path string, use func(addr string) error) error {
	if len(path) <= socketPathMax || strings.HasPrefix(path, "@") {
		return use(path)
	}
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	return use("/proc/self/fd/" + strconv.Itoa(dir) + "/" + filepath.Base(path))
}

// SendFiles sends one message with the files' descriptors beside the data.
func SendFiles(sock *os.File, data []byte, files ...*os.File) error {
	var oob []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		oob = unix.UnixRights(fds...)
	}
	for {
		n, err := unix.SendmsgN(int(sock.Fd()), data, oob, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("sendmsg %s: %w", sock.Name(), err)
		}
		if n != len(data) {
			return fmt.Errorf("sendmsg %s: %d of %d bytes sent", sock.Name(), n, len(data))
		}
		return nil
	}
}

// ErrMessageCut says that a message was longer, or had more descriptors, than
// the receiver left room for.
var ErrMessageCut = errors.New("message cut short")

// ReceiveFiles receives one message into data and at most maxFiles
// descriptors, which are close-on-exec and the caller's to close. Nothing and
// no descriptor means that the peer is gone.
func ReceiveFiles(sock *os.File, data []byte, maxFiles int) (int, []*os.File, error) {
	oob := make([]byte, unix.CmsgSpace(4*maxFiles))
	for {
		n, oobn, flags, _, err := unix.Recvmsg(int(sock.Fd()), data, oob, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, nil, fmt.Errorf("recvmsg %s: %w", sock.Name(), err)
		}
		files, err := parseRights(oob[:oobn])
		if err == nil && flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
			err = ErrMessageCut
		}
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
			return 0, nil, fmt.Errorf("recvmsg %s: %w", sock.Name(), err)
		}
		return n, files, nil
	}
}

func parseRights(oob []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range messages {
		if messages[i].Header.Level != unix.SOL_SOCKET || messages[i].Header.Type != unix.SCM_RIGHTS {
			continue
		}
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}
