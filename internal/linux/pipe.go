package linux

import (
	"errors"

	"golang.org/x/sys/unix"
)

// PipeFrom makes a pipe from which we read: ours never blocks, theirs is an
// ordinary end for another program.
func PipeFrom() (ours, theirs FD, err error) {
	read, write, err := pipe()
	if err == nil {
		err = neverBlock(read, write)
	}
	if err != nil {
		return NoFD, NoFD, err
	}
	return read, write, nil
}

// PipeTo makes a pipe to which we write: ours never blocks, theirs is an
// ordinary end for another program.
func PipeTo() (ours, theirs FD, err error) {
	read, write, err := pipe()
	if err == nil {
		err = neverBlock(write, read)
	}
	if err != nil {
		return NoFD, NoFD, err
	}
	return write, read, nil
}

func pipe() (read, write FD, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return NoFD, NoFD, wrap("pipe2", "", err)
	}
	return FD(p[0]), FD(p[1]), nil
}

// neverBlock makes one end non-blocking, or closes both. The flag belongs to
// the end, not to the pipe: pipe2(2) with O_NONBLOCK would give it to the
// other program too.
func neverBlock(ours, theirs FD) error {
	if err := unix.SetNonblock(int(ours), true); err != nil {
		_, _ = ours.Close(), theirs.Close()
		return wrap("fcntl O_NONBLOCK", "pipe", err)
	}
	return nil
}

// WritePipe writes what the pipe takes now, which may be nothing: WouldBlock.
func WritePipe(fd FD, b []byte) (int, error) {
	for {
		n, err := unix.Write(int(fd), b)
		if err != unix.EINTR {
			return max(n, 0), wrap("write", "pipe", err)
		}
	}
}

// ReadPipe reads what the pipe has now; nothing without an error is its end.
func ReadPipe(fd FD, b []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), b)
		if err != unix.EINTR {
			return max(n, 0), wrap("read", "pipe", err)
		}
	}
}

// WouldBlock reports whether a non-blocking descriptor had nothing to offer.
func WouldBlock(err error) bool { return errors.Is(err, unix.EAGAIN) }
