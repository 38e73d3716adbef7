package raw

import _ "unsafe" // for linkname

// Pin keeps the scheduler of Go's runtime, in a process where it runs, from
// taking this thread away from the caller. It is for who is about to copy the
// process: the copy has no other thread, and what waits for one there waits for
// ever. That somebody wants the thread is a mark in the goroutine, which each
// function looks for when it begins, and which may be there at any time. The
// copy stays pinned; no garbage is collected in it.
func Pin() { procPin() }

// Unpin takes Pin back.
func Unpin() { procUnpin() }

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()
