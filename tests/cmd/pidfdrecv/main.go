// Command pidfdrecv is the caller's end of --pidfd-socket: it receives one
// message and prints, as JSON, its bytes, the number of descriptors and which
// process the pidfd means. With -kill N it then sends that signal through it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/oci-rung/rung/tests/cmd/internal/scm"
	"golang.org/x/sys/unix"
)

func main() {
	limit := flag.Duration("limit", 20*time.Second, "how long to wait")
	kill := flag.Int("kill", 0, "signal to send to the process")
	flag.Parse()
	if flag.NArg() != 1 {
		fail(fmt.Errorf("usage: pidfdrecv [flags] SOCKET"))
	}
	listener, err := scm.Listen(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	m, err := scm.Accept(listener, *limit)
	if err != nil {
		fail(err)
	}
	answer := struct {
		*scm.Message
		PID int `json:"pid"`
	}{Message: m}
	if m.N > 0 {
		answer.PID = pidOf(m.FDs[0])
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
	if *kill != 0 {
		if err := unix.PidfdSendSignal(m.FDs[0], unix.Signal(*kill), nil, 0); err != nil {
			fail(fmt.Errorf("pidfd_send_signal: %w", err))
		}
	}
}

// pidOf reads the Pid line of the descriptor's fdinfo: 0 for a descriptor that
// is no pidfd, -1 for a process that has been waited for.
func pidOf(fd int) int {
	b, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		fail(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, "Pid:"); ok {
			pid, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil {
				fail(err)
			}
			return pid
		}
	}
	return 0
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pidfdrecv:", err)
	os.Exit(1)
}
