package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The operations that can be measured, in the order of the table.
var operationNames = []string{"run", "create", "start", "state", "exec", "delete", "delete --force"}

// step is a thing that every runtime does in turn: an operation, or, without a
// name, what has to be done before the next one.
type step struct {
	op      string
	command func(b *bench, rt runtime, bundle string) []string
	check   func(b *bench, rt runtime, r result) error
}

// script is the life of a container. The containers of all runtimes live it
// side by side, step by step.
type script []step

func (s script) measures(ops []string) bool {
	return slices.ContainsFunc(s, func(st step) bool { return slices.Contains(ops, st.op) })
}

var scripts = []script{
	{
		{"run", runBundle, gone},
	},
	{
		{"create", create("stays"), created},
		{"start", start, nil},
		{"state", state, running},
		{"exec", execTrue, nil},
		{"delete --force", deleteForce, gone},
	},
	{
		{"", create("ends"), created},
		{"", start, ended},
		{"delete", deleteStopped, gone},
	},
}

func runBundle(b *bench, rt runtime, bundle string) []string {
	return b.call(rt, "run", "--bundle", b.bundle(rt, bundle, "ends"), b.id(rt))
}

func create(payload string) func(*bench, runtime, string) []string {
	return func(b *bench, rt runtime, bundle string) []string {
		return b.call(rt, "create", "--bundle", b.bundle(rt, bundle, payload), "--pid-file", b.pidFile(rt), b.id(rt))
	}
}

func start(b *bench, rt runtime, _ string) []string { return b.call(rt, "start", b.id(rt)) }

func state(b *bench, rt runtime, _ string) []string { return b.call(rt, "state", b.id(rt)) }

func execTrue(b *bench, rt runtime, _ string) []string { return b.call(rt, "exec", b.id(rt), "true") }

func deleteForce(b *bench, rt runtime, _ string) []string {
	return b.call(rt, "delete", "--force", b.id(rt))
}

func deleteStopped(b *bench, rt runtime, _ string) []string { return b.call(rt, "delete", b.id(rt)) }

func (b *bench) pid(rt runtime) (int, error) {
	text, err := os.ReadFile(b.pidFile(rt))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// created: the process that the pid file names is there.
func created(b *bench, rt runtime, _ result) error {
	pid, err := b.pid(rt)
	if err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
	return err
}

// ended waits until the payload has ended, well.
func ended(b *bench, rt runtime, _ result) error {
	pid, err := b.pid(rt)
	if err != nil {
		return err
	}
	r, err := b.launcher.wait(pid)
	if err == nil && r.status != 0 {
		err = fmt.Errorf("payload: exit status %d", r.status)
	}
	return err
}

// running: the state says so, and of the right process.
func running(b *bench, rt runtime, r result) error {
	var state struct {
		ID, Status string
		Pid        int
	}
	if err := json.Unmarshal([]byte(r.stdout), &state); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	pid, err := b.pid(rt)
	if err != nil {
		return err
	}
	if state.ID != b.id(rt) || state.Status != "running" || state.Pid != pid {
		return fmt.Errorf("state: got %+v, want running with pid %d", state, pid)
	}
	return nil
}

// gone: neither state nor cgroup nor output is left.
func gone(b *bench, rt runtime, r result) error {
	if text := r.stdout + r.stderr; text != "" {
		return fmt.Errorf("printed: %s", strings.TrimSpace(text))
	}
	places := []string{filepath.Join(b.root(rt), b.id(rt)), filepath.Join(cgroupRoot, b.id(rt))}
	perController, err := filepath.Glob(filepath.Join(cgroupRoot, "*", b.id(rt)))
	if err != nil {
		return err
	}
	for _, place := range append(places, perController...) {
		if filepath.Dir(place) == unified {
			continue // no cgroup: see isolate
		}
		if _, err := os.Lstat(place); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("left behind: %s (%w)", place, err)
		}
	}
	return nil
}

// verify makes sure, before anything is measured, that each runtime really runs
// the programs it is told to: their exit codes come back.
func (b *bench) verify() error {
	const want = 7
	for _, bundle := range b.bundles {
		for _, rt := range b.runtimes {
			if _, err := b.launcher.ok(create("stays")(b, rt, bundle)...); err != nil {
				return fmt.Errorf("%s, bundle %s: %w", rt.name, bundle, err)
			}
			if _, err := b.launcher.ok(start(b, rt, bundle)...); err != nil {
				return fmt.Errorf("%s, bundle %s: %w", rt.name, bundle, err)
			}
			r, err := b.launcher.run(b.call(rt, "exec", b.id(rt), "sh", "-c", fmt.Sprintf("exit %d", want))...)
			if err == nil && r.status != want {
				err = fmt.Errorf("exec: got exit status %d, want %d: %s", r.status, want, r.stderr)
			}
			if err != nil {
				return fmt.Errorf("%s, bundle %s: %w", rt.name, bundle, err)
			}
			if r, err = b.launcher.ok(deleteForce(b, rt, bundle)...); err == nil {
				err = gone(b, rt, r)
			}
			if err != nil {
				return fmt.Errorf("%s, bundle %s: %w", rt.name, bundle, err)
			}
		}
	}
	return nil
}
