// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"

	"github.com/oci-rung/rung/internal/linux"
)

// unitPatience bounds all that is asked of systemd for one command, from the
// connection to the end of the job. A manager with thousands of units that is
// just reloading takes ten seconds and more.
const unitPatience = 30 * time.Second

// Reach is what leads to the systemd manager of a user: XDG_RUNTIME_DIR and
// DBUS_SESSION_BUS_ADDRESS of the caller. The system's needs nothing.
type Reach struct {
	RuntimeDir, SessionBus string
}

// door is a place where systemd listens.
type door struct {
	address string
	bus     bool // there is a D-Bus daemon in between
}

// path is where a door is in the file system.
func (d door) path() string {
	path, _ := dbus.UnescapeBusAddressValue(strings.TrimPrefix(d.address, "unix:path="))
	return path
}

const systemSocket = "/run/systemd/private"

// doors returns where to knock, in order. First comes systemd's own socket, as
// with systemctl: with no daemon in between there is one less that can be busy,
// stopped or gone. It lets in root, or the manager's user.
func doors(user bool, r Reach) []door {
	socket := func(path string) string { return "unix:path=" + dbus.EscapeBusAddressValue(path) }
	if !user {
		return []door{{socket(systemSocket), false}, {socket("/run/dbus/system_bus_socket"), true}}
	}
	var list []door
	if r.RuntimeDir != "" {
		list = append(list, door{socket(r.RuntimeDir + "/systemd/private"), false})
	}
	if r.SessionBus != "" {
		list = append(list, door{r.SessionBus, true})
	}
	if r.RuntimeDir != "" {
		list = append(list, door{socket(r.RuntimeDir + "/bus"), true})
	}
	return list
}

// manager is a connection to a systemd, for a limited time.
type manager struct {
	conn    *systemd.Conn
	bus     *dbus.Conn // what conn talks through
	ctx     context.Context
	cancel  context.CancelFunc
	address string
	version int
	within  time.Duration
}

// reach connects to a systemd, and if need be waits until it has executed itself
// anew.
func reach(list []door, within time.Duration) (*manager, error) {
	if len(list) == 0 {
		return nil, errors.New("connect to systemd: neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS says where the user's is")
	}
	m := &manager{within: within}
	m.ctx, m.cancel = context.WithTimeout(context.Background(), within)
	err := m.connect(list)
	if reexecutes(err) {
		err = m.connectAgain(list, err)
	}
	if err != nil {
		err = m.why("connect to systemd", err)
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *manager) connect(list []door) (err error) {
	for _, d := range list {
		m.address = d.address
		if m.conn, err = m.open(d); err == nil {
			break
		}
		// One that is there and does not answer is not passed over: the next
		// leads to the same systemd.
		if m.ctx.Err() != nil || !absent(err) {
			break
		}
	}
	if err == nil {
		m.version, err = m.askVersion()
	}
	return err
}

// connectAgain connects once systemd's own socket is there again. why is the error
// of the first time.
func (m *manager) connectAgain(list []door, why error) error {
	dir, err := linux.WatchDir(filepath.Dir(list[0].path()))
	if err != nil {
		return why // the socket is no file: there is nothing to wait for
	}
	defer dir.Close()
	// A socket has its name before anybody listens there, and of that the kernel
	// tells nobody.
	const listens = 20 * time.Millisecond
	end, _ := m.ctx.Deadline()
	for pause := listens; ; {
		// It may be there since before the watch.
		if m.conn != nil {
			m.conn.Close()
			m.conn = nil
		}
		// Nobody is there while it does.
		if err = m.connect(list); !reexecutes(err) && !absent(err) {
			return err
		}
		switch waitErr := dir.Wait(time.Now().Add(min(pause, time.Until(end)))); {
		case m.ctx.Err() != nil:
			return err
		case waitErr == nil:
			pause = listens
		case errors.Is(waitErr, os.ErrDeadlineExceeded):
			pause *= 2
		default:
			return errors.Join(err, waitErr)
		}
	}
}

// reexecutes reports whether an error is that of a systemd that executes itself
// anew (daemon-reexec, an upgrade): it leaves all its connections, and comes back
// in a moment.
func reexecutes(err error) bool {
	var e dbus.Error
	if errors.As(err, &e) {
		// What the D-Bus daemon says for it.
		return e.Name == "org.freedesktop.DBus.Error.NoReply" || e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner"
	}
	return errors.Is(err, dbus.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, linux.ECONNRESET) || errors.Is(err, linux.EPIPE)
}

// open connects through a door. The library asks for two connections, one for
// calls and one for signals, and gets one twice: what it waits for on the one
// never keeps it from reading the other.
func (m *manager) open(d door) (*systemd.Conn, error) {
	var conn *dbus.Conn
	return systemd.NewConnection(func() (_ *dbus.Conn, err error) {
		if conn == nil {
			conn, err = knock(m.ctx, d)
			m.bus = conn
		}
		return conn, err
	})
}

// absent reports whether nobody listens for this caller there.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, linux.ECONNREFUSED)
}

// knock opens one connection. The identity is the one that the kernel knows:
// in a user namespace the caller's own idea of its uid would be refused.
func knock(ctx context.Context, d door) (*dbus.Conn, error) {
	conn, err := dbus.Dial(d.address, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err = conn.Auth([]dbus.Auth{dbus.AuthExternal("")}); err == nil && d.bus {
		err = conn.Hello()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (m *manager) close() {
	if m.conn != nil {
		m.conn.Close()
	}
	m.cancel()
}

// why puts what was tried before an error, and explains one that came because
// the time is over.
func (m *manager) why(what string, err error) error {
	if err == nil {
		return nil
	}
	if m.ctx.Err() != nil {
		err = fmt.Errorf("%w: systemd is stopped, or busier than that", errNoAnswer)
		return fmt.Errorf("%s at %s: no answer within %v: %w", what, m.address, m.within, err)
	}
	return fmt.Errorf("%s at %s: %w", what, m.address, err)
}

// errNoAnswer is in the errors of a systemd that did not answer in time.
var errNoAnswer = errors.New("timed out")

// askVersion asks for the number of the version: 257 of "257.13-1~deb13u1".
func (m *manager) askVersion() (int, error) {
	text, err := m.property("Version")
	if err != nil {
		return 0, err
	}
	return parseVersion(text)
}

func parseVersion(text string) (int, error) {
	number := strings.TrimPrefix(text, "v")
	if i := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		number = number[:i]
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("%q is not a version of systemd", text)
	}
	return n, nil
}

// property returns a property of the manager itself, a text.
func (m *manager) property(name string) (string, error) {
	text, err := m.conn.GetManagerProperty(name)
	if err != nil {
		return "", err
	}
	return strconv.Unquote(text)
}

// job lets queue put a job into systemd's queue, and waits for its end: the
// signal JobRemoved, which says how it went.
func (m *manager) job(queue func(done chan<- string) error) error {
	done := make(chan string, 1)
	if err := queue(done); err != nil {
		return err
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("its job ended with %q", result)
		}
		return nil
	case <-m.bus.Context().Done():
		return dbus.ErrClosed
	case <-m.ctx.Done():
		return m.ctx.Err()
	}
}

func (m *manager) start(name string, p properties) error {
	return m.job(func(done chan<- string) error {
		_, err := m.conn.StartTransientUnitContext(m.ctx, name, "replace", p, done)
		return err
	})
}

// stop stops a unit and lets systemd forget it. One that is gone is no error.
func (m *manager) stop(name string) error {
	err := m.job(func(done chan<- string) error {
		_, err := m.conn.StopUnitContext(m.ctx, name, "replace", done)
		return err
	})
	if says(err, "NoSuchUnit") {
		return nil
	}
	if err == nil {
		err = m.forget(name)
	}
	return m.why("stop unit "+name, err)
}

// forget takes a unit that failed from systemd's memory.
func (m *manager) forget(name string) error {
	if err := m.conn.ResetFailedUnitContext(m.ctx, name); !says(err, "NoSuchUnit") {
		return err
	}
	return nil
}

// says reports whether an error is that one of systemd's own.
func says(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == "org.freedesktop.systemd1."+name
}
