package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Netlink is a connection to the routing tables of one network namespace: the
// one that the thread was in which opened it.
type Netlink struct {
	fd  FD
	seq uint32
}

// OpenNetlink connects to the network namespace of this process.
func OpenNetlink() (*Netlink, error) {
	n, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, wrap("socket AF_NETLINK", "", err)
	}
	// The kernel then says in words what it does not like. Kernel(4.12).
	_ = unix.SetsockoptInt(n, unix.SOL_NETLINK, unix.NETLINK_EXT_ACK, 1)
	_ = unix.SetsockoptInt(n, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	return &Netlink{fd: FD(n)}, nil
}

// OpenNetlinkIn connects to a network namespace. As long as the connection is
// open, that namespace is there.
func OpenNetlinkIn(ns FD) (n *Netlink, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		if err = ThreadSetns(ns, unix.CLONE_NEWNET); err == nil {
			n, err = OpenNetlink()
		}
	}()
	<-done
	return n, err
}

// Close ends the connection.
func (n *Netlink) Close() error { return n.fd.Close() }

// NetlinkError is a refusal with the kernel's own words.
type NetlinkError struct {
	Errno Errno
	Says  string
}

func (e *NetlinkError) Error() string {
	if e.Says == "" {
		return e.Errno.Error()
	}
	return e.Errno.Error() + " (" + e.Says + ")"
}

// Unwrap returns the error number.
func (e *NetlinkError) Unwrap() error { return e.Errno }

var errNetlink = errors.New("netlink: malformed answer")

// request is a message that is being put together.
type request struct{ b []byte }

func newRequest(kind, flags uint16) *request {
	b := make([]byte, unix.NLMSG_HDRLEN, 128)
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], flags|unix.NLM_F_REQUEST)
	return &request{b}
}

func (r *request) bytes(b ...byte)            { r.b = append(r.b, b...) }
func (r *request) uint32(v uint32)            { r.b = binary.NativeEndian.AppendUint32(r.b, v) }
func (r *request) uint16(v uint16)            { r.b = binary.NativeEndian.AppendUint16(r.b, v) }
func (r *request) text(kind uint16, s string) { r.attr(kind, append([]byte(s), 0)) }

// attr adds an attribute, padded to four bytes.
func (r *request) attr(kind uint16, value []byte) {
	r.uint16(uint16(unix.SizeofRtAttr + len(value)))
	r.uint16(kind)
	r.bytes(value...)
	for len(r.b)%unix.RTA_ALIGNTO != 0 {
		r.bytes(0)
	}
}

// attributes calls f with every attribute in b.
func attributes(b []byte, f func(kind uint16, value []byte)) error {
	for len(b) >= unix.SizeofRtAttr {
		n := int(binary.NativeEndian.Uint16(b))
		if n < unix.SizeofRtAttr || n > len(b) {
			return errNetlink
		}
		// The two highest bits are flags.
		f(binary.NativeEndian.Uint16(b[2:])&0x3fff, b[unix.SizeofRtAttr:n])
		b = b[min((n+unix.RTA_ALIGNTO-1)&^(unix.RTA_ALIGNTO-1), len(b)):]
	}
	return nil
}

// do sends a request and calls f with the payload of each message of the
// answer. f may be nil.
func (n *Netlink) do(r *request, f func(payload []byte) error) error {
	n.seq++
	dump := binary.NativeEndian.Uint16(r.b[6:])&unix.NLM_F_DUMP == unix.NLM_F_DUMP
	if !dump {
		binary.NativeEndian.PutUint16(r.b[6:], binary.NativeEndian.Uint16(r.b[6:])|unix.NLM_F_ACK)
	}
	binary.NativeEndian.PutUint32(r.b, uint32(len(r.b)))
	binary.NativeEndian.PutUint32(r.b[8:], n.seq)
	if err := unix.Sendto(int(n.fd), r.b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return wrap("send", "netlink", err)
	}
	buf := make([]byte, 64<<10) // the kernel's blocks are half of that
	for {
		var got int
		err := retry(func() (err error) {
			got, _, err = unix.Recvfrom(int(n.fd), buf, 0)
			return err
		})
		if err != nil {
			return wrap("receive", "netlink", err)
		}
		done, err := n.answer(buf[:got], f)
		if done || err != nil {
			return err
		}
	}
}

// answer goes through the messages of one datagram, and reports the last one.
func (n *Netlink) answer(b []byte, f func([]byte) error) (bool, error) {
	order := binary.NativeEndian
	for len(b) >= unix.NLMSG_HDRLEN {
		size, kind, flags, seq := int(order.Uint32(b)), order.Uint16(b[4:]), order.Uint16(b[6:]), order.Uint32(b[8:])
		if size < unix.NLMSG_HDRLEN || size > len(b) {
			return true, errNetlink
		}
		payload := b[unix.NLMSG_HDRLEN:size]
		b = b[min((size+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1), len(b)):]
		if seq != n.seq {
			continue // of a request that was given up
		}
		switch {
		case kind == unix.NLMSG_DONE:
			return true, nil
		case kind == unix.NLMSG_ERROR:
			return true, acknowledgement(payload, flags)
		case f != nil:
			if err := f(payload); err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// acknowledgement reads struct nlmsgerr: an error number, the header of the
// request, then attributes.
func acknowledgement(b []byte, flags uint16) error {
	const said = 4 + unix.NLMSG_HDRLEN
	if len(b) < said {
		return errNetlink
	}
	code := int32(binary.NativeEndian.Uint32(b))
	if code == 0 {
		return nil
	}
	e := &NetlinkError{Errno: Errno(-code)}
	if flags&unix.NLM_F_ACK_TLVS != 0 {
		err := attributes(b[said:], func(kind uint16, value []byte) {
			if kind == unix.NLMSGERR_ATTR_MSG && len(value) > 0 {
				e.Says = string(value[:len(value)-1])
			}
		})
		if err != nil {
			return fmt.Errorf("%w: %w", e, err)
		}
	}
	return e
}
