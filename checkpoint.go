package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) checkpointCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "checkpoint",
		Usage:     "write the processes of a running container into files",
		ArgsUsage: containerArg,
		Description: "Leaves the work to criu(8), which has to be in PATH. The container is gone\n" +
			"afterwards, unless it is to run on. \"restore\" makes one of the files again.",
		Flags: append(imageFlags(),
			&cli.StringFlag{Name: "parent-path", Usage: "`directory` with the images of a pre-dump before, relative to the image path"},
			&cli.BoolFlag{Name: "leave-running", Usage: "let the container run on"},
			&cli.BoolFlag{Name: "pre-dump", Usage: "write the memory only, for a later checkpoint to build on, and let the container run on"},
			&cli.IntFlag{Name: "status-fd", Value: -1, Usage: "descriptor `N` that gets a byte once lazy pages can be asked for"},
			&cli.StringFlag{Name: "page-server", Usage: "`address:port` of the page server that takes the pages"},
		),
	}, arity{1, 1}, func(cmd *cli.Command) error {
		options, err := c.checkpointOptions(cmd)
		if err != nil {
			return err
		}
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		return container.Checkpoint(options)
	})
}

// imageFlags are the flags that checkpoint and restore have in common.
func imageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "image-path", Usage: "`directory` for the images (default: checkpoint)"},
		&cli.StringFlag{Name: "work-path", Usage: "`directory` for the log of criu (default: the image path)"},
		&cli.BoolFlag{Name: "tcp-established", Usage: "allow open TCP connections"},
		&cli.BoolFlag{Name: "tcp-skip-in-flight", Usage: "skip TCP connections that are being made"},
		&cli.BoolFlag{Name: "tcp-close", Usage: "close TCP connections"},
		&cli.BoolFlag{Name: "ext-unix-sk", Usage: "allow unix sockets with a peer outside"},
		&cli.BoolFlag{Name: "shell-job", Usage: "allow a session and a terminal from outside"},
		&cli.BoolFlag{Name: "lazy-pages", Usage: "move memory when it is first used"},
		&cli.BoolFlag{Name: "file-locks", Usage: "keep file locks"},
		&cli.BoolFlag{Name: "link-remap", Usage: "allow open files that have no name any more"},
		&cli.StringFlag{Name: "manage-cgroups-mode", Usage: "what to do with cgroups: `soft` (default), full, strict or ignore"},
		&cli.StringSliceFlag{Name: "empty-ns", Usage: "`kind` of namespace whose content is left out: network, which always is"},
		&cli.BoolFlag{Name: "auto-dedup", Usage: "drop pages of the parent images that are written again"},
	}
}

// criuProgram finds criu as a shell would.
func (c *call) criuProgram() (libcontainer.CriuProgram, error) {
	path, err := exec.LookPath("criu")
	if err != nil {
		return libcontainer.CriuProgram{}, err
	}
	path, err = filepath.Abs(path)
	return libcontainer.CriuProgram{Path: path, Env: os.Environ()}, err
}

// criuOptions reads the flags that checkpoint and restore have in common.
func (c *call) criuOptions(cmd *cli.Command) (libcontainer.CriuOptions, error) {
	o := libcontainer.CriuOptions{CriuSettings: libcontainer.CriuSettings{
		TCPEstablished: cmd.Bool("tcp-established"), TCPSkipInFlight: cmd.Bool("tcp-skip-in-flight"),
		TCPClose: cmd.Bool("tcp-close"), ExternalUnix: cmd.Bool("ext-unix-sk"), ShellJob: cmd.Bool("shell-job"),
		LazyPages: cmd.Bool("lazy-pages"), FileLocks: cmd.Bool("file-locks"), LinkRemap: cmd.Bool("link-remap"),
		AutoDedup: cmd.Bool("auto-dedup"), EmptyNetwork: true, StatusFD: -1,
	}}
	var err error
	if o.Cgroups, err = parseCgroupMode(cmd.String("manage-cgroups-mode")); err != nil {
		return o, err
	}
	for _, kind := range cmd.StringSlice("empty-ns") {
		if !slices.Contains([]string{"network", "net"}, kind) {
			return o, fmt.Errorf("--empty-ns %s: namespace %q is not supported", kind, kind)
		}
	}
	images := cmd.String("image-path")
	if images == "" {
		images = "checkpoint"
	}
	if o.ImagePath, err = filepath.Abs(images); err != nil {
		return o, fmt.Errorf("--image-path: %w", err)
	}
	if work := cmd.String("work-path"); work != "" {
		if o.WorkPath, err = filepath.Abs(work); err != nil {
			return o, fmt.Errorf("--work-path: %w", err)
		}
	}
	o.Criu, err = c.criuProgram()
	return o, err
}

func parseCgroupMode(text string) (libcontainer.CgroupMode, error) {
	switch text {
	case "", "soft":
		return libcontainer.CgroupsSoft, nil
	case "full":
		return libcontainer.CgroupsFull, nil
	case "strict":
		return libcontainer.CgroupsStrict, nil
	case "ignore":
		return libcontainer.CgroupsIgnore, nil
	}
	return 0, fmt.Errorf("--manage-cgroups-mode %s: Invalid manage-cgroups-mode value: want soft, full, strict or ignore", text)
}

func (c *call) checkpointOptions(cmd *cli.Command) (libcontainer.CheckpointOptions, error) {
	common, err := c.criuOptions(cmd)
	o := libcontainer.CheckpointOptions{CriuOptions: common, PreDump: cmd.Bool("pre-dump")}
	if err != nil {
		return o, err
	}
	o.LeaveRunning = cmd.Bool("leave-running")
	if o.PreDump && o.LazyPages {
		return o, errors.New("--pre-dump: the memory is copied now, or when it is used with --lazy-pages, not both")
	}
	if o.Parent = cmd.String("parent-path"); o.Parent != "" {
		if err := checkParent(o.ImagePath, o.Parent); err != nil {
			return o, err
		}
	}
	if text := cmd.String("page-server"); text != "" {
		if o.PageServer, err = parsePageServer(text); err != nil {
			return o, err
		}
	}
	o.StatusFD = int(cmd.Int("status-fd"))
	if o.StatusFD >= 0 && !linux.Writable(o.StatusFD) {
		return o, fmt.Errorf("invalid --status-fd argument %d: not open for writing", o.StatusFD)
	}
	return o, nil
}

// checkParent wants the images before these to be a directory that is found
// from the images wherever both are moved to.
func checkParent(images, parent string) error {
	if filepath.IsAbs(parent) {
		return errors.New("--parent-path must be relative")
	}
	path := filepath.Join(images, parent)
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = &os.PathError{Op: "stat", Path: path, Err: linux.ENOTDIR}
	}
	if err != nil {
		return fmt.Errorf("invalid --parent-path: %w", err)
	}
	return nil
}

func parsePageServer(text string) (*libcontainer.CriuPageServer, error) {
	wrong := fmt.Errorf("--page-server %s: want an address and a port, as 10.0.0.1:27", text)
	host, port, ok := strings.Cut(text, ":")
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		host, port = strings.Trim(text[:i], "[]"), text[i+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || n == 0 {
		return nil, wrong
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return nil, wrong
	}
	return &libcontainer.CriuPageServer{Address: host, Port: int(n)}, nil
}
