// Package wire is the contract between parent and init: the kinds of steps
// with their order, the layout of the program that init maps, the messages on
// the socket between the two, and the names of system calls in failures.
//
// It is pure: it touches nothing and builds anywhere. The parent encodes with
// it (plan builds the steps), init reads the mapped rows with it and must not
// allocate, so what init calls here (Row, Frame) is plain memory.
package wire

// Base is the address at which init maps the program, so that addresses in it
// need no relocation. It lies below 2^38, so that arm64 kernels with 39-bit
// addresses have it, above every non-PIE binary, and where Go's heap hints
// (0xc000000000, on arm64 0x4000000000) are not.
const Base = 0x3000000000

// MaxProgram bounds the size of a program, so that init can tell a wrong
// length from a long one. The longest real part is a seccomp filter, 32 KiB.
const MaxProgram = 16 << 20

// Magic begins every program and changes with its layout. Parent and init are
// the same file, so a difference means a broken hand-over, not a version.
const Magic = 0x31474e5552 // "RUNG1"

// InitName is the name of init's thread, which people see in ps, and by which
// the parent tells init from the payload: execve changes it. No
// file is likely to have it.
const InitName = "rung: init"

// MaxSlots is how many descriptors a start may hand over.
const MaxSlots = 1024
