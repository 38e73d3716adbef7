package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// runtime is one of those compared.
type runtime struct {
	name    string
	path    string
	version string
}

// bench is the inner process's state.
type bench struct {
	options
	work     string // made by the outer process: helper programs
	dir      string // a tmpfs: bundles, state directories, output
	seccomp  string // file with Docker's filter
	bundles  []string
	ops      []string
	runtimes []runtime
	launcher *launcher
	samples  []sample
}

// sample is one measured operation.
type sample struct {
	round   int
	bundle  string
	op      string
	runtime string
	result  result
}

// inside does the work, as the first process of its PID namespace.
func inside(o options) (err error) {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	if err := isolate(o.work); err != nil {
		return err
	}
	b := &bench{
		options: o,
		work:    o.work,
		dir:     filepath.Join(o.work, "volatile"),
		seccomp: filepath.Join(root, "libcontainer/seccomp/testdata/default.json"),
		bundles: strings.Split(o.bundles, ","),
		ops:     strings.Split(o.ops, ","),
	}
	if b.launcher, err = startLauncher(filepath.Join(o.work, "launcher"), b.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.launcher.close()) }()
	if err := b.findRuntimes(root); err != nil {
		return err
	}
	if err := b.makeBundles(); err != nil {
		return err
	}
	if err := b.verify(); err != nil {
		return err
	}
	if err := b.rounds(); err != nil {
		return err
	}
	figures := b.figures()
	if err := b.footprint(figures); err != nil {
		return err
	}
	if found, err := cgroups(filepath.Base(o.work)); err != nil || len(found) != 0 {
		return errors.Join(err, fmt.Errorf("cgroups left: %v", found))
	}
	figures.print(os.Stdout)
	if o.json == "" {
		return nil
	}
	return figures.write(o.json)
}

func (b *bench) findRuntimes(root string) error {
	for _, word := range strings.Split(b.options.runtimes, ",") {
		name, path, given := strings.Cut(word, "=")
		var err error
		switch {
		case given:
		case name == "rung":
			path = filepath.Join(root, "rung")
		default:
			if path, err = exec.LookPath(name); err != nil {
				return fmt.Errorf("runtime %s: %w", name, err)
			}
		}
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
		r, err := b.launcher.ok(path, "--version")
		if err != nil {
			return fmt.Errorf("runtime %s: %w", name, err)
		}
		version, _, _ := strings.Cut(r.stdout, "\n")
		b.runtimes = append(b.runtimes, runtime{name, path, version})
	}
	return nil
}

// id is the name of the one container that a runtime has at a time.
func (b *bench) id(rt runtime) string { return filepath.Base(b.work) + "-" + rt.name }

func (b *bench) root(rt runtime) string { return filepath.Join(b.dir, "state", rt.name) }

func (b *bench) pidFile(rt runtime) string { return filepath.Join(b.dir, rt.name+".pid") }

// call is the command line of a runtime.
func (b *bench) call(rt runtime, words ...string) []string {
	return append([]string{rt.path, "--root", b.root(rt)}, words...)
}

// rounds measures. The round with the number 0 warms up and is not kept.
func (b *bench) rounds() error {
	for round := range b.options.rounds + 1 {
		type part struct {
			bundle string
			script script
		}
		var parts []part
		for _, bundle := range b.bundles {
			for _, s := range scripts {
				if s.measures(b.ops) {
					parts = append(parts, part{bundle, s})
				}
			}
		}
		rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, p := range parts {
			for _, st := range p.script {
				if err := b.step(round, p.bundle, st); err != nil {
					return fmt.Errorf("round %d, bundle %s: %w", round, p.bundle, err)
				}
			}
		}
		if round > 0 && (round%10 == 0 || round == b.options.rounds) {
			fmt.Fprintf(os.Stderr, "bench: %d of %d rounds\n", round, b.options.rounds)
		}
	}
	return nil
}

// step lets every runtime do one operation, in random order.
func (b *bench) step(round int, bundle string, st step) error {
	for _, i := range rand.Perm(len(b.runtimes)) {
		rt := b.runtimes[i]
		measured := st.op != "" && slices.Contains(b.ops, st.op)
		if measured && b.idle > 0 {
			time.Sleep(b.idle)
		}
		r, err := b.launcher.ok(st.command(b, rt, bundle)...)
		if err == nil && st.check != nil {
			err = st.check(b, rt, r)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", rt.name, err)
		}
		if measured && round > 0 {
			b.samples = append(b.samples, sample{round, bundle, st.op, rt.name, r})
		}
	}
	return nil
}
