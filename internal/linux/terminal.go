package linux

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// TerminalMode is how a terminal treats input and output (struct termios).
type TerminalMode struct{ termios unix.Termios }

// WindowSize is the size of a terminal in characters and pixels.
type WindowSize = unix.Winsize

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// GetTerminalMode reads the mode of the terminal f.
func GetTerminalMode(f *os.File) (TerminalMode, error) {
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return TerminalMode{}, fmt.Errorf("ioctl TCGETS %s: %w", f.Name(), err)
	}
	return TerminalMode{*t}, nil
}

// SetTerminalMode changes the mode of the terminal f at once: what was
// written or typed before stays as it is.
func SetTerminalMode(f *os.File, mode TerminalMode) error {
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &mode.termios); err != nil {
		return fmt.Errorf("ioctl TCSETS %s: %w", f.Name(), err)
	}
	return nil
}

// Raw is the mode in which every key goes to the reader as it is. Output
// processing stays on, so that a line feed still starts a new line: the
// container's pty does not add the carriage return (see WithoutONLCR).
func (m TerminalMode) Raw() TerminalMode {
	t := &m.termios
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return m
}

// WithoutONLCR is the mode in which a line feed is written as it is.
func (m TerminalMode) WithoutONLCR() TerminalMode {
	m.termios.Oflag &^= unix.ONLCR
	return m
}

// GetWindowSize reads the size of the terminal f.
func GetWindowSize(f *os.File) (WindowSize, error) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return WindowSize{}, fmt.Errorf("ioctl TIOCGWINSZ %s: %w", f.Name(), err)
	}
	return *size, nil
}

// EndOfFile is the character that ends the input of the terminal f, or false
// when f does not work line by line and there is none.
func EndOfFile(f *os.File) (byte, bool) {
	m, err := GetTerminalMode(f)
	if err != nil || m.termios.Lflag&unix.ICANON == 0 {
		return 0, false
	}
	return m.termios.Cc[unix.VEOF], true
}

// SetWindowSize changes the size of the terminal f; its foreground process
// group gets SIGWINCH if the size is new.
func SetWindowSize(f *os.File, size WindowSize) error {
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &size); err != nil {
		return fmt.Errorf("ioctl TIOCSWINSZ %s: %w", f.Name(), err)
	}
	return nil
}

// PtyName is the name that the other end of the pty master has in its devpts.
func PtyName(master *os.File) (string, error) {
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return "", fmt.Errorf("ioctl TIOCGPTN %s: %w", master.Name(), err)
	}
	return fmt.Sprintf("/dev/pts/%d", n), nil
}

// OpenPtyPeer opens the other end of the pty master without looking at a path
// and without taking it as controlling terminal.
func OpenPtyPeer(master *os.File) (*os.File, error) {
	// Kernel(4.13): TIOCGPTPEER.
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, master.Fd(), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, fmt.Errorf("ioctl TIOCGPTPEER %s: %w", master.Name(), errno)
	}
	return os.NewFile(fd, "pty peer"), nil
}
