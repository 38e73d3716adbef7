package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	goruntime "runtime"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// figures is what the benchmark found, in the form in which it is written.
type figures struct {
	Machine    machine           `json:"machine"`
	Runtimes   map[string]string `json:"runtimes"` // name → first line of its --version
	Rounds     int               `json:"rounds"`
	Idle       time.Duration     `json:"idleNs"`
	Operations []operationFigure `json:"operations"`
	Startup    *startupFigure    `json:"startup,omitempty"`
	Memory     []memoryFigure    `json:"createdMemory,omitempty"`
	Budgets    []budget          `json:"budgets,omitempty"`

	names []string // of the runtimes, in the order of the command line
}

type machine struct {
	Kernel string `json:"kernel"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	Cgroup int    `json:"cgroupVersion"`
}

// operationFigure is a line of the table.
type operationFigure struct {
	Bundle    string  `json:"bundle"`
	Operation string  `json:"operation"`
	Runtime   string  `json:"runtime"`
	Samples   int     `json:"samples"`
	Min       float64 `json:"minMs"`
	Median    float64 `json:"medianMs"`
	P95       float64 `json:"p95Ms"`
	CPU       float64 `json:"cpuMedianMs"`
	Peak      float64 `json:"peakMedianKiB"`
	// Ratio is the paired ratio of the first runtime's time to this one's.
	Ratio float64 `json:"ratio,omitempty"`
}

// budget is a promise of the design and what came out.
type budget struct {
	What   string  `json:"what"`
	Limit  float64 `json:"limit"`
	Got    float64 `json:"got"`
	Unit   string  `json:"unit"`
	Within bool    `json:"within"`
}

func (b *bench) figures() *figures {
	f := &figures{
		Machine:  machine{kernel(), goruntime.GOARCH, goruntime.NumCPU(), cgroupVersion()},
		Runtimes: map[string]string{},
		Rounds:   b.options.rounds,
		Idle:     b.idle,
	}
	for _, rt := range b.runtimes {
		f.names = append(f.names, rt.name)
		f.Runtimes[rt.name] = rt.version
	}
	for _, bundle := range b.bundles {
		for _, op := range operationNames {
			if slices.Contains(b.ops, op) {
				f.Operations = append(f.Operations, b.lines(bundle, op)...)
			}
		}
	}
	for _, o := range f.Operations {
		if o.Bundle == "spec" && o.Operation == "run" && o.Runtime == "crun" && o.Ratio > 0 {
			f.addBudget("run of the spec bundle, compared with crun", 0.6, o.Ratio, "×")
		}
	}
	return f
}

// lines returns one operation's lines, one for each runtime.
func (b *bench) lines(bundle, op string) []operationFigure {
	var lines []operationFigure
	first := b.times(bundle, op, b.runtimes[0])
	for i, rt := range b.runtimes {
		var wall, cpu, peak []float64
		for _, s := range b.samples {
			if s.bundle == bundle && s.op == op && s.runtime == rt.name {
				wall = append(wall, ms(s.result.wall))
				cpu = append(cpu, ms(s.result.cpu))
				peak = append(peak, float64(s.result.peak))
			}
		}
		line := operationFigure{
			Bundle: bundle, Operation: op, Runtime: rt.name, Samples: len(wall),
			Min: slices.Min(wall), Median: median(wall), P95: quantile(wall, 0.95), CPU: median(cpu), Peak: median(peak),
		}
		if i > 0 {
			line.Ratio, _ = pairedRatio(first, b.times(bundle, op, rt))
		}
		lines = append(lines, line)
	}
	return lines
}

// times returns the time of an operation in each round.
func (b *bench) times(bundle, op string, rt runtime) map[int]float64 {
	times := map[int]float64{}
	for _, s := range b.samples {
		if s.bundle == bundle && s.op == op && s.runtime == rt.name {
			times[s.round] = ms(s.result.wall)
		}
	}
	return times
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

func (f *figures) addBudget(what string, limit, got float64, unit string) {
	f.Budgets = append(f.Budgets, budget{what, limit, got, unit, got <= limit})
}

func (f *figures) print(out io.Writer) {
	fmt.Fprintf(out, "Linux %s, %s, %d CPUs, cgroup v%d; %d rounds", f.Machine.Kernel, f.Machine.Arch, f.Machine.CPUs, f.Machine.Cgroup, f.Rounds)
	if f.Idle > 0 {
		fmt.Fprintf(out, ", idle for %s before each operation", f.Idle)
	}
	fmt.Fprintln(out)
	for _, name := range f.names {
		fmt.Fprintf(out, "  %s: %s\n", name, f.Runtimes[name])
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "bundle\toperation\truntime\tmin ms\tmedian ms\tp95 ms\tCPU ms\tpeak KiB\t%s takes\t\n", f.names[0])
	for _, o := range f.Operations {
		ratio := ""
		if o.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f ×", o.Ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%s\t\n", o.Bundle, o.Operation, o.Runtime, o.Min, o.Median, o.P95, o.CPU, o.Peak, ratio)
	}
	w.Flush()
	f.printFootprint(out)
	if len(f.Budgets) == 0 {
		return
	}
	fmt.Fprintln(out)
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "budget\tat most\tgot\t")
	for _, b := range f.Budgets {
		verdict := "within"
		if !b.Within {
			verdict = "OVER"
		}
		fmt.Fprintf(w, "%s\t%.4g %s\t%.4g %s\t%s\n", b.What, b.Limit, b.Unit, b.Got, b.Unit, verdict)
	}
	w.Flush()
}

func (f *figures) printFootprint(out io.Writer) {
	if s := f.Startup; s != nil {
		fmt.Fprintf(out, "\nfrom the fork to main, µs, min / p10 / median of %d: %s %.0f / %.0f / %.0f, Go with fmt and os %.0f / %.0f / %.0f\n",
			s.Samples, s.Name, s.Min, s.P10, s.Median, s.BaselineMin, s.BaselineP10, s.BaselineMedian)
	}
	for _, m := range f.Memory {
		if m.Runtime == "" {
			fmt.Fprintf(out, "memory charged to a cgroup with an empty process: %.0f KiB\n", m.Median)
			continue
		}
		fmt.Fprintf(out, "memory charged to a created container of %s: %.0f KiB (least %.0f)\n", m.Runtime, m.Median, m.Min)
	}
}

func (f *figures) write(path string) error {
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
