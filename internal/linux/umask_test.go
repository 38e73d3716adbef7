package linux

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestUmaskForOwner(t *testing.T) {
	before := unix.Umask(0)
	defer unix.Umask(before)
	for umask, want := range map[int]int{0o22: 0o22, 0o777: 0o77, 0o77: 0o77, 0: 0, 0o700: 0, 0o127: 0o27} {
		unix.Umask(umask)
		UmaskForOwner()
		if got := unix.Umask(0); got != want {
			t.Errorf("%#o: got %#o, want %#o", umask, got, want)
		}
	}
}
