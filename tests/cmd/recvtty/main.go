// Command recvtty is the caller's end of --console-socket: it listens on the
// socket, receives the master of the container's terminal and relays it.
//
// What the terminal prints goes to stdout; -stdin feeds it a file; -resize
// changes its size. The report (JSON) tells what came over the socket and the
// state of the terminal at that moment. It ends when the terminal hangs up.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/oci-rung/rung/tests/cmd/internal/scm"
	"golang.org/x/sys/unix"
)

type report struct {
	scm.Message
	IsTTY       bool `json:"istty"`
	ONLCR       bool `json:"onlcr"`
	Cols        int  `json:"cols"`
	Rows        int  `json:"rows"`
	Connections int  `json:"connections"`
}

func main() {
	var (
		stdin  = flag.String("stdin", "", "file whose content is typed into the terminal")
		resize = flag.String("resize", "", "COLSxROWS to set on the master")
		out    = flag.String("report", "", "file for the report")
		limit  = flag.Duration("limit", 20*time.Second, "how long to live at most")
	)
	flag.Parse()
	time.AfterFunc(*limit, func() { fail(fmt.Errorf("time is up")) })
	if flag.NArg() != 1 {
		fail(fmt.Errorf("usage: recvtty [flags] SOCKET"))
	}
	listener, err := scm.Listen(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	m, err := scm.Accept(listener, *limit)
	if err != nil {
		fail(err)
	}
	r := report{Message: *m, Connections: 1}
	if m.N > 0 {
		r.inspect(m.FDs[0])
	}
	r.save(*out)
	if !r.IsTTY {
		fail(fmt.Errorf("no terminal came over the socket"))
	}
	master := m.FDs[0]
	if *resize != "" {
		var ws unix.Winsize
		if _, err := fmt.Sscanf(*resize, "%dx%d", &ws.Col, &ws.Row); err != nil {
			fail(fmt.Errorf("resize %s: %w", *resize, err))
		}
		if err := unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, &ws); err != nil {
			fail(fmt.Errorf("resize: %w", err))
		}
	}
	if *stdin != "" {
		go feed(master, *stdin)
	}
	relay(master)
	r.countFurther(listener)
	r.save(*out)
}

func (r *report) inspect(fd int) {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return
	}
	r.IsTTY = true
	r.ONLCR = t.Oflag&unix.ONLCR != 0
	if ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil {
		r.Cols, r.Rows = int(ws.Col), int(ws.Row)
	}
}

// countFurther counts connections beyond the first, which callers that unlink
// their socket after it would miss.
func (r *report) countFurther(listener int) {
	if unix.SetNonblock(listener, true) != nil {
		return
	}
	for {
		conn, _, err := unix.Accept(listener)
		if err != nil {
			return
		}
		unix.Close(conn)
		r.Connections++
	}
}

// save replaces the file in one step, as a test may be waiting for it.
func (r *report) save(path string) {
	if path == "" {
		return
	}
	b, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path+".tmp", append(b, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		fail(err)
	}
}

func feed(master int, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	for len(b) > 0 {
		n, err := unix.Write(master, b)
		if err != nil {
			fail(fmt.Errorf("write to the terminal: %w", err))
		}
		b = b[n:]
	}
}

// relay copies until the last holder of the other side has closed it, which a
// master reports as EIO.
func relay(master int) {
	buf := make([]byte, 65536)
	for {
		n, err := unix.Read(master, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		if _, err := os.Stdout.Write(buf[:n]); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "recvtty:", err)
	os.Exit(1)
}
