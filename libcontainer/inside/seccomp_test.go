package inside

import (
	"encoding/binary"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestListener: a filter that notifies somebody hands its listener on with the
// first call that is under it.
func TestListener(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	allow := []byte{}
	allow = binary.NativeEndian.AppendUint16(allow, unix.BPF_RET|unix.BPF_K)
	allow = append(allow, 0, 0)
	allow = binary.NativeEndian.AppendUint32(allow, 0x7fff0000)
	thread(t, 0, func() {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			t.Error(err)
		}
		s := reset(t, "")
		s.control = pair[1]
		wantDone(t, do(t, s, wire.Seccomp, uint64(wire.NewListener), uint64(1), allow))
		wantFailure(t, do(t, s, wire.Seccomp, uint64(wire.NewListener), uint64(1), allow), "seccomp : EBUSY")
		wantDone(t, do(t, s, wire.Seccomp, uint64(0), uint64(1), allow))
	})
	data, control := make([]byte, wire.FrameSize), make([]byte, unix.CmsgSpace(4))
	n, cn, _, _, err := unix.Recvmsg(pair[0], data, control, unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.Decode(data[:n])
	if err != nil || m.Type != wire.Listener {
		t.Errorf("got message %d, %v", m.Type, err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:cn])
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %d control messages, %v", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		t.Fatalf("got descriptors %v, %v", fds, err)
	}
	defer unix.Close(fds[0])
	if got, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fds[0])); err != nil || got != "anon_inode:seccomp notify" {
		t.Errorf("got %q, %v", got, err)
	}
	if n, _, _, _, err := unix.Recvmsg(pair[0], data, nil, unix.MSG_DONTWAIT); err == nil {
		t.Errorf("and %d bytes more", n)
	}
}
