package plan

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// words is a mask as the plan holds it.
func words(list ...uint64) []byte {
	var out []byte
	for _, w := range list {
		out = binary.NativeEndian.AppendUint64(out, w)
	}
	return out
}

func TestAffinity(t *testing.T) {
	for _, test := range []struct {
		name    string
		config  *specs.CPUAffinity
		initial []byte
		step    string
		final   []byte
	}{
		{"nothing", nil, nil, "0x400 … 1", bytes.Repeat([]byte{0xff}, 1024)},
		{"empty", &specs.CPUAffinity{}, nil, "0x400 … 1", bytes.Repeat([]byte{0xff}, 1024)},
		{"initial alone", &specs.CPUAffinity{Initial: "0,2"}, words(5), "", nil},
		{"final alone", &specs.CPUAffinity{Final: "1-3"}, nil, "8 … 0", words(14)},
		{"both", &specs.CPUAffinity{Initial: "64", Final: "0"}, words(0, 1), "8 … 0", words(1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := small()
			p := *s.Process
			p.ExecCPUAffinity = test.config
			initial, err := InitialCPUs(&p)
			if err != nil || !bytes.Equal(initial, test.initial) {
				t.Errorf("born on %x, %v, want %x", initial, err, test.initial)
			}
			e, err := BuildExec(s, &p, hostV1(), Options{ID: "c"})
			if err != nil {
				t.Fatal(err)
			}
			if test.step == "" {
				wantSteps(t, e, wire.Affinity)
			} else {
				wantSteps(t, e, wire.Affinity, test.step)
				for _, step := range e.Steps {
					if step.Kind == wire.Affinity && !bytes.Equal(step.Args[1].([]byte), test.final) {
						t.Errorf("got mask %x, want %x", step.Args[1], test.final)
					}
				}
			}
			// The container's own process is not what the field is for.
			s.Process = &p
			wantSteps(t, build(t, s, hostV1(), options()), wire.Affinity, "0x400 … 1")
		})
	}
}
