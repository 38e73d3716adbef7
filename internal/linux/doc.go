// Package linux is the kernel as the parent sees it: system calls with
// interruptions repeated and with what they were called on in the error, the
// descriptor type FD, and small pieces above them (atomic files, sockets that
// carry descriptors, processes by pidfd). It and raw below it are the only
// code that imports golang.org/x/sys/unix, syscall or unsafe.
//
// It runs in the parent and in tests, never in init, which uses raw. It
// assumes Linux and nothing about privileges: what the kernel refuses comes
// back as an error.
package linux
