package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v3"

	"github.com/oci-rung/rung/internal/linux"
	"github.com/oci-rung/rung/libcontainer"
	"github.com/oci-rung/rung/libcontainer/spec"
)

func (c *call) updateCommand() *cli.Command {
	return c.command(&cli.Command{
		Name:      "update",
		Usage:     "change the resources of a container",
		ArgsUsage: containerArg,
		Description: "What is not given stays as it is. Either all of it is changed or, if anything cannot\n" +
			"be, nothing. Sizes are bytes or have a suffix such as k, M or G; -1 is no limit.\n\n" +
			"The file of --resources holds a linux.resources object of a config.json:\n\n" +
			"   {\"memory\":{\"limit\":268435456,\"checkBeforeUpdate\":true},\"cpu\":{\"quota\":50000},\n" +
			"    \"pids\":{\"limit\":100},\"unified\":{\"memory.high\":\"200M\"}}",
		Flags: updateFlags(),
	}, arity{1, 1}, func(cmd *cli.Command) error {
		container, err := c.load(cmd)
		if err != nil {
			return err
		}
		r, err := c.updateResources(cmd)
		if err != nil {
			return err
		}
		return container.Update(libcontainer.UpdateOptions{
			Resources: r, L3CacheSchema: cmd.String("l3-cache-schema"), MemBwSchema: cmd.String("mem-bw-schema"),
		})
	})
}

func updateFlags() []cli.Flag {
	text := func(name, usage string) cli.Flag { return &cli.StringFlag{Name: name, Usage: usage} }
	return []cli.Flag{
		&cli.StringFlag{Name: "resources", Aliases: []string{"r"}, Usage: "`file` to read the resources from, - for standard input; flags for single ones are ignored then"},
		text("memory", "limit of memory, a `size`"),
		text("memory-reservation", "memory to protect when there is little of it, a `size`"),
		text("memory-swap", "limit of memory and swap together, a `size`"),
		text("cpu-share", "weight against other groups, a `number`"),
		text("cpu-period", "period of the quota in `microseconds`"),
		text("cpu-quota", "CPU time in a period in `microseconds`"),
		text("cpu-burst", "unused CPU time that may be used later in `microseconds`"),
		text("cpu-rt-period", "period of the real-time limit in `microseconds`"),
		text("cpu-rt-runtime", "real-time CPU time in a period in `microseconds`"),
		text("cpu-idle", "1 to run only when nobody else wants the CPU, 0 not to; a `number`"),
		text("cpuset-cpus", "`list` of CPUs to run on"),
		text("cpuset-mems", "`list` of memory nodes to use"),
		&cli.IntFlag{Name: "blkio-weight", Usage: "weight of block I/O, a `number` from 10 to 1000"},
		&cli.IntFlag{Name: "pids-limit", Usage: "most processes and threads, a `number`"},
		text("l3-cache-schema", "share of the L3 cache, a `line` as in linux.intelRdt.l3CacheSchema"),
		text("mem-bw-schema", "share of memory bandwidth, a `line` as in linux.intelRdt.memBwSchema"),
		// Compat(runc): kernels since 5.4 have no such limits.
		&cli.StringFlag{Name: "kernel-memory", Hidden: true, Usage: "a `size`"},
		&cli.StringFlag{Name: "kernel-memory-tcp", Hidden: true, Usage: "a `size`"},
	}
}

// mostResources bounds what is read of a file with resources.
const mostResources = 1 << 20

// updateResources reads what is asked for, from the file or from the flags.
func (c *call) updateResources(cmd *cli.Command) (*specs.LinuxResources, error) {
	path := cmd.String("resources")
	if path == "" {
		return flagResources(cmd)
	}
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(io.LimitReader(c.stdin, mostResources+1))
		if err == nil && len(raw) > mostResources {
			err = errors.New("too large")
		}
	} else {
		raw, err = linux.ReadFile(path, mostResources)
	}
	if err != nil {
		return nil, fmt.Errorf("--resources %s: %w", path, err)
	}
	r, err := spec.DecodeResources(raw)
	if err != nil {
		return nil, fmt.Errorf("--resources %s: %w", path, err)
	}
	return r, nil
}

// flagResources reads the flags for single resources.
func flagResources(cmd *cli.Command) (*specs.LinuxResources, error) {
	memory, cpu := new(specs.LinuxMemory), &specs.LinuxCPU{Cpus: cmd.String("cpuset-cpus"), Mems: cmd.String("cpuset-mems")}
	err := errors.Join(
		number(cmd, "memory", &memory.Limit, parseSize),
		number(cmd, "memory-reservation", &memory.Reservation, parseSize),
		number(cmd, "memory-swap", &memory.Swap, parseSize),
		number(cmd, "cpu-share", &cpu.Shares, parseUnsigned),
		number(cmd, "cpu-period", &cpu.Period, parseUnsigned),
		number(cmd, "cpu-quota", &cpu.Quota, parseSigned),
		number(cmd, "cpu-burst", &cpu.Burst, parseUnsigned),
		number(cmd, "cpu-rt-period", &cpu.RealtimePeriod, parseUnsigned),
		number(cmd, "cpu-rt-runtime", &cpu.RealtimeRuntime, parseSigned),
		number(cmd, "cpu-idle", &cpu.Idle, parseSigned),
	)
	if err != nil {
		return nil, err
	}
	r := new(specs.LinuxResources)
	if *memory != (specs.LinuxMemory{}) {
		r.Memory = memory
	}
	if *cpu != (specs.LinuxCPU{}) {
		r.CPU = cpu
	}
	if weight := cmd.Int("blkio-weight"); weight != 0 {
		if weight < 0 || weight > math.MaxUint16 {
			return nil, fmt.Errorf("invalid value for blkio-weight: %d", weight)
		}
		w := uint16(weight)
		r.BlockIO = &specs.LinuxBlockIO{Weight: &w}
	}
	if cmd.IsSet("pids-limit") {
		limit := int64(cmd.Int("pids-limit"))
		r.Pids = &specs.LinuxPids{Limit: &limit}
	}
	for _, name := range [...]string{"kernel-memory", "kernel-memory-tcp"} {
		if cmd.String(name) != "" {
			warn("--" + name + " is ignored: kernels have no such limit any more")
		}
	}
	return r, nil
}

// number reads the value of a flag that is given.
func number[T any](cmd *cli.Command, name string, to **T, parse func(string) (T, error)) error {
	text := cmd.String(name)
	if text == "" {
		return nil
	}
	n, err := parse(text)
	if err != nil {
		return fmt.Errorf("invalid value for %s: %w", name, err)
	}
	*to = &n
	return nil
}

func parseSigned(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

func parseUnsigned(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }
