// Command ptyrun runs a command on a terminal of its own and plays the user
// sitting at it: it does the given steps in order and then waits for the
// command's end. What the terminal shows goes to stdout.
//
//	ptyrun [-size COLSxROWS] [-step STEP]… -- COMMAND…
//
//	expect:TEXT   wait until TEXT has been shown (after the last expect)
//	send:TEXT     type TEXT; \n, \x03 and so on as in Go
//	size:CxR      resize the terminal, which sends SIGWINCH
//	signal:N      send signal N to the command
//
// PATIENCE=20 makes the limit twenty times as long, for slow machines.
//
// The exit status is the command's, 128+N if signal N killed it, and 125 when
// a step failed. A last line on stderr tells whether the terminal was left in
// the mode it had.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type steps []string

func (s *steps) String() string     { return strings.Join(*s, ",") }
func (s *steps) Set(v string) error { *s = append(*s, v); return nil }

type session struct {
	master *os.File
	cmd    *exec.Cmd
	shown  []byte
	seen   int
	output chan []byte
	ended  <-chan time.Time
}

func main() {
	var todo steps
	size := flag.String("size", "80x24", "size of the terminal")
	limit := flag.Duration("limit", 20*time.Second, "how long the command may take")
	flag.Var(&todo, "step", "a step")
	flag.Parse()
	if flag.NArg() == 0 {
		fail(errors.New("no command"))
	}
	if n, err := strconv.Atoi(os.Getenv("PATIENCE")); err == nil && n > 1 {
		*limit *= time.Duration(n)
	}
	master, slave, err := openPTY()
	if err != nil {
		fail(err)
	}
	s := &session{master: master, output: make(chan []byte), ended: time.After(*limit)}
	if err := s.resize(*size); err != nil {
		fail(err)
	}
	before, err := unix.IoctlGetTermios(int(master.Fd()), unix.TCGETS)
	if err != nil {
		fail(err)
	}
	s.cmd = exec.Command(flag.Arg(0), flag.Args()[1:]...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		fail(err)
	}
	slave.Close()
	go s.read()
	for _, step := range todo {
		if err := s.do(step); err != nil {
			s.cmd.Process.Kill()
			s.cmd.Wait()
			fail(fmt.Errorf("step %s: %w; shown so far: %q", step, err, s.shown))
		}
	}
	code := s.wait()
	after, err := unix.IoctlGetTermios(int(master.Fd()), unix.TCGETS)
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(s.shown)
	if *before == *after {
		fmt.Fprintln(os.Stderr, "terminal restored")
	} else {
		fmt.Fprintln(os.Stderr, "terminal changed")
	}
	os.Exit(code)
}

func openPTY() (master, slave *os.File, err error) {
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open /dev/ptmx: %w", err)
	}
	if err := unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	p, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(m), unix.TIOCGPTPEER,
		unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, nil, fmt.Errorf("open the peer: %w", errno)
	}
	return os.NewFile(uintptr(m), "master"), os.NewFile(p, "slave"), nil
}

func (s *session) read() {
	for {
		buf := make([]byte, 4096)
		n, err := s.master.Read(buf)
		if n > 0 {
			s.output <- buf[:n]
		}
		if err != nil {
			close(s.output)
			return
		}
	}
}

func (s *session) do(step string) error {
	kind, arg, _ := strings.Cut(step, ":")
	switch kind {
	case "expect":
		return s.expect(arg)
	case "send":
		text, err := strconv.Unquote(`"` + arg + `"`)
		if err != nil {
			return err
		}
		_, err = s.master.WriteString(text)
		return err
	case "size":
		return s.resize(arg)
	case "signal":
		n, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		return s.cmd.Process.Signal(syscall.Signal(n))
	}
	return errors.New("unknown step")
}

func (s *session) expect(text string) error {
	for {
		if at := bytes.Index(s.shown[s.seen:], []byte(text)); at >= 0 {
			s.seen += at + len(text)
			return nil
		}
		select {
		case b, open := <-s.output:
			if !open {
				return errors.New("the terminal was closed before")
			}
			s.shown = append(s.shown, b...)
		case <-s.ended:
			return errors.New("not shown in time")
		}
	}
}

func (s *session) resize(arg string) error {
	var ws unix.Winsize
	if _, err := fmt.Sscanf(arg, "%dx%d", &ws.Col, &ws.Row); err != nil {
		return err
	}
	return unix.IoctlSetWinsize(int(s.master.Fd()), unix.TIOCSWINSZ, &ws)
}

// wait drains the terminal until it hangs up, which it does when the command
// and all its children have closed it, and then collects the command.
func (s *session) wait() int {
	for {
		select {
		case b, open := <-s.output:
			s.shown = append(s.shown, b...)
			if open {
				continue
			}
		case <-s.ended:
			s.cmd.Process.Kill()
			fail(fmt.Errorf("the command did not end; shown so far: %q", s.shown))
		}
		break
	}
	// An exit status other than 0 is no failure of ours.
	_ = s.cmd.Wait()
	ws := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "ptyrun:", err)
	os.Exit(125)
}
