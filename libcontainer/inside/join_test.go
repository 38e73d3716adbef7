package inside

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// TestJoinWithRightsOfAnother: a user without privilege may join a network
// namespace only once it is in the user namespace that owns it.
func TestJoinWithRightsOfAnother(t *testing.T) {
	needRoot(t)
	user := &syscall.Credential{Uid: 1000, Gid: 1000}
	owner := exec.Command("unshare", "--user", "--net", "--map-root-user", "sh", "-c", "echo ready; exec cat")
	owner.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	in, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := owner.StdoutPipe()
	if err == nil {
		err = owner.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = owner.Wait()
	}()
	if _, err = out.Read(make([]byte, 6)); err != nil {
		t.Skipf("no user namespaces for users here: %v", err)
	}
	var fds []int
	for _, name := range []string{"net", "user"} {
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/%s", owner.Process.Pid, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		fds = append(fds, fd)
	}
	net, usr := uint64(unix.CLONE_NEWNET), uint64(unix.CLONE_NEWUSER)
	for _, test := range []struct {
		name  string
		steps []wire.Step
		fails string
	}{
		{"before it: refused", []wire.Step{step(wire.Setns, "net", wire.Slot(0), net, uint64(wire.JoinNow))}, "net"},
		{"refused and never tried again", []wire.Step{
			step(wire.Setns, "net", wire.Slot(0), net, uint64(wire.JoinTry)), step(wire.Setns, "again", wire.Slot(0), net, uint64(wire.JoinAgain)),
		}, "again"},
		{"after it", []wire.Step{
			step(wire.Setns, "net", wire.Slot(0), net, uint64(wire.JoinTry)), step(wire.Setns, "user", wire.Slot(1), usr, uint64(wire.JoinNow)),
			step(wire.Setns, "again", wire.Slot(0), net, uint64(wire.JoinAgain)),
		}, ""},
		{"the right it has is not tried again", []wire.Step{
			step(wire.Setns, "user", wire.Slot(1), usr, uint64(wire.JoinTry)), step(wire.Setns, "again", wire.Slot(1), usr, uint64(wire.JoinAgain)),
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := startInit(t, "init-single", user)
			p.run(fds, append(test.steps, step(wire.Ask, "process", uint64(wire.Ready)))...)
			pid, pidfd := p.sibling()
			p.send(wire.Plain(wire.Answer, 0, 0))
			m := p.next()
			switch {
			case m == nil:
				t.Error("it ended without a word")
			case test.fails == "" && m.Type != wire.Asked:
				t.Errorf("got %+v", m.Fail)
			case test.fails != "" && (m.Type != wire.Fail || m.Fail.Field != test.fails || m.Fail.Errno != int(unix.EPERM)):
				t.Errorf("got %+v, want EPERM of %s", m, test.fails)
			}
			_ = unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0)
			p.ended()
			_, _ = unix.Wait4(pid, nil, 0, nil)
		})
	}
}
