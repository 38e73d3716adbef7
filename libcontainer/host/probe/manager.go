// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package probe

import (
	"strings"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// patience is for programs and sockets of others.
const patience = 3 * time.Second

func managers(c Caller) []Finding { return []Finding{systemd(c), criu(c)} }

// systemd is who --systemd-cgroup speaks to.
func systemd(c Caller) Finding {
	f := Finding{Area: "programs", Name: "systemd", Way: "reachable"}
	if !linux.Exists(linux.CWD, "/run/systemd/system") {
		f.State, f.Way, f.Why = Without, "none", "not the init of this system"
		f.Hint = "run rung without --systemd-cgroup"
		return f
	}
	sockets := []string{"/run/systemd/private", "/run/dbus/system_bus_socket"}
	if c.UID != 0 {
		sockets = []string{c.RuntimeDir + "/systemd/private", c.RuntimeDir + "/bus"}
	}
	var err error
	for _, path := range sockets {
		sock, connectErr := linux.ConnectStream(path, patience)
		if connectErr == nil {
			_ = sock.Close()
			f.Way = "reachable by " + path
			return f
		}
		err = connectErr
	}
	f.State, f.Way, f.Why = Without, "not reachable", err.Error()
	f.Hint = "start D-Bus"
	if c.UID != 0 {
		f.Hint = "set XDG_RUNTIME_DIR, and let the user's manager run: loginctl enable-linger"
	}
	return f
}

// criu is who checkpoint and restore ask.
func criu(c Caller) Finding {
	f := Finding{Area: "programs", Name: "CRIU"}
	path := find(c.Path, "criu")
	if path == "" {
		f.State, f.Way, f.Why = Without, "none", "no program criu in PATH"
		f.Hint = "install it for checkpoint and restore"
		return f
	}
	text, err := linux.Output(path, []string{"criu", "--version"}, patience)
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if err != nil || first == "" {
		f.State, f.Way, f.Why, f.Hint = Without, path, "criu --version says nothing", "run it by hand"
		if err != nil {
			f.Why = err.Error()
		}
		return f
	}
	f.Way = path + ", " + first
	return f
}
