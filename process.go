package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer/spec"
)

// execProcess is the process that the flags ask for: the one in a file, or the
// container's own with changes.
func (c *call) execProcess(cmd *cli.Command, base *specs.Process) (*specs.Process, error) {
	if path := cmd.String("process"); path != "" {
		return c.processFromFile(path)
	}
	process, err := processFromFlags(cmd, base)
	if err != nil {
		return nil, err
	}
	return process, spec.CheckProcess(process, "process")
}

func (c *call) processFromFile(path string) (*specs.Process, error) {
	file := c.stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("--process: %w", err)
		}
		defer file.Close()
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("--process: %w", err)
	}
	process, err := spec.DecodeProcess(data)
	if err != nil {
		return nil, fmt.Errorf("--process %s: %w", path, err)
	}
	return process, spec.CheckProcess(process, "process")
}

// processFromFlags changes a copy of the container's own process.
func processFromFlags(cmd *cli.Command, base *specs.Process) (*specs.Process, error) {
	process := specs.Process{Cwd: "/"}
	if base != nil {
		process = *base
	}
	process.Args = cmd.Args().Tail()
	process.Terminal = cmd.Bool("tty")
	process.ConsoleSize = nil // it is for the terminal of the container's own program
	process.Env = append(slices.Clip(process.Env), cmd.StringSlice("env")...)
	if cwd := cmd.String("cwd"); cwd != "" {
		process.Cwd = cwd
	}
	if cmd.IsSet("no-new-privs") {
		process.NoNewPrivileges = cmd.Bool("no-new-privs")
	}
	if profile := cmd.String("apparmor"); profile != "" {
		process.ApparmorProfile = profile
	}
	if label := cmd.String("process-label"); label != "" {
		process.SelinuxLabel = label
	}
	if user := cmd.String("user"); user != "" {
		if err := applyUser(&process.User, user); err != nil {
			return nil, err
		}
	}
	groups := slices.Clip(process.User.AdditionalGids)
	for _, text := range cmd.StringSlice("additional-gids") {
		gid, err := parseID(text)
		if err != nil {
			return nil, fmt.Errorf("--additional-gids: %w", err)
		}
		groups = append(groups, gid)
	}
	process.User.AdditionalGids = groups
	process.Capabilities = withCapabilities(process.Capabilities, cmd.StringSlice("cap"))
	return &process, nil
}

// withCapabilities returns sets with the capabilities of names added.
//
// CVE-2022-29162: never to the inheritable set, or files with inheritable
// capabilities would give them to programs that were not meant to have them. A
// capability can be ambient only if it is inheritable, so it becomes ambient
// only where the config made it inheritable.
func withCapabilities(sets *specs.LinuxCapabilities, names []string) *specs.LinuxCapabilities {
	if len(names) == 0 {
		return sets
	}
	var other specs.LinuxCapabilities
	if sets != nil {
		other = *sets
	}
	for _, name := range names {
		for _, set := range []*[]string{&other.Bounding, &other.Effective, &other.Permitted} {
			*set = addName(*set, name)
		}
		if slices.Contains(other.Inheritable, name) {
			other.Ambient = addName(other.Ambient, name)
		}
	}
	return &other
}

func addName(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(slices.Clip(names), name)
}
