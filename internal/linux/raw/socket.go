package raw

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxDescriptors is how many descriptors one message carries at most; the
// kernel's limit is SCM_MAX_FD = 253.
const MaxDescriptors = 128

type control struct {
	head unix.Cmsghdr
	fds  [MaxDescriptors]int32
}

const cmsgHead = unsafe.Sizeof(unix.Cmsghdr{})

// Send sends one record, with descriptor pass behind it unless that is
// negative. The peer never fails to read in time: the socket's buffer holds
// more than all records of a start.
func Send(sock int, b []byte, pass int) Errno {
	var c control
	iov := unix.Iovec{Base: At[byte](Addr(b)), Len: uint64(len(b))}
	msg := unix.Msghdr{Iov: &iov, Iovlen: 1}
	if pass >= 0 {
		c.head.Level, c.head.Type = unix.SOL_SOCKET, unix.SCM_RIGHTS
		c.head.Len = uint64(cmsgHead) + 4
		c.fds[0] = int32(pass)
		msg.Control = (*byte)(unsafe.Pointer(&c))
		msg.Controllen = uint64(cmsgHead) + 8
	}
	for {
		_, e := call(unix.SYS_SENDMSG, fd(sock), uintptr(unsafe.Pointer(&msg)), unix.MSG_NOSIGNAL, 0, 0, 0)
		if e != EINTR {
			return e
		}
	}
}

// Receive waits for one record. It returns the record's length (0: the peer
// is gone) and how many descriptors came, which are in fds.
func Receive(sock int, b []byte, fds []int32) (int, int, Errno) {
	var c control
	iov := unix.Iovec{Base: At[byte](Addr(b)), Len: uint64(len(b))}
	msg := unix.Msghdr{Iov: &iov, Iovlen: 1, Control: (*byte)(unsafe.Pointer(&c)), Controllen: uint64(unsafe.Sizeof(c))}
	for {
		n, e := call(unix.SYS_RECVMSG, fd(sock), uintptr(unsafe.Pointer(&msg)), unix.MSG_CMSG_CLOEXEC, 0, 0, 0)
		if e == EINTR {
			continue
		}
		if e != 0 {
			return 0, 0, e
		}
		if msg.Flags&(unix.MSG_CTRUNC|unix.MSG_TRUNC) != 0 {
			return 0, 0, EPROTO
		}
		got := 0
		if msg.Controllen >= uint64(cmsgHead) && c.head.Type == unix.SCM_RIGHTS {
			got = int((uintptr(c.head.Len) - cmsgHead) / 4)
			if got > len(fds) {
				return 0, 0, EPROTO
			}
			for i := 0; i < got; i++ {
				fds[i] = c.fds[i]
			}
		}
		return int(n), got, 0
	}
}

// Accept waits for a connection on a listening socket.
func Accept(sock int) (int, Errno) {
	for {
		r, e := call(unix.SYS_ACCEPT4, fd(sock), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
		if e != EINTR {
			return int(r), e
		}
	}
}

// LoopbackUp sets the flag IFF_UP on the device lo of this network namespace.
func LoopbackUp() Errno {
	s, e := call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0, 0, 0, 0)
	if e != 0 {
		return e
	}
	var req struct { // struct ifreq
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	req.name[0], req.name[1] = 'l', 'o'
	req.flags = unix.IFF_UP
	_, e = call(unix.SYS_IOCTL, s, unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&req)), 0, 0, 0)
	call(unix.SYS_CLOSE, s, 0, 0, 0, 0, 0)
	return e
}
