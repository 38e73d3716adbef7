// Package sdsocket speaks systemd's two environment protocols for a container:
// sockets that were opened for it (LISTEN_FDS), and its message that it is
// ready (NOTIFY_SOCKET).
//
// It runs in the parent. The environment comes in as a function, and the
// payload is known by a pidfd: nothing here polls by time.
package sdsocket

import (
	"fmt"
	"strconv"
)

// FirstFD is the number of the first passed descriptor.
const FirstFD = 3

// Activation is what was passed for socket activation.
type Activation struct {
	Count int    // descriptors, from FirstFD on
	Names string // LISTEN_FDNAMES as it came, or ""
}

// ReadActivation finds out whether descriptors were passed to the process pid,
// which is our own: variables meant for another process count as not there.
func ReadActivation(getenv func(string) string, pid int) (Activation, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return Activation{}, nil
	}
	text := getenv("LISTEN_FDS")
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return Activation{}, fmt.Errorf("LISTEN_FDS=%s: want a number of descriptors", text)
	}
	return Activation{Count: int(n), Names: getenv("LISTEN_FDNAMES")}, nil
}

// Env is what the payload finds in its environment. It is told that the
// variables are for process 1, as which it sees itself.
func (a Activation) Env() []string {
	if a.Count == 0 {
		return nil
	}
	env := []string{"LISTEN_FDS=" + strconv.Itoa(a.Count), "LISTEN_PID=1"}
	if a.Names != "" {
		env = append(env, "LISTEN_FDNAMES="+a.Names)
	}
	return env
}
