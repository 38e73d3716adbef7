package linux

import "golang.org/x/sys/unix"

// UmaskForOwner lets the owner of files that this process makes from now on
// have what their mode says, whatever umask the process was started with: shims
// run with odd ones. What is kept from others stays kept from them.
func UmaskForOwner() {
	const owner = 0o700
	unix.Umask(unix.Umask(owner) &^ owner)
}
