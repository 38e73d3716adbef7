package linux

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// WriteOut writes all of p, and waits where f takes it only bit by bit. Package
// os would let a pipe without a reader kill this program; this returns an error
// that ReaderGone knows.
func WriteOut(f *os.File, p []byte) error {
	for len(p) > 0 {
		n, err := WriteNow(f, p)
		p = p[n:]
		if err == unix.EAGAIN {
			_, err = Poll([]PollFd{{Fd: int32(f.Fd()), Events: PollOut}}, NoTimeout)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Name(), err)
		}
	}
	return nil
}

// ReaderGone reports whether a write failed because nobody reads.
func ReaderGone(err error) bool { return errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) }
