package raw

import (
	"syscall"
	"unsafe"
)

// Errno is the kernel's error number; 0 means success.
type Errno = syscall.Errno

// Ptr is the address of something in this process: a NUL-terminated string, a
// vector of such addresses, or a block of bytes.
type Ptr = uintptr

// Lit is the address of a constant that ends in "\x00". The constant lives in
// the binary's read-only data, so the address stays good.
func Lit(s string) Ptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }

// At views the memory at address p as a T. The caller knows that it is mapped.
func At[T any](p Ptr) *T {
	// The double indirection keeps vet's unsafeptr check quiet: p never was a
	// Go pointer, it is an address inside the mapped program.
	return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p)))
}

// Bytes views n bytes at address p.
func Bytes(p Ptr, n int) []byte { return unsafe.Slice(At[byte](p), n) }

// Addr is the address of b's first byte; it is of no use for an empty b.
func Addr(b []byte) Ptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// Len is the length of the NUL-terminated string at p.
func Len(p Ptr) int {
	n := 0
	for *At[byte](p + uintptr(n)) != 0 {
		n++
	}
	return n
}

// Text views the NUL-terminated string at p without its NUL; empty for 0.
func Text(p Ptr) []byte {
	if p == 0 {
		return nil
	}
	return Bytes(p, Len(p))
}

// AddrOf is the address of *v, which must be static or outlive the use.
func AddrOf[T any](v *T) Ptr { return uintptr(unsafe.Pointer(v)) }
