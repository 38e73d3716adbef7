package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer"
)

func (c *call) listCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:        "list",
		Usage:       "list the containers of a state directory",
		Description: "The state directory is the one of the global flag --root.",
		Flags: []cli.Flag{
			formatFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the ids alone"},
		},
	}, arity{0, 0}, func(cmd *cli.Command) error {
		states, err := c.listStates()
		if err != nil {
			return err
		}
		if cmd.Bool("quiet") {
			for _, s := range states {
				fmt.Fprintln(c.stdout, s.ID)
			}
			return nil
		}
		switch cmd.String("format") {
		case "table":
			return c.listTable(states)
		case "json":
			_, err = c.stdout.Write(append(appendStates(nil, states), '\n'))
			return err
		}
		return errFormat()
	})
}

// formatFlag is the flag of the commands that print a table or JSON.
func formatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "table", Usage: "`format` to print: table or json"}
}

func errFormat() error { return errors.New("invalid format option") }

// listStates returns the states of all containers whose state can be read.
func (c *call) listStates() ([]*libcontainer.State, error) {
	// Until there was a container, the default directory is not there.
	if _, err := os.Stat(c.global.root); err != nil {
		if !c.global.rootGiven && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("--root: %w", err)
	}
	entries, err := c.factory().List()
	if err != nil {
		return nil, err
	}
	var states []*libcontainer.State
	for _, e := range entries {
		if e.Err != nil {
			warn(fmt.Sprintf("container %s is not listed: %v", e.ID, e.Err))
			continue
		}
		e.State.Owner = e.Owner
		states = append(states, e.State)
	}
	return states, nil
}

func (c *call) listTable(states []*libcontainer.State) error {
	w := tabwriter.NewWriter(c.stdout, 12, 1, 3, ' ', 0)
	fmt.Fprint(w, "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER\n")
	for _, s := range states {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", s.ID, s.Pid, s.Status, s.Bundle, s.Created.Format(time.RFC3339Nano), s.Owner)
	}
	return w.Flush()
}
