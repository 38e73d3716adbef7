package inside

import (
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// mask is a set of numbers as a step has it.
func mask(words int, numbers ...int) []byte {
	out := make([]uint64, words)
	for _, n := range numbers {
		out[n/64] |= 1 << (n % 64)
	}
	var b []byte
	for _, w := range out {
		b = binary.NativeEndian.AppendUint64(b, w)
	}
	return b
}

func TestAffinity(t *testing.T) {
	thread(t, 0, func() {
		var before, now unix.CPUSet
		if err := unix.SchedGetaffinity(0, &before); err != nil {
			t.Error(err)
			return
		}
		first := 0
		for !before.IsSet(first) {
			first++
		}
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Affinity, uint64(8*(first/64+1)), mask(first/64+1, first), uint64(0)))
		if err := unix.SchedGetaffinity(0, &now); err != nil || now.Count() != 1 || !now.IsSet(first) {
			t.Errorf("got %v, %v, want CPU %d alone", now, err, first)
		}
		wantFailure(t, do(t, s, wire.Affinity, uint64(1024), mask(128, 8191), uint64(0)), "sched_setaffinity : EINVAL")
		wantDone(t, do(t, s, wire.Affinity, uint64(1024), mask(128, 8191), uint64(wire.AffinityTry)))
		every := []byte(strings.Repeat("\xff", 1024))
		wantDone(t, do(t, s, wire.Affinity, uint64(1024), every, uint64(wire.AffinityTry)))
		if err := unix.SchedGetaffinity(0, &now); err != nil || now.Count() < before.Count() {
			t.Errorf("got %d CPUs, %v, want %d", now.Count(), err, before.Count())
		}
	})
}
