package main

import (
	"strings"
	"testing"
)

const failing = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"not worth a word\n"}
{"Action":"pass","Package":"m/a","Test":"TestGood"}
{"Action":"run","Package":"m/a","Test":"TestBad"}
{"Action":"run","Package":"m/a","Test":"TestBad/one"}
{"Action":"output","Package":"m/a","Test":"TestBad/one","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad/one"}
{"Action":"fail","Package":"m/a","Test":"TestBad"}
{"Action":"skip","Package":"m/a","Test":"TestLater/part"}
{"Action":"output","Package":"m/a","Test":"TestSkip","Output":"    x_test.go:1: no such kernel\n"}
{"Action":"output","Package":"m/a","Test":"TestSkip","Output":"--- SKIP: TestSkip (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestSkip"}
{"Action":"fail","Package":"m/a","Elapsed":1.5}
`

const brokenOff = `{"Action":"build-output","ImportPath":"m/b","Output":"b.go:1: syntax error\n"}
{"Action":"output","Package":"m/b","Output":"FAIL m/b [build failed]\n"}
{"Action":"fail","Package":"m/b","Elapsed":0}
`

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name   string
		events string
		strict bool
		want   count
		says   []string
		silent []string
	}{
		{"failure and skip", failing, false, count{1, 1, 1}, []string{"got 1, want 2", "skipped TestSkip: x_test.go:1: no such kernel", "FAIL m/a"}, []string{"not worth a word"}},
		{"a skip as a failure", failing, true, count{1, 2, 0}, []string{"no such kernel"}, nil},
		{"no build", brokenOff, false, count{0, 1, 0}, []string{"b.go:1: syntax error", "FAIL m/b"}, nil},
		{"no tests", `{"Action":"skip","Package":"m/c"}` + "\n", false, count{}, nil, []string{"m/c"}},
		{"words of go", "go: no module\n", false, count{}, []string{"go: no module"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out, c.strict)
			if err := r.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			if r.total != c.want {
				t.Errorf("got %v, want %v", r.total, c.want)
			}
			for _, text := range c.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("want %q in:\n%s", text, out.String())
				}
			}
			for _, text := range c.silent {
				if strings.Contains(out.String(), text) {
					t.Errorf("do not want %q in:\n%s", text, out.String())
				}
			}
		})
	}
}
