package main

import (
	"os"
	"runtime"
	"strconv"

	"github.com/oci-rung/rung/libcontainer/inside"
)

// This file is the one door into libcontainer/inside. A binary that is linked
// with the entry point of that package (see the Makefile) never comes here for
// `rung init N`: there init runs without a Go runtime. Linked without it, or
// on an architecture without one, the same steps run from here.

// init keeps the main goroutine on the main thread: its thread id is the
// process id, which is what cgroup v1 takes one by one.
func init() {
	if isInit() {
		runtime.LockOSThread()
	}
}

func isInit() bool { return len(os.Args) > 1 && os.Args[1] == "init" }

// runInit becomes init. It returns only if this was not called by rung itself.
func runInit() string {
	if len(os.Args) < 3 {
		return "init: for rung itself, not for people"
	}
	control, err := strconv.Atoi(os.Args[2])
	if err != nil || control < 3 {
		return "init: not a descriptor: " + os.Args[2]
	}
	inside.Threaded(control, len(os.Args) > 3 && os.Args[3] == "single")
	return ""
}

// callerTimerSlack is what the entry found, if it changed it.
func callerTimerSlack() uint64 { return inside.CallerTimerSlack() }
