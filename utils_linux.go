package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/attach"
	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/internal/sdsocket"
	"github.com/oci-rung/rung/libcontainer"
	"github.com/oci-rung/rung/libcontainer/spec"
)

// configFile is the name of the config in a bundle.
const configFile = "config.json"

// mostConfig bounds what is read of it: one is rarely more than a hundred
// kilobytes, and none is worth all of the memory.
const mostConfig = 16 << 20

// bundle is a bundle whose config was read and found right.
type bundle struct {
	dir  string // absolute
	raw  []byte // of config.json
	spec *specs.Spec
}

// loadBundle reads and checks the config of the bundle in dir.
func (c *call) loadBundle(dir string, options spec.Options) (*bundle, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	raw, err := linux.ReadFile(filepath.Join(abs, configFile), mostConfig)
	if err != nil {
		if _, dirErr := os.Stat(abs); dirErr != nil {
			return nil, fmt.Errorf("bundle: %w", dirErr)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("bundle %s: JSON specification file %s not found", abs, configFile)
		}
		return nil, fmt.Errorf("bundle: %w", err)
	}
	s, err := spec.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	if err := spec.Check(s, options); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	return &bundle{dir: abs, raw: raw, spec: s}, nil
}

// creation is what create and run do first: a container about to be made.
type creation struct {
	id      string
	bundle  *bundle
	io      *processIO
	options libcontainer.CreateOptions
}

// creationFlags are the flags that create and run have in common.
func creationFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "bundle", Aliases: []string{"b"}, Value: ".", Usage: "`directory` of the bundle"},
		&cli.BoolFlag{Name: "no-pivot", Usage: "change the root without pivot_root: only for a root file system in ramfs"},
		&cli.BoolFlag{Name: "no-new-keyring", Usage: "do not make a session keyring for the container"},
	}, processFlags()...)
}

// processFlags are the flags of every command that starts a process.
func processFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "pid-file", Usage: "`file` to write the process id to"},
		&cli.StringFlag{Name: "console-socket", Usage: "`socket` to send the terminal's master end to"},
		&cli.StringFlag{Name: "pidfd-socket", Usage: "`socket` to send a pidfd of the process to"},
		&cli.IntFlag{Name: "preserve-fds", Usage: "hand `N` further descriptors on, from 3 on"},
	}
}

// detached says whether this process leaves the container alone once it is
// made or started.
type detached bool

// prepareCreation reads the flags and the bundle. startHere says whether
// the container is started by this process too.
func (c *call) prepareCreation(cmd *cli.Command, leave detached, startHere bool) (*creation, error) {
	id := cmd.Args().First()
	if err := spec.CheckID(id); err != nil {
		return nil, err
	}
	rootless, err := c.rootlessCgroups()
	if err != nil {
		return nil, err
	}
	b, err := c.loadBundle(cmd.String("bundle"), spec.Options{
		SystemdCgroup: c.global.systemdCgroup, Rootless: c.uid != 0, NeedProcess: startHere,
	})
	if err != nil {
		return nil, err
	}
	activation, err := sdsocket.ReadActivation(c.getenv, c.pid)
	if err != nil {
		return nil, err
	}
	process := b.spec.Process
	if process == nil {
		process = &specs.Process{}
	}
	io, err := c.newProcessIO(cmd, process, leave)
	if err != nil {
		return nil, err
	}
	options, err := c.processOptions(cmd, io, activation.Count)
	if err != nil {
		return nil, err
	}
	notify := c.getenv("NOTIFY_SOCKET")
	b.spec = c.hostAdditions(b.spec, id, activation, notify)
	if err := c.makeRoot(); err != nil {
		return nil, err
	}
	n := &creation{id: id, bundle: b, io: io, options: libcontainer.CreateOptions{
		ProcessOptions: options, Bundle: b.dir, NoPivot: cmd.Bool("no-pivot"), NoNewKeyring: cmd.Bool("no-new-keyring"),
		SystemdCgroup: c.global.systemdCgroup, Rootless: rootless, StartHere: startHere, Warn: warn, Note: note,
	}}
	if notify != "" {
		n.options.Prepare = func(dir string) error { return os.Mkdir(filepath.Join(dir, sdsocket.DirName), 0o755) }
	}
	return n, nil
}

// create makes the container.
func (c *call) create(n *creation) (*libcontainer.Container, error) {
	slog.Debug("creating the container", "id", n.id, "bundle", n.bundle.dir)
	return c.factory().Create(n.id, n.bundle.spec, n.bundle.raw, n.options)
}

// hostAdditions returns s with what this host's service manager has for the
// payload: variables, and a mount to reach it by. s itself is not changed.
func (c *call) hostAdditions(s *specs.Spec, id string, activation sdsocket.Activation, notify string) *specs.Spec {
	if activation.Count == 0 && notify == "" {
		return s
	}
	other := *s
	env := activation.Env()
	if notify != "" {
		env = append(env, sdsocket.PayloadEnv())
		other.Mounts = append(slices.Clip(s.Mounts), specs.Mount{
			Destination: sdsocket.Mountpoint, Type: "bind", Source: c.notifyDir(id),
			Options: []string{"bind", "nosuid", "nodev", "noexec", "ro"},
		})
	}
	if s.Process != nil {
		process := *s.Process
		process.Env = append(slices.Clip(process.Env), env...)
		other.Process = &process
	}
	return &other
}

// notifyDir is the directory that a container sees as sdsocket.Mountpoint.
func (c *call) notifyDir(id string) string {
	return filepath.Join(c.global.root, id, sdsocket.DirName)
}

// newRelay makes the relay for the payload's message that it is ready. It is
// nil if no service manager waits for it.
func (c *call) newRelay(id string) (*sdsocket.Relay, error) {
	host := c.getenv("NOTIFY_SOCKET")
	if host == "" {
		return nil, nil
	}
	relay, err := sdsocket.NewRelay(host, c.notifyDir(id))
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(c.notifyDir(id)); statErr != nil {
			return nil, nil // the container was created without a service manager
		}
	}
	return relay, err
}

// relayReady waits for the payload's message and hands it on. That the service
// manager could not be told does not undo the start.
func relayReady(relay *sdsocket.Relay, pidfd, mainPID int) {
	if relay == nil {
		return
	}
	defer relay.Close()
	if err := relay.Run(pidfd, mainPID); err != nil {
		warn("readiness was not handed on: " + err.Error())
	}
}

// processOptions fills in what create, run and exec tell about a process.
func (c *call) processOptions(cmd *cli.Command, io *processIO, listen int) (libcontainer.ProcessOptions, error) {
	extra, err := c.extraFiles(listen, int(cmd.Int("preserve-fds")))
	if err != nil {
		return libcontainer.ProcessOptions{}, err
	}
	pidFile := cmd.String("pid-file")
	if pidFile != "" {
		if pidFile, err = filepath.Abs(pidFile); err != nil {
			return libcontainer.ProcessOptions{}, fmt.Errorf("--pid-file %s: %w", pidFile, err)
		}
	}
	return libcontainer.ProcessOptions{
		Stdio: [3]*os.File{c.stdin, c.stdout, c.stderr}, ExtraFiles: extra, Console: io.console(),
		PidFile: pidFile, PidfdSocket: cmd.String("pidfd-socket"),
	}, nil
}

// extraFiles returns the descriptors to hand on: those of socket activation
// first, then those of --preserve-fds.
func (c *call) extraFiles(listen, preserve int) ([]*os.File, error) {
	if preserve < 0 {
		return nil, fmt.Errorf("--preserve-fds %d: want a number of descriptors", preserve)
	}
	switch missing := firstInherited + c.inherited; {
	case c.inherited < listen:
		return nil, fmt.Errorf("LISTEN_FDS=%d: descriptor %d was not passed", listen, missing)
	case c.inherited < listen+preserve:
		return nil, fmt.Errorf("unable to stat preserved-fd %d (of %d): it was not passed", missing, preserve)
	}
	files := make([]*os.File, 0, listen+preserve)
	for fd := firstInherited; fd < firstInherited+listen+preserve; fd++ {
		files = append(files, os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd)))
	}
	return files, nil
}

// awaited is a process that this one waits for in the foreground.
type awaited interface {
	Pidfd() int
	Wait() (libcontainer.Exit, error)
	Signal(signal int) error
}

// await serves p until it ends, and returns how it did. Orphans among our
// descendants are reaped if the process's own pid is given as init.
func (c *call) await(p awaited, io *processIO, signals *attach.Signals, init int) (libcontainer.Exit, error) {
	// From here on it may take days until the call ends.
	c.log.releaseHeld()
	handlers := attach.Handlers{Forward: func(n int) {
		if err := p.Signal(n); err != nil && !linux.ProcessGone(err) {
			warn(fmt.Sprintf("signal %d was not handed on: %v", n, err))
		}
	}}
	if t := io.terminal; t != nil {
		handlers.Resize = func() { _ = t.Resize() } // the caller's terminal may be gone
	}
	if init > 0 {
		handlers.Child = func() {
			if err := linux.ReapOrphans(init); err != nil {
				warn(err.Error())
			}
		}
	}
	err := signals.Serve(p.Pidfd(), handlers)
	exit, waitErr := p.Wait()
	slog.Debug("payload has ended", "status", exit.Status())
	return exit, errors.Join(err, waitErr, io.close())
}
