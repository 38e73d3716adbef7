package inside

import (
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/oci-rung/rung/libcontainer/wire"
)

func TestMempolicy(t *testing.T) {
	if _, err := os.Stat("/sys/devices/system/node/node0"); err != nil {
		t.Skip("this kernel knows no NUMA")
	}
	thread(t, 0, func() {
		get := func() (mode int32) {
			if _, _, e := unix.RawSyscall6(unix.SYS_GET_MEMPOLICY, uintptr(unsafe.Pointer(&mode)), 0, 0, 0, 0, 0); e != 0 {
				t.Error(e)
			}
			return mode
		}
		const preferred, bind, static = 1, 2, 1 << 15
		s := reset(t, "")
		wantDone(t, do(t, s, wire.Mempolicy, uint64(bind|static), mask(1, 0), uint64(65)))
		if got := get(); got != bind|static {
			t.Errorf("got %#x", got)
		}
		wantDone(t, do(t, s, wire.Mempolicy, uint64(preferred), []byte{}, uint64(1)))
		wantDone(t, do(t, s, wire.Mempolicy, uint64(0), []byte{}, uint64(1)))
		if got := get(); got != 0 {
			t.Errorf("got %#x", got)
		}
		wantFailure(t, do(t, s, wire.Mempolicy, uint64(bind), []byte{}, uint64(1)), "set_mempolicy : EINVAL")
	})
}

func TestPersonality(t *testing.T) {
	thread(t, 0, func() {
		s := reset(t, "")
		for _, want := range []uint64{8, 0} {
			wantDone(t, do(t, s, wire.Personality, want))
			if got, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0); e != 0 || uint64(got) != want {
				t.Errorf("got %#x, %v, want %#x", got, e, want)
			}
		}
	})
}
