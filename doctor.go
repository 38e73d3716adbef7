package main

import (
	"encoding/json"
	"fmt"
	"os/user"
	"strconv"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/libcontainer/host/probe"
)

func (c *call) doctorCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:  "doctor",
		Usage: "tell which way each thing takes on this host, and what is missing",
		Description: "Each line is ok, fallback (an older way, containers do not notice), without\n" +
			"(a container that asks for it is refused) or bad (no container runs). The\n" +
			"exit status is 0 if containers can run, else 1. Nothing is changed.",
		Flags: []cli.Flag{formatFlag()},
	}, arity{0, 0}, func(cmd *cli.Command) error {
		format := cmd.String("format")
		if format != "table" && format != "json" {
			return errFormat()
		}
		list := probe.Host(c.probed())
		able := true
		for _, f := range list {
			able = able && f.State != probe.Bad
		}
		var err error
		if format == "json" {
			err = c.doctorJSON(list, able)
		} else {
			err = c.doctorTable(list, able)
		}
		if err == nil && !able {
			return exitStatus(exitFailure)
		}
		return err
	})
}

// probed is what the doctor has to know of the caller.
func (c *call) probed() probe.Caller {
	who := probe.Caller{UID: c.uid, Path: c.getenv("PATH"), RuntimeDir: c.getenv("XDG_RUNTIME_DIR")}
	if u, err := user.LookupId(strconv.Itoa(c.uid)); err == nil {
		who.User = u.Username
	}
	return who
}

// doctorTable prints what is wrong with a thing, and what to do, below it.
func (c *call) doctorTable(list []probe.Finding, able bool) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "AREA\tTHING\tSTATE\tWAY")
	for _, f := range list {
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\n", f.Area, f.Name, f.State, f.Way)
		if f.Why != "" {
			fmt.Fprintf(w, "\t\t\tbecause: %s\n", f.Why)
		}
		if f.Hint != "" {
			fmt.Fprintf(w, "\t\t\tto change it: %s\n", f.Hint)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	answer := "Containers can run here."
	if !able {
		answer = "No container can run here: see the lines that are bad."
	}
	_, err := fmt.Fprintln(c.stdout, answer)
	return err
}

func (c *call) doctorJSON(list []probe.Finding, able bool) error {
	type finding struct {
		Area  string `json:"area"`
		Name  string `json:"name"`
		State string `json:"state"`
		Way   string `json:"way"`
		Why   string `json:"why,omitempty"`
		Hint  string `json:"hint,omitempty"`
	}
	document := struct {
		Able     bool      `json:"able"`
		Findings []finding `json:"findings"`
	}{Able: able}
	for _, f := range list {
		document.Findings = append(document.Findings, finding{f.Area, f.Name, f.State.String(), f.Way, f.Why, f.Hint})
	}
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "    ")
	return encoder.Encode(document)
}
