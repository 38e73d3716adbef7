package inside

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// control is the descriptor of the socket in a helper, the program's follows.
const control = 3

// press always wants all goroutines to stop, until it is told to end.
func press(end <-chan bool) {
	go func() {
		for m := (runtime.MemStats{}); ; {
			runtime.ReadMemStats(&m)
			select {
			case <-end:
				return
			default:
			}
		}
	}()
}

// runHelper is the copy of the test binary that a test starts for what would
// change the test's own process. It does not return.
func runHelper(name string) {
	switch name {
	case "init":
		runtime.LockOSThread()
		Threaded(control, false)
	case "init-single":
		runtime.LockOSThread()
		Threaded(control, true)
	case "init-pressed":
		press(make(chan bool))
		runtime.LockOSThread()
		Threaded(control, true)
	case "console":
		runtime.LockOSThread()
		if err := consoleHelper(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "no such helper:", name)
	os.Exit(2)
}

// consoleHelper makes a terminal as init does and writes to it what it finds.
func consoleHelper() error {
	root, err := os.MkdirTemp("", "rung-console-")
	if err != nil {
		return err
	}
	if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755") },
		func() error { return os.MkdirAll(root+"/dev/pts", 0o755) },
		func() error {
			return unix.Mount("devpts", root+"/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666")
		},
	} {
		if err = step(); err != nil {
			return err
		}
	}
	s := &theStage
	*s = stage{control: control, proc: -1, empty: -1}
	if s.root, err = unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return err
	}
	s.row.Args[0] = wire.ConsoleDevice
	if ok := s.session(); !ok {
		return fmt.Errorf("session: %s", outcome(s, ok))
	}
	if ok := s.console(); !ok {
		return fmt.Errorf("console: %s", outcome(s, ok))
	}
	for n := range 3 {
		if _, err := unix.IoctlGetWinsize(n, unix.TIOCGWINSZ); err == nil {
			fmt.Printf("fd %d is a terminal\n", n)
		}
	}
	if fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
		fmt.Println("/dev/tty opens")
		raw.Close(fd)
	}
	var terminal, device unix.Stat_t
	if unix.Fstat(0, &terminal) == nil && unix.Stat(root+"/dev/console", &device) == nil && terminal.Rdev == device.Rdev {
		fmt.Println("/dev/console is it")
	}
	// Before the last word: with it the reader hangs up, which is a signal.
	if err = unix.Unmount(root, unix.MNT_DETACH); err == nil {
		err = os.Remove(root)
	}
	fmt.Println("done", err)
	return err
}
