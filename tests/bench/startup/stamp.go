package main

import (
	"syscall"
	"unsafe"
)

// clockMonotonic is CLOCK_MONOTONIC, which package syscall does not name. No
// other package is imported: it would become part of what is measured.
const clockMonotonic = 1

// The initialisation of a package runs its variables first and then its files in
// the order of their names: under the name that the benchmark gives this file,
// this is the last thing before main.
func init() {
	var t syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&t)), 0)
	if errno != 0 {
		syscall.Exit(1)
	}
	var out [8]byte
	for i, n := 0, t.Nano(); i < len(out); i, n = i+1, n>>8 {
		out[i] = byte(n)
	}
	if _, err := syscall.Write(1, out[:]); err != nil {
		syscall.Exit(1)
	}
	syscall.Exit(0)
}
