// Command gotest runs `go test -json` with the given arguments and prints what
// people want to know: a line for each package, everything about a test that
// failed, why a test was skipped, and at the end "N passed, N failed, N skipped".
// Subtests are not counted.
//
// REQUIRE=all makes a skipped test a failure.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// event is a line of test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of the build
	Test       string
	Output     string
	Elapsed    float64
}

// count is how many tests ended how.
type count struct{ passed, failed, skipped int }

func (c *count) add(o count) {
	c.passed += o.passed
	c.failed += o.failed
	c.skipped += o.skipped
}

func (c count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// report gathers the events of all packages.
type report struct {
	out      io.Writer
	strict   bool                 // a skip is a failure
	output   map[[2]string]string // package and test → what it printed
	packages map[string]*count
	total    count
}

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout, os.Getenv("REQUIRE") == "all")
	if err := r.read(pipe); err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		r.total.failed++
	}
	// Its exit status says nothing that the events did not, except when it
	// could not even begin.
	if err := cmd.Wait(); err != nil && r.total.failed == 0 {
		fmt.Fprintln(os.Stderr, "gotest: go test:", err)
		r.total.failed++
	}
	fmt.Println(r.total)
	if r.total.failed > 0 {
		os.Exit(1)
	}
}

func newReport(out io.Writer, strict bool) *report {
	return &report{out: out, strict: strict, output: map[[2]string]string{}, packages: map[string]*count{}}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(r.out, line) // not an event: go's own words
			} else {
				r.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) event(e event) {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.output[key] += e.Output
		// What a subtest says is part of what its test says.
		if top, _, sub := strings.Cut(e.Test, "/"); sub {
			r.output[[2]string{e.Package, top}] += e.Output
		}
	case "pass", "fail", "skip":
		switch {
		case e.Test == "":
			r.packageEnd(e)
		case !strings.Contains(e.Test, "/"):
			r.testEnd(e)
		case e.Action == "skip":
			fmt.Fprintf(r.out, "    skipped %s: %s\n", e.Test, reason(r.output[key]))
		}
	}
}

func (r *report) testEnd(e event) {
	c := r.packages[e.Package]
	if c == nil {
		c = &count{}
		r.packages[e.Package] = c
	}
	output := r.output[[2]string{e.Package, e.Test}]
	switch {
	case e.Action == "pass":
		c.passed++
	case e.Action == "skip" && !r.strict:
		c.skipped++
		fmt.Fprintf(r.out, "    skipped %s: %s\n", e.Test, reason(output))
	default:
		c.failed++
		fmt.Fprint(r.out, output)
	}
}

func (r *report) packageEnd(e event) {
	c := r.packages[e.Package]
	if c == nil {
		c = &count{}
	}
	verdict := "ok  "
	switch {
	case e.Action == "fail" && c.failed == 0:
		// It did not build, its TestMain failed, or it broke off.
		c.failed++
		fmt.Fprint(r.out, r.output[[2]string{e.Package, ""}])
		fallthrough
	case c.failed > 0:
		verdict = "FAIL"
	case *c == count{}:
		return // no tests
	}
	fmt.Fprintf(r.out, "%s %-55s %5.1fs  %s\n", verdict, e.Package, e.Elapsed, c)
	r.total.add(*c)
}

// reason finds what t.Skip said in the output of a test.
func reason(output string) string {
	why := "no reason given"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			why = line
		}
	}
	return why
}
