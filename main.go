// Command rung is an OCI container runtime.
//
// Package main turns words into calls and results into exit codes: each verb
// has a file that holds its flags, makes one call of package libcontainer and
// prints what the contract with the callers of such runtimes asks for. It is
// the only package that reads the environment, and only this file and init.go
// end the process.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
)

// Exit codes. A foreground run or exec ends with the payload's own code
// instead, or with 128 and the number of the signal that ended it.
const (
	exitDone    = 0
	exitFailure = 1   // any error of the runtime, and wrong usage
	exitNoTopic = 3   // the command does not exist
	exitExec    = 255 // exec: the command could not be run
)

// firstInherited is the number of the first descriptor after the standard
// three that a caller can hand over.
const firstInherited = 3

func main() {
	if isInit() {
		fmt.Fprintln(os.Stderr, runInit())
		os.Exit(exitFailure)
	}
	// CVE-2024-21626, and runc's issue 5474: what the caller handed over has
	// to be known before this program opens anything, and none of it may
	// reach a container or a hook unless it is passed on by name.
	inherited := linux.CountInherited(firstInherited)
	if err := linux.CloseOnExecFrom(firstInherited); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailure)
	}
	linux.UmaskForOwner()
	linux.ChildTimerSlack = callerTimerSlack()
	c := &call{
		argv: os.Args, getenv: os.Getenv, pid: os.Getpid(), uid: os.Geteuid(), gid: os.Getegid(),
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, inherited: inherited,
	}
	os.Exit(c.run())
}

// call is one invocation of the program: what came from outside, and what the
// global flags said.
type call struct {
	argv     []string
	getenv   func(string) string
	pid      int
	uid, gid int

	stdin, stdout, stderr *os.File

	// inherited is how many descriptors were handed over, from number 3 on.
	inherited int

	log    *logger
	global globalFlags
}

// verb is a row of the table of commands. Building a command with its flags
// costs time, so the table holds functions.
type verb struct {
	name  string
	build func(*call) *cli.Command
}

func verbs() []verb {
	return []verb{
		{"checkpoint", (*call).checkpointCommand},
		{"create", (*call).createCommand},
		{"delete", (*call).deleteCommand},
		{"doctor", (*call).doctorCommand},
		{"events", (*call).eventsCommand},
		{"exec", (*call).execCommand},
		{"features", (*call).featuresCommand},
		{"kill", (*call).killCommand},
		{"list", (*call).listCommand},
		{"pause", (*call).pauseCommand},
		{"ps", (*call).psCommand},
		{"restore", (*call).restoreCommand},
		{"resume", (*call).resumeCommand},
		{"run", (*call).runCommand},
		{"spec", (*call).specCommand},
		{"start", (*call).startCommand},
		{"state", (*call).stateCommand},
		{"update", (*call).updateCommand},
	}
}

// exitError is an error with an exit code of its own; one without a cause is
// not worth a word, as when a payload ended with that code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitStatus is the outcome of a command whose payload ended with code.
func exitStatus(code int) error {
	if code == exitDone {
		return nil
	}
	return &exitError{code: code}
}

// run executes the call and returns its exit code.
func (c *call) run() int {
	c.log = newLogger(c.stderr)
	slog.SetDefault(slog.New(c.log))
	root := c.rootCommand()
	err := root.Run(context.Background(), c.argv)
	// Wrong usage is found before the flags for the log are looked at, but
	// the error belongs there too.
	if logErr := c.openLog(root); logErr != nil && err == nil {
		err = logErr
	}
	return c.outcome(err)
}

// outcome reports err, if there is something to report, and returns the exit
// code that says it.
func (c *call) outcome(err error) int {
	var exit *exitError
	var topic cli.ExitCoder
	switch {
	case err == nil:
		c.log.releaseHeld()
		return exitDone
	case errors.As(err, &exit):
		if exit.err != nil {
			c.log.fail(exit.err)
		} else {
			c.log.releaseHeld()
		}
		return exit.code
	case errors.As(err, &topic):
		c.log.fail(err)
		return topic.ExitCode()
	}
	c.log.fail(err)
	return exitFailure
}
