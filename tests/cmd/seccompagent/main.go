// Command seccompagent answers the system calls that a container's filter
// leaves to an agent: it listens on a socket, takes the listener of each
// container that comes, and gives every call the same answer.
//
// The states (JSON) go to one file, a line each; the numbers of the calls go to
// stdout, a line each.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/oci-rung/rung/tests/cmd/internal/scm"
	"golang.org/x/sys/unix"
)

// notif and answer are the kernel's struct seccomp_notif and seccomp_notif_resp.
type notif struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

const goOn = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

func main() {
	var (
		state = flag.String("state", "", "file for the states")
		errno = flag.Int("errno", 0, "what calls fail with; 0 lets the kernel do them")
		hang  = flag.Bool("hangup", false, "close every listener at once")
		deaf  = flag.String("refuse", "", "close every connection at once, and make this file then")
		early = flag.Bool("early", false, "answer before the connection has ended")
		limit = flag.Duration("limit", 25*time.Second, "how long to live at most")
	)
	flag.Parse()
	time.AfterFunc(*limit, func() { fail(fmt.Errorf("time is up")) })
	if flag.NArg() != 1 {
		fail(fmt.Errorf("usage: seccompagent [flags] SOCKET"))
	}
	listener, err := scm.Listen(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	for {
		if *deaf != "" {
			refuse(listener, *deaf)
			continue
		}
		m, conn, err := scm.Receive(listener, *limit)
		if err != nil {
			fail(err)
		}
		if *early {
			go m.End(conn)
		} else {
			m.End(conn)
		}
		record(*state, m)
		if m.N != 1 || m.More != 0 {
			fail(fmt.Errorf("%d descriptors, and %d bytes behind the first message", m.N, m.More))
		}
		if *hang {
			unix.Close(m.FDs[0])
			continue
		}
		go serve(m.FDs[0], int32(*errno))
	}
}

func refuse(listener int, mark string) {
	conn, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	if err == nil {
		unix.Close(conn)
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			fail(err)
		}
	} else if err != unix.EINTR {
		fail(fmt.Errorf("accept: %w", err))
	}
}

func record(path string, m *scm.Message) {
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(m.Data + "\n")
		f.Close()
	}
	if err != nil {
		fail(err)
	}
}

// serve answers until the last process under the filter is gone.
func serve(listener int, errno int32) {
	defer unix.Close(listener)
	for {
		p := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err != nil && err != unix.EINTR {
			return
		}
		if p[0].Revents&unix.POLLIN == 0 {
			if p[0].Revents != 0 {
				return // hung up
			}
			continue
		}
		var n notif
		if !ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) {
			continue // a signal interrupted the caller
		}
		fmt.Println(n.nr)
		a := answer{id: n.id, errno: -errno}
		if errno == 0 {
			a.flags = goOn
		}
		ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a))
	}
}

func ioctl(fd int, request uint, arg unsafe.Pointer) bool {
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
		if e != unix.EINTR {
			return e == 0
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "seccompagent:", err)
	os.Exit(1)
}
