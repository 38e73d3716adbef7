package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"

	"github.com/urfave/cli/v3"
)

func (c *call) psCommand() *cli.Command {
	onlyID := 1
	return c.command(&cli.Command{
		Name:         "ps",
		Usage:        "list the processes of a container",
		ArgsUsage:    containerArg + " [arguments of ps(1)]",
		Description:  "The table is that of \"ps -ef\", or of ps with the arguments given, reduced to the\ncontainer's processes.",
		StopOnNthArg: &onlyID,
		Flags:        []cli.Flag{formatFlag()},
	}, arity{1, anyNumber}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		pids, err := container.Pids()
		if err != nil {
			return err
		}
		switch cmd.String("format") {
		case "table":
			return c.psTable(pids, cmd.Args().Tail())
		case "json":
			_, err = c.stdout.Write(append(appendPids(nil, pids), '\n'))
			return err
		}
		return errFormat()
	})
}

// psTable prints what ps(1) says about the pids.
func (c *call) psTable(pids []int, args []string) error {
	if len(args) == 0 {
		args = []string{"-ef"}
	}
	output, err := exec.Command("ps", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ps: %w: %s", err, bytes.TrimSpace(output))
	}
	reduced, err := reduceTable(output, pids)
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(reduced)
	return err
}

// reduceTable keeps the header of ps's output and the lines of pids, which it
// finds by the header's column PID.
func reduceTable(output []byte, pids []int) ([]byte, error) {
	column := -1
	var kept []byte
	for line := range bytes.Lines(output) {
		fields := bytes.Fields(line)
		if column < 0 {
			if column = slices.IndexFunc(fields, func(f []byte) bool { return string(f) == "PID" }); column < 0 {
				return nil, errors.New("ps: its output has no column PID")
			}
			kept = append(kept, line...)
			continue
		}
		if column >= len(fields) {
			continue
		}
		pid, err := strconv.Atoi(string(fields[column]))
		if err != nil {
			return nil, fmt.Errorf("ps: unexpected pid %q", fields[column])
		}
		if slices.Contains(pids, pid) {
			kept = append(kept, line...)
		}
	}
	return kept, nil
}
