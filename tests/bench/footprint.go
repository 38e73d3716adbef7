package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stampName is the name of stamp.go in package main of rung: the last of all.
const stampName = "zz_stamp.go"

// memorySamples is how often the memory of a created container is read.
const memorySamples = 10

// The design's budgets.
const (
	startupBudget = 1.5 // × the baseline
	memoryBudget  = 256 // KiB
	binaryBudget  = 8   // MiB
)

// startupFigure is the time from before the fork to main, in microseconds.
type startupFigure struct {
	Name           string  `json:"name"`
	Samples        int     `json:"samples"`
	Min            float64 `json:"minUs"`
	P10            float64 `json:"p10Us"`
	Median         float64 `json:"medianUs"`
	BaselineMin    float64 `json:"baselineMinUs"`
	BaselineP10    float64 `json:"baselineP10Us"`
	BaselineMedian float64 `json:"baselineMedianUs"`
}

// memoryFigure is what a container that was created but not started is charged
// for; without a runtime, a cgroup with a process that does nothing.
type memoryFigure struct {
	Runtime string  `json:"runtime,omitempty"`
	Samples int     `json:"samples"`
	Min     float64 `json:"minKiB"`
	Median  float64 `json:"medianKiB"`
}

// footprint measures what rung costs apart from the time of its operations.
func (b *bench) footprint(f *figures) error {
	if b.startup == 0 {
		return nil
	}
	s, err := b.startupTimes()
	if err != nil {
		return fmt.Errorf("measure start-up: %w", err)
	}
	f.Startup = s
	f.addBudget("start of rung to main, compared with Go's fmt and os, p10", startupBudget, s.P10/s.BaselineP10, "×")
	if f.Memory, err = b.createdMemory(); err != nil {
		return fmt.Errorf("measure memory: %w", err)
	}
	f.addBudget("memory of a created container beyond an empty process", memoryBudget, f.Memory[1].Median-f.Memory[0].Median, "KiB")
	info, err := os.Stat(b.runtimes[0].path)
	if err != nil {
		return err
	}
	f.addBudget("binary", binaryBudget, float64(info.Size())/(1<<20), "MiB")
	return nil
}

// startupTimes starts rung and the baseline in turn, both made to end where
// main begins.
func (b *bench) startupTimes() (*startupFigure, error) {
	programs := []string{"stamped", "baseline"}
	times := map[string][]float64{}
	for range b.startup {
		for _, i := range rand.Perm(len(programs)) {
			r, err := b.launcher.ok(filepath.Join(b.work, programs[i]), "state", "none")
			if err != nil {
				return nil, err
			}
			if len(r.stdout) != 8 {
				return nil, fmt.Errorf("%s: got %d bytes, want the time", programs[i], len(r.stdout))
			}
			main := int64(binary.LittleEndian.Uint64([]byte(r.stdout)))
			times[programs[i]] = append(times[programs[i]], float64(main-r.begin)/float64(time.Microsecond))
		}
	}
	own, baseline := times["stamped"], times["baseline"]
	return &startupFigure{
		"rung", len(own),
		slices.Min(own), quantile(own, 0.1), median(own),
		slices.Min(baseline), quantile(baseline, 0.1), median(baseline),
	}, nil
}

// createdMemory returns the figure of an empty process and then one for each
// runtime.
func (b *bench) createdMemory() ([]memoryFigure, error) {
	samples := make([][]float64, len(b.runtimes)+1)
	for range memorySamples {
		for _, i := range rand.Perm(len(samples)) {
			var kib float64
			var err error
			if i == 0 {
				kib, err = b.emptyProcess()
			} else {
				kib, err = b.createdContainer(b.runtimes[i-1])
			}
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], kib)
		}
	}
	list := []memoryFigure{{"", memorySamples, slices.Min(samples[0]), median(samples[0])}}
	for i, rt := range b.runtimes {
		list = append(list, memoryFigure{rt.name, memorySamples, slices.Min(samples[i+1]), median(samples[i+1])})
	}
	return list, nil
}

func (b *bench) createdContainer(rt runtime) (kib float64, err error) {
	if _, err := b.launcher.ok(create("stays")(b, rt, b.bundles[0])...); err != nil {
		return 0, fmt.Errorf("%s: %w", rt.name, err)
	}
	defer func() {
		_, e := b.launcher.ok(deleteForce(b, rt, b.bundles[0])...)
		err = errors.Join(err, e)
	}()
	if cgroupVersion() == 2 {
		return memoryOf(filepath.Join(cgroupRoot, b.id(rt)))
	}
	return memoryOf(filepath.Join(cgroupRoot, "memory", b.id(rt)))
}

// memoryOf reads the memory charged to a cgroup. The kernel charges 256 KiB in
// advance for each CPU and hands them back when it is short: so it is made short
// first, which also drops what could be dropped at any time.
func memoryOf(dir string) (float64, error) {
	name, squeeze := "memory.current", "memory.high"
	if cgroupVersion() == 1 {
		name, squeeze = "memory.usage_in_bytes", "memory.force_empty"
	}
	if err := os.WriteFile(filepath.Join(dir, squeeze), []byte("0"), 0); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0, err
	}
	bytes, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return bytes / 1024, err
}

// emptyProcess starts a program of a few instructions in a cgroup of its own.
func (b *bench) emptyProcess() (kib float64, err error) {
	program := filepath.Join(b.dir, "empty")
	if err := os.WriteFile(program, emptyProgram(), 0o700); err != nil {
		return 0, err
	}
	dir := filepath.Join(cgroupRoot, filepath.Base(b.work)+"-empty")
	if cgroupVersion() == 1 {
		dir = filepath.Join(cgroupRoot, "memory", filepath.Base(dir))
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	// The shell joins the cgroup and is then gone: what it was charged for with it.
	ready, write, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer ready.Close()
	busybox := filepath.Join(b.dir, "rootfs/bin/busybox")
	process, err := os.StartProcess(busybox, []string{"sh", "-c", `echo 0 >"$0"/cgroup.procs && exec "$1"`, dir, program},
		&os.ProcAttr{Files: []*os.File{nil, write, os.Stderr}})
	write.Close()
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, process.Kill())
		_, e := process.Wait()
		err = errors.Join(err, e)
	}()
	if err := ready.SetReadDeadline(time.Now().Add(commandLimit)); err != nil {
		return 0, err
	}
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		return 0, fmt.Errorf("empty process: %w", err)
	}
	return memoryOf(dir)
}
