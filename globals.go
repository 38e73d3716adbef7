package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer"
)

// globalFlags is what the flags before the command said.
type globalFlags struct {
	root          string // absolute
	rootGiven     bool   // by --root
	systemdCgroup bool
	rootless      string // as given
	logOpen       bool
}

// globalFlagSet returns the flags before the command. They are local: after
// the command's name they are unknown, as in other runtimes.
func globalFlagSet() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "root", Local: true, Usage: "`directory` for the state of containers (default: " + defaultRoot + ", or below $XDG_RUNTIME_DIR without root)"},
		&cli.StringFlag{Name: "log", Local: true, Usage: "`file` to append errors and warnings to"},
		&cli.StringFlag{Name: "log-format", Local: true, Value: "text", Usage: "`format` of the log: text or json"},
		&cli.BoolFlag{Name: "debug", Local: true, Usage: "log what is done"},
		&cli.BoolFlag{Name: "systemd-cgroup", Local: true, Usage: "use systemd's cgroups: cgroupsPath is slice:prefix:name"},
		&cli.StringFlag{Name: "rootless", Local: true, Value: "auto", Usage: "ignore cgroup permission errors: true, false or auto"},
		// Compat(runc): once looked at, today refused there; harmless.
		&cli.StringFlag{Name: "criu", Local: true, Hidden: true},
	}
}

// configure applies the global flags. It runs before the command does.
func (c *call) configure(cmd *cli.Command) error {
	if err := c.openLog(cmd); err != nil {
		return err
	}
	root, err := c.stateRoot(cmd.String("root"), cmd.IsSet("root"))
	if err != nil {
		return err
	}
	c.global.root, c.global.rootGiven = root, cmd.IsSet("root")
	c.global.systemdCgroup = cmd.Bool("systemd-cgroup")
	c.global.rootless = cmd.String("rootless")
	slog.Debug("state directory", "path", root)
	return nil
}

// openLog makes the log what the flags say. It does so once.
func (c *call) openLog(cmd *cli.Command) error {
	if c.global.logOpen {
		return nil
	}
	c.global.logOpen = true
	c.log.debug = cmd.Bool("debug")
	format, err := parseLogFormat(cmd.String("log-format"))
	if err != nil {
		return err
	}
	c.log.format = format
	if path := cmd.String("log"); path != "" {
		if err := c.log.open(path); err != nil {
			return fmt.Errorf("--log: %w", err)
		}
	}
	return nil
}

// defaultRoot holds the state of root's containers.
const defaultRoot = "/run/rung"

// stateRoot is the state directory: the one given, or the default.
func (c *call) stateRoot(given string, isGiven bool) (string, error) {
	if isGiven {
		if given == "" {
			return "", errors.New("--root: the name of a directory is missing")
		}
		root, err := filepath.Abs(given)
		if err != nil {
			return "", fmt.Errorf("--root %s: %w", given, err)
		}
		if root == "/" {
			return "", errors.New("Option --root argument should not be set to /") //nolint:staticcheck // callers know these words
		}
		return root, nil
	}
	if dir := c.getenv("XDG_RUNTIME_DIR"); dir != "" && c.unprivileged() {
		return filepath.Join(dir, "rung"), nil
	}
	return defaultRoot, nil
}

// unprivileged reports whether the caller's own runtime directory is the place
// for state. Root of the host is not asked: callers leave the variable of the
// user who logged in.
func (c *call) unprivileged() bool {
	if c.uid != 0 {
		return true
	}
	return linux.InUserNamespace() && c.getenv("USER") != "root"
}

// rootlessCgroups reports whether missing permissions on cgroups are to be
// passed over.
func (c *call) rootlessCgroups() (bool, error) {
	if c.global.rootless != "auto" && c.global.rootless != "" {
		b, err := strconv.ParseBool(c.global.rootless)
		if err != nil {
			return false, fmt.Errorf("--rootless %s: want true, false or auto", c.global.rootless)
		}
		return b, nil
	}
	return c.uid != 0 || linux.InUserNamespace(), nil
}

// load finds the container that the command names.
func (c *call) load(cmd *cli.Command) (*libcontainer.Container, error) {
	container, err := c.factory().Load(cmd.Args().First())
	if errors.Is(err, libcontainer.ErrNotExist) {
		return nil, libcontainer.ErrNotExist // callers know these words, and the id
	}
	if err != nil {
		return nil, err
	}
	container.Warn, container.Note = warn, note
	return container, nil
}

// warn puts into the log what is no error.
func warn(text string) { slog.Warn(text) }

func note(text string) { slog.Debug(text) }

// factory gives access to the containers below the state directory.
func (c *call) factory() libcontainer.Factory {
	return libcontainer.Factory{
		Root: c.global.root, HookEnv: os.Environ(),
		RuntimeDir: c.getenv("XDG_RUNTIME_DIR"), SessionBus: c.getenv("DBUS_SESSION_BUS_ADDRESS"),
	}
}

// makeRoot makes the default state directory of an unprivileged user. The
// sticky bit keeps it from being aged out of the user's runtime directory; the
// others are made by libcontainer.
func (c *call) makeRoot() error {
	if c.global.rootGiven {
		return nil
	}
	if c.global.root == defaultRoot {
		if c.uid != 0 && !linux.MayWrite(filepath.Dir(defaultRoot)) && !linux.MayWrite(defaultRoot) {
			return fmt.Errorf("state directory %s: permission denied: set XDG_RUNTIME_DIR, or use --root", defaultRoot)
		}
		return nil
	}
	if err := os.MkdirAll(c.global.root, 0o700); err != nil {
		return err
	}
	return os.Chmod(c.global.root, 0o700|os.ModeSticky)
}
