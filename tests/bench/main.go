// Command bench compares container runtimes with each other, on this machine
// and under whatever load it has: every operation is done by one runtime right
// after the other, in random order, round by round, so that what disturbs one
// disturbs all, and the ratio of two runtimes is taken within a round before the
// median is.
//
//	bench [-n 30] [-runtimes rung,crun,runc] [-bundles spec,docker] [-ops run,create,…]
//	      [-idle 500ms] [-startup 150] [-json FILE]
//
// The first runtime is the one that is measured, the others are what it is
// compared with. Each is a name or NAME=PATH; a bare "rung" is ./rung. Needs
// root, Go, Debian's busybox-static and the runtimes.
//
// Nothing here depends on how fast anything was: the exit code says only whether
// every call did what it should and nothing was left behind.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// options is what the command line says.
type options struct {
	rounds   int
	startup  int
	idle     time.Duration
	runtimes string
	bundles  string
	ops      string
	json     string
	work     string // set for the inner process: the directory that both share
}

func parse() (options, error) {
	var o options
	flag.IntVar(&o.rounds, "n", 30, "rounds; in each every runtime does every operation once")
	flag.IntVar(&o.startup, "startup", 150, "rounds of the start-up measurement; 0: leave it and the memory of init out")
	flag.DurationVar(&o.idle, "idle", 0, "time to do nothing before each measured operation: on an idle host some calls of the kernel wait for a grace period")
	flag.StringVar(&o.runtimes, "runtimes", "rung,crun,runc", "runtimes, each NAME or NAME=PATH; the first is compared with the others")
	flag.StringVar(&o.bundles, "bundles", strings.Join(bundleNames, ","), "bundles")
	flag.StringVar(&o.ops, "ops", strings.Join(operationNames, ","), "operations")
	flag.StringVar(&o.json, "json", "", "file to write the figures to")
	flag.StringVar(&o.work, "inner", "", "for the program itself")
	flag.Parse()
	if flag.NArg() != 0 {
		return o, fmt.Errorf("%s: no arguments wanted", flag.Arg(0))
	}
	if o.rounds < 1 || o.startup < 0 {
		return o, errors.New("-n has to be at least 1, -startup at least 0")
	}
	for _, list := range []struct {
		flag, given string
		known       []string
	}{{"-bundles", o.bundles, bundleNames}, {"-ops", o.ops, operationNames}} {
		for _, name := range strings.Split(list.given, ",") {
			if !slices.Contains(list.known, name) {
				return o, fmt.Errorf("%s %s: want some of %s", list.flag, name, strings.Join(list.known, ","))
			}
		}
	}
	return o, nil
}

func main() {
	o, err := parse()
	if err == nil {
		if o.work != "" {
			err = inside(o)
		} else {
			err = outside(o)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// outside builds what is needed, lets a second process do the work in mount and
// PID namespaces of its own, and cleans up whatever becomes of it.
func outside(o options) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("needs root")
	}
	work, err := os.MkdirTemp("", idPrefix)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, removeCgroups(filepath.Base(work)), os.RemoveAll(work))
	}()
	if err := build(work, o); err != nil {
		return err
	}
	return isolated(work)
}

// build makes the helper programs.
func build(work string, o options) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	targets := [][]string{
		{"launcher", "./tests/bench/launcher"},
		{"dockerbundle", "./tests/cmd/dockerbundle"},
	}
	if o.startup > 0 {
		targets = append(targets, []string{"baseline", "./tests/bench/startup"})
		overlay := filepath.Join(work, "overlay.json")
		text := fmt.Sprintf(`{"Replace":{%q:%q}}`, filepath.Join(root, stampName), filepath.Join(root, "tests/bench/startup/stamp.go"))
		if err := os.WriteFile(overlay, []byte(text), 0o600); err != nil {
			return err
		}
		targets = append(targets, []string{"stamped", ".", "-overlay", overlay})
	}
	for _, t := range targets {
		args := []string{"-C", root, "build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(work, t[0])}
		if t[0] == "stamped" { // as the Makefile builds it
			args = append(args, "-tags", "urfave_cli_no_template", "-ldflags", "-s -w -E _rung_start")
		} else {
			args = append(args, "-ldflags", "-s -w")
		}
		args = append(args, t[2:]...)
		cmd := exec.Command("go", append(args, t[1])...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", t[1], err, out)
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("not in the source directory")
	}
	return filepath.Dir(mod), nil
}

// isolated runs this program again with -inner. It is ended with this one, and
// with it everything it started: it is the first process of a PID namespace.
func isolated(work string) error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer signal.Stop(interrupted)
	cmd := exec.Command("/proc/self/exe", append([]string{"-inner", work}, os.Args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = innerAttributes()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case s := <-interrupted:
		return errors.Join(fmt.Errorf("ended by signal %s", s), cmd.Process.Kill(), ignore(<-done))
	}
}

// ignore is for the exit status of a process that we killed ourselves.
func ignore(error) error { return nil }
