package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// memoryPolicy reports mode, flags and nodes of the NUMA memory policy.
func memoryPolicy(w *object) {
	const flags = 7 << 13
	var mode int32
	var nodes [16]uint64 // MAX_NUMNODES is 1024 at most
	_, _, e := unix.RawSyscall6(unix.SYS_GET_MEMPOLICY, uintptr(unsafe.Pointer(&mode)),
		uintptr(unsafe.Pointer(&nodes)), 64*uintptr(len(nodes))+1, 0, 0, 0)
	if e != 0 {
		w.text0("memoryPolicy", e.Error())
		return
	}
	w.begin0("memoryPolicy")
	w.number("mode", int64(mode)&^flags)
	w.number("flags", int64(mode)&flags)
	list := []int64{}
	for i, word := range nodes {
		for n := range 64 {
			if word>>n&1 == 1 {
				list = append(list, int64(64*i+n))
			}
		}
	}
	w.numbers("nodes", list)
	w.end()
}
