package spec

import (
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestMask(t *testing.T) {
	for _, test := range []struct {
		list string
		want []uint64
		err  string
	}{
		{"", nil, ""},
		{" , ,", nil, ""},
		{"0", []uint64{1}, ""},
		{"0-3,7", []uint64{0x8f}, ""},
		{" 7, 0 ,2-2", []uint64{0x85}, ""},
		{"3,1-4,2", []uint64{0x1e}, ""},
		{"63-64", []uint64{1 << 63, 1}, ""},
		{"130", []uint64{0, 0, 4}, ""},
		{"0-8191", slices.Repeat([]uint64{1<<64 - 1}, 128), ""},
		{"8192", nil, `"8192": 8192 is beyond 8191, the largest number there is`},
		{"0-4294967295", nil, `"0-4294967295" is not a list like 0-3,7`},
		{"0-99999", nil, `"0-99999": 99999 is beyond 8191, the largest number there is`},
		{"3-1", nil, `"3-1": the range 3-1 runs backwards`},
		{"-1", nil, `"-1" is not a list like 0-3,7`},
		{"1-", nil, `"1-" is not a list like 0-3,7`},
		{"1-2-3", nil, `"1-2-3" is not a list like 0-3,7`},
		{"0x1", nil, `"0x1" is not a list like 0-3,7`},
		{"+1", nil, `"+1" is not a list like 0-3,7`},
		{"0-7:1/2", nil, `"0-7:1/2" is not a list like 0-3,7`},
		{"all", nil, `"all" is not a list like 0-3,7`},
	} {
		got, err := Mask(test.list)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if !slices.Equal(got, test.want) || text != test.err {
			t.Errorf("Mask(%q): got %#x, %q, want %#x, %q", test.list, got, text, test.want, test.err)
		}
	}
}

func TestCheckAffinity(t *testing.T) {
	affinity := func(initial, final string) edit {
		return process(func(p *specs.Process) { p.ExecCPUAffinity = &specs.CPUAffinity{Initial: initial, Final: final} })
	}
	runCheckCases(t, []checkCase{
		{"empty", affinity("", ""), nil},
		{"both", affinity("0-3,7", "1"), nil},
		{"one", affinity("", "0"), nil},
		{"none named", affinity(",", " "), []string{
			`process.execCPUAffinity.final: " " names no CPU`,
			`process.execCPUAffinity.initial: "," names no CPU`,
		}},
		{"wrong", affinity("a", "2-1"), []string{
			`process.execCPUAffinity.final: "2-1": the range 2-1 runs backwards`,
			`process.execCPUAffinity.initial: "a" is not a list like 0-3,7`,
		}},
	})
}
