package linux

import "golang.org/x/sys/unix"

// InitialPIDNamespace reports whether the numbers of processes mean the same
// to this process as to the host's.
func InitialPIDNamespace() bool {
	// PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h.
	const initial = 0xEFFFFFFC
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &st) == nil && st.Ino == initial
}
