// Command sdhelper plays the parts of systemd that a runtime meets.
//
//	sdhelper notify SOCKET
//	    is the service manager's notification socket: prints each datagram as
//	    one line of JSON and lets go of the descriptor a BARRIER=1 brings.
//	    Ends after a barrier, or when -limit is over.
//	sdhelper send SOCKET TEXT
//	    is the service: sends one datagram.
//	sdhelper listen N [-names a:b] -- COMMAND…
//	    is socket activation: N pipes at descriptors 3 and up, each holding
//	    the text "listen fd 3", and LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.
//	sdhelper mute SOCKET
//	    is a systemd that hangs: connections are made, and nothing is said.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const limit = 20 * time.Second

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "notify":
		err = notify(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "send":
		err = send(os.Args[2], os.Args[3])
	case len(os.Args) > 3 && os.Args[1] == "listen":
		err = listen(os.Args[2:])
	case len(os.Args) == 3 && os.Args[1] == "mute":
		err = mute(os.Args[2])
	default:
		err = fmt.Errorf("usage: sdhelper mute SOCKET | notify SOCKET | send SOCKET TEXT | listen N [-names LIST] -- COMMAND…")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sdhelper:", err)
		os.Exit(1)
	}
}

func notify(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return fmt.Errorf("bind %s: %w", path, err)
	}
	timeout := unix.NsecToTimeval(limit.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return fmt.Errorf("set timeout: %w", err)
	}
	data := make([]byte, 8192)
	control := make([]byte, unix.CmsgSpace(16*4))
	for {
		n, cn, _, _, err := unix.Recvmsg(fd, data, control, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		fds := 0
		messages, err := unix.ParseSocketControlMessage(control[:cn])
		if err != nil {
			return fmt.Errorf("parse control message: %w", err)
		}
		for i := range messages {
			list, err := unix.ParseUnixRights(&messages[i])
			if err != nil {
				return fmt.Errorf("parse rights: %w", err)
			}
			fds += len(list)
			for _, f := range list {
				unix.Close(f)
			}
		}
		line := struct {
			Data string `json:"data"`
			FDs  int    `json:"fds"`
		}{string(data[:n]), fds}
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			return err
		}
		if strings.Contains(line.Data, "BARRIER=1") {
			return nil
		}
	}
}

func send(path, text string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := unix.Sendto(fd, []byte(text), 0, &unix.SockaddrUnix{Name: path}); err != nil {
		return fmt.Errorf("send to %s: %w", path, err)
	}
	return nil
}

func listen(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 {
		return fmt.Errorf("listen %s: not a number", args[0])
	}
	args = args[1:]
	env := os.Environ()
	if len(args) > 1 && args[0] == "-names" {
		env = append(env, "LISTEN_FDNAMES="+args[1])
		args = args[2:]
	}
	if len(args) < 2 || args[0] != "--" {
		return fmt.Errorf("listen: no command")
	}
	args = args[1:]
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	// Pipes first at whatever numbers, then moved: dup3 onto a number in use
	// by another pipe of ours would close that one.
	held := make([]int, n)
	for i := range held {
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			return fmt.Errorf("pipe: %w", err)
		}
		if _, err := unix.Write(p[1], fmt.Appendf(nil, "listen fd %d\n", 3+i)); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		unix.Close(p[1])
		if held[i], err = unix.FcntlInt(uintptr(p[0]), unix.F_DUPFD_CLOEXEC, 100); err != nil {
			return fmt.Errorf("dup: %w", err)
		}
	}
	for i, fd := range held {
		if err := unix.Dup3(fd, 3+i, 0); err != nil {
			return fmt.Errorf("dup3: %w", err)
		}
	}
	env = append(env, "LISTEN_FDS="+strconv.Itoa(n), "LISTEN_PID="+strconv.Itoa(os.Getpid()))
	return fmt.Errorf("exec %s: %w", path, unix.Exec(path, args, env))
}

// mute accepts nobody: that the kernel lets callers connect is enough.
func mute(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return err
	}
	if err = unix.Listen(fd, 16); err != nil {
		return err
	}
	_, err = unix.Poll(nil, int(30*limit/time.Millisecond))
	return err
}
