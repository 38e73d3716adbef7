package linux

import "golang.org/x/sys/unix"

// initialUserNamespace is what the kernel shows as the namespace that every
// system begins with; its inode number is fixed.
const initialUserNamespace = "user:[4026531837]"

// InUserNamespace reports whether this process is in another user namespace
// than the first one of the system. Where that cannot be seen, it is not.
func InUserNamespace() bool {
	buf := make([]byte, 64)
	n, err := unix.Readlink("/proc/self/ns/user", buf)
	return err == nil && string(buf[:n]) != initialUserNamespace
}
