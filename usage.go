package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
)

// rootCommand builds as much of the command tree as this call needs: the
// command that argv names, or all of them for a help text.
func (c *call) rootCommand() *cli.Command {
	cli.VersionPrinter = func(*cli.Command) { c.printVersion() }
	onlyName := 1
	root := &cli.Command{
		Name:    filepath.Base(c.argv[0]),
		Usage:   "Open Container Initiative runtime",
		Version: versionNumber(),
		Description: "Creates and runs containers from OCI bundles: a directory with a config.json\n" +
			"and a root file system. \"spec\" writes a config.json to begin with.",
		Flags:  globalFlagSet(),
		Writer: c.stdout, ErrWriter: c.stderr, Reader: c.stdin,
		// What follows a command that does not exist is not ours to parse.
		StopOnNthArg:   &onlyName,
		OnUsageError:   c.usageError,
		Before:         func(ctx context.Context, cmd *cli.Command) (context.Context, error) { return ctx, c.configure(cmd) },
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // main exits
	}
	table := verbs()
	if v, ok := findVerb(table, namedCommand(c.argv[1:], root.Flags)); ok {
		table = []verb{v}
	}
	for _, v := range table {
		root.Commands = append(root.Commands, v.build(c))
	}
	return root
}

func findVerb(table []verb, name string) (verb, bool) {
	for _, v := range table {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

// namedCommand finds the command's name in args: the first word that is
// neither a global flag nor a global flag's value. If the flags are wrong it
// finds none, and the help text that follows shows all commands.
func namedCommand(args []string, flags []cli.Flag) string {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			if i+1 < len(args) {
				return args[i+1]
			}
			return ""
		}
		if !strings.HasPrefix(args[i], "-") {
			return args[i]
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch flagKind(flags, name) {
		case noFlag:
			return ""
		case boolFlag:
			if _, err := strconv.ParseBool(value); hasValue && err != nil {
				return ""
			}
		case valueFlag:
			if !hasValue {
				i++
			}
		}
	}
	return ""
}

// kind is how a flag is followed by a value.
type kind int

const (
	noFlag kind = iota
	boolFlag
	valueFlag
)

func flagKind(flags []cli.Flag, name string) kind {
	// These two the library adds.
	if name == "h" || name == "help" || name == "v" || name == "version" {
		return boolFlag
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			if _, ok := f.(*cli.BoolFlag); ok {
				return boolFlag
			}
			return valueFlag
		}
	}
	return noFlag
}

// arity is how many arguments a command takes; most is below zero for no end.
type arity struct{ least, most int }

// anyNumber is for arity.most.
const anyNumber = -1

// command completes a command with what all have in common.
func (c *call) command(cmd *cli.Command, n arity, action func(*cli.Command) error) *cli.Command {
	// A container may be called help.
	cmd.HideHelpCommand = true
	cmd.OnUsageError = c.usageError
	cmd.DisableSliceFlagSeparator = true
	cmd.Action = func(_ context.Context, cmd *cli.Command) error {
		if err := c.checkArgs(cmd, n); err != nil {
			return err
		}
		return action(cmd)
	}
	return cmd
}

// usageError answers flags that are wrong: callers probe for flags and read
// the words on either stream.
func (c *call) usageError(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	err = singleDash(err)
	fmt.Fprintf(c.stdout, "Incorrect Usage: %s\n\n", err)
	showHelp(cmd)
	return err
}

// singleDash spells the flag in an error about it with one dash, as callers
// know it, however it was written.
func singleDash(err error) error {
	const words = "flag needs an argument: "
	if name, ok := strings.CutPrefix(err.Error(), words); ok {
		return fmt.Errorf("%s-%s", words, strings.TrimLeft(name, "-"))
	}
	return err
}

func showHelp(cmd *cli.Command) {
	if cmd.Root() == cmd {
		_ = cli.ShowRootCommandHelp(cmd)
		return
	}
	_ = cli.ShowCommandHelp(context.Background(), cmd.Root(), cmd.Name)
}

func (c *call) checkArgs(cmd *cli.Command, n arity) error {
	words := ""
	switch got := cmd.NArg(); {
	case n.least == n.most && got != n.least:
		words = fmt.Sprintf("requires exactly %d argument(s)", n.least)
	case got < n.least:
		words = fmt.Sprintf("requires a minimum of %d argument(s)", n.least)
	case n.most != anyNumber && got > n.most:
		words = fmt.Sprintf("requires a maximum of %d argument(s)", n.most)
	default:
		return nil
	}
	fmt.Fprint(c.stdout, "Incorrect Usage.\n\n")
	showHelp(cmd)
	return fmt.Errorf("%s: %q %s", c.argv[0], cmd.Name, words)
}

// containerArg is the text of a help page for the argument of most commands.
const containerArg = "<container-id>"
