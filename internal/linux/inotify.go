package linux

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// DirWatch tells of new names in a directory.
type DirWatch struct{ f *os.File }

// WatchDir begins to watch the directory at path. The caller closes it.
func WatchDir(path string) (*DirWatch, error) {
	n, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, wrap("inotify_init1", "", err)
	}
	f := os.NewFile(uintptr(n), "inotify")
	if _, err := unix.InotifyAddWatch(n, path, unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		_ = f.Close()
		return nil, wrap("inotify_add_watch", path, err)
	}
	return &DirWatch{f}, nil
}

// Wait waits until there were new names since the last call, and no longer than
// until end: then the error is os.ErrDeadlineExceeded.
func (w *DirWatch) Wait(end time.Time) error {
	if err := w.f.SetReadDeadline(end); err != nil {
		return err
	}
	const names = 16
	_, err := w.f.Read(make([]byte, names*(unix.SizeofInotifyEvent+unix.NAME_MAX+1)))
	return err
}

// Close ends the watch.
func (w *DirWatch) Close() { _ = w.f.Close() }
