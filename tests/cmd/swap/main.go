// Command swap exchanges two directory entries as fast as it can until it is
// told to end (SIGTERM): the attacker's side of a race on a path. It prints
// how often it swapped, so that a test can tell a race from an idle helper.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: swap A B")
		os.Exit(1)
	}
	var stop atomic.Bool
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	go func() {
		select {
		case <-signals:
		case <-time.After(2 * time.Minute): // never outlive a lost test
		}
		stop.Store(true)
	}()
	count := 0
	for !stop.Load() {
		err := unix.Renameat2(unix.AT_FDCWD, os.Args[1], unix.AT_FDCWD, os.Args[2], unix.RENAME_EXCHANGE)
		if err != nil {
			fmt.Fprintf(os.Stderr, "swap: exchange %s and %s: %v\n", os.Args[1], os.Args[2], err)
			os.Exit(1)
		}
		count++
	}
	fmt.Println(count)
}
