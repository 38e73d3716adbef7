// Runs in: init, before pivot (createContainer) and before exec (startContainer). Sees: container namespaces. Holds: what the step table says at each step.

package inside

import (
	"github.com/oci-rung/rung/internal/linux/raw"
	"github.com/oci-rung/rung/libcontainer/wire"
)

// hook runs one hook in the container's namespaces and waits for it, at most
// as long as it may run. Its output goes to memfds, so that no reader has to
// keep up with it, and the end of each is reported when it fails.
func (s *stage) hook() bool {
	path, timeout := s.row.Args[0], int(s.row.Args[3])
	out, e := raw.Memfd(raw.Lit("hook-stdout\x00"))
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	errs, e := raw.Memfd(raw.Lit("hook-stderr\x00"))
	if e != 0 {
		return s.failAt(wire.OpOpen, e, path)
	}
	pid, pidfd, e := s.clone(0)
	if e != 0 {
		return s.failAt(wire.OpClone, e, path)
	}
	if pid == 0 {
		s.becomeHook(out, errs)
	}
	if timeout == 0 {
		timeout = -1
	}
	ended, e := raw.PollIn(pidfd, timeout)
	if !ended {
		raw.Kill(-pid, raw.SIGKILL)
		raw.Kill(pid, raw.SIGKILL) // it may have left its group
		e = raw.ETIMEDOUT
	}
	status, we := raw.Wait4(pid)
	raw.Close(pidfd)
	if e == 0 {
		e = we
	}
	s.status = uint64(status)
	if e == 0 && status == 0 {
		raw.Close(out)
		raw.Close(errs)
		return true
	}
	s.detail = spanOf(tail(errs, s.more[:]))
	return s.fail(wire.OpWait, e, tail(out, s.text[:]))
}

// becomeHook is the hook's process from fork to execve. It has nothing of
// init's but the state on its standard input.
func (s *stage) becomeHook(out, errs int) {
	r := &s.row
	const notRun = 127
	raw.Setpgid(0, 0)
	state := s.slot(4)
	raw.Seek(state, 0)
	if raw.Dup3(state, 0, 0) != 0 || raw.Dup3(out, 1, 0) != 0 || raw.Dup3(errs, 2, 0) != 0 {
		raw.Exit(notRun)
	}
	raw.CloexecFrom(3)
	e := raw.Execve(r.Args[0], r.Args[1], r.Args[2])
	// What the caller of a shell would see, and the number for the rest.
	msg := raw.Text(raw.Lit("exec of the hook: errno 000\x00"))
	n := copy(s.text[:], msg)
	for i, v := n-1, int(e); i >= n-3; i, v = i-1, v/10 {
		s.text[i] = byte('0' + v%10)
	}
	_, _ = raw.Write(2, s.text[:n])
	raw.Exit(notRun)
}

// tail reads the last bytes of a file into b.
func tail(fd int, b []byte) []byte {
	var st raw.Stat
	off := int64(0)
	if raw.Fstat(fd, &st) == 0 && st.Size > int64(len(b)) {
		off = st.Size - int64(len(b))
	}
	n, e := raw.Pread(fd, b, off)
	if e != 0 {
		n = 0
	}
	raw.Close(fd)
	for n > 0 && b[n-1] == '\n' {
		n--
	}
	return b[:n]
}
