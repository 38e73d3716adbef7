package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer"
)

// defaultInterval is how often `events` prints figures.
const defaultInterval = 5 * time.Second

func (c *call) eventsCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "events",
		Usage:     "print figures of a container, and when it runs out of memory",
		ArgsUsage: containerArg,
		Description: "Each event is a line of JSON: {\"type\":\"stats\",…} or {\"type\":\"oom\",…}. It ends when\n" +
			"the container does, or when nobody reads its output any more.",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "interval", Value: defaultInterval, Usage: "`time` between two figures, such as 500ms or 1m"},
			&cli.BoolFlag{Name: "stats", Usage: "print the figures once and do not wait"},
		},
	}, arity{1, 1}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		interval := cmd.Duration("interval")
		if interval <= 0 {
			return errors.New("duration interval must be greater than 0")
		}
		if cmd.Bool("stats") {
			s, err := container.Stats()
			if err != nil {
				return err
			}
			return errNobody(c.printEvent(container.ID(), libcontainer.Event{Stats: s}))
		}
		// It may take days until the call ends.
		c.log.releaseHeld()
		err = container.Watch(libcontainer.EventOptions{
			Interval: interval,
			Output:   linux.PollFd{Fd: int32(c.stdout.Fd())}, //nolint:gosec // a descriptor
			Report:   func(e libcontainer.Event) error { return c.printEvent(container.ID(), e) },
		})
		return errNobody(err)
	})
}

// errNobody makes success of output that nobody reads: the reader has seen
// enough.
func errNobody(err error) error {
	if linux.ReaderGone(err) {
		return nil
	}
	return err
}

// printEvent writes one event as a line, at once and as a whole.
func (c *call) printEvent(id string, e libcontainer.Event) error {
	line := struct {
		Type string              `json:"type"`
		ID   string              `json:"id"`
		Data *libcontainer.Stats `json:"data,omitempty"`
	}{"oom", id, e.Stats}
	if e.Stats != nil {
		line.Type = "stats"
	}
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	return linux.WriteOut(c.stdout, append(b, '\n'))
}
