package linux

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// FramePair makes a pair of connected sockets that keep records apart and
// tell when the other end is gone.
func FramePair() (FD, FD, error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	return FD(p[0]), FD(p[1]), wrap("socketpair", "", err)
}

// FrameListen binds a listening record socket to a name in a directory. The
// path goes through the directory's descriptor, so it cannot be too long.
func FrameListen(dir FD, name string) (FD, error) {
	n, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return NoFD, wrap("socket", name, err)
	}
	if err = unix.Bind(n, frameAddress(dir, name)); err == nil {
		err = unix.Listen(n, 1)
	}
	if err != nil {
		_ = unix.Close(n)
		return NoFD, wrap("bind", name, err)
	}
	return FD(n), nil
}

// FrameConnect connects to a listening record socket in a directory.
func FrameConnect(dir FD, name string) (FD, error) {
	n, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return NoFD, wrap("socket", name, err)
	}
	if err = retry(func() error { return unix.Connect(n, frameAddress(dir, name)) }); err != nil {
		_ = unix.Close(n)
		return NoFD, wrap("connect", name, err)
	}
	return FD(n), nil
}

func frameAddress(dir FD, name string) *unix.SockaddrUnix {
	return &unix.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(int(dir)) + "/" + name}
}

// SendFrame sends one record and descriptors with it, which it borrows.
func SendFrame(sock FD, b []byte, fds ...FD) error {
	var control []byte
	if len(fds) > 0 {
		list := make([]int, len(fds))
		for i, f := range fds {
			list[i] = int(f)
		}
		control = unix.UnixRights(list...)
	}
	return wrap("send", "init", retry(func() error {
		return unix.Sendmsg(int(sock), b, control, nil, unix.MSG_NOSIGNAL)
	}))
}

// ReceiveFrame waits for one record. It returns its length, 0 when the other
// end is gone, and the descriptor that came with it or NoFD; that is the
// caller's.
func ReceiveFrame(sock FD, b []byte) (int, FD, error) {
	control := make([]byte, unix.CmsgSpace(4))
	var n, cn int
	err := retry(func() (err error) {
		n, cn, _, _, err = unix.Recvmsg(int(sock), b, control, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err == unix.ECONNRESET {
		return 0, NoFD, nil
	}
	if err != nil || cn == 0 {
		return n, NoFD, wrap("receive", "init", err)
	}
	got, err := unix.ParseSocketControlMessage(control[:cn])
	if err != nil || len(got) != 1 {
		return 0, NoFD, &Error{"receive", "init", unix.EPROTO}
	}
	fds, err := unix.ParseUnixRights(&got[0])
	if err != nil || len(fds) != 1 {
		return 0, NoFD, &Error{"receive", "init", unix.EPROTO}
	}
	return n, FD(fds[0]), nil
}
