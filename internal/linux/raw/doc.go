// Package raw is the kernel as init sees it: one function a system call, no
// allocation, no lock, no retry loop hidden from the reader, the error number
// as it came. init runs without a started Go runtime, so nothing here may
// allocate, grow a stack, schedule or panic; the parent uses package linux
// instead, which wraps errors with their arguments.
//
// Runs in: init (and in the parent's tests). Assumes a 64-bit kernel.
//
// Paths are addresses of NUL-terminated bytes: strings of the mapped program,
// or constants written with a trailing "\x00" and passed through Lit.
package raw
