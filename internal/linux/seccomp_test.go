package linux

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestSeccompFlag(t *testing.T) {
	// Kernel(4.14) has the first, no kernel the second.
	if !SeccompFlag(unix.SECCOMP_FILTER_FLAG_LOG) {
		t.Error("LOG: unknown")
	}
	if SeccompFlag(1 << 30) {
		t.Error("a flag that there is not: known")
	}
}
