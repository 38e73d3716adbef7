// Command denysys runs a program on a kernel that lacks something:
//
//	denysys WHAT[,WHAT…] ERROR -- PROGRAM [ARGUMENT…]
//
// WHAT is a system call, a use of one (see uses), or linux-X.Y for all that
// kernels have learned since then. The program, and everything it starts, gets
// ERROR for an answer: ENOSYS as from an old kernel, EPERM as from a container
// whose filter is older than the kernel. The filter that does it stays for
// ever, so init and the payload are under it too.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "denysys:", err)
		os.Exit(125)
	}
}

func run(args []string) error {
	if len(args) < 4 || args[2] != "--" {
		return fmt.Errorf("usage: denysys WHAT[,WHAT…] ERROR -- PROGRAM [ARGUMENT…]")
	}
	errno, ok := map[string]uint32{
		"ENOSYS": uint32(unix.ENOSYS), "EPERM": uint32(unix.EPERM), "EINVAL": uint32(unix.EINVAL), "E2BIG": uint32(unix.E2BIG),
	}[args[1]]
	if !ok {
		return fmt.Errorf("%s: not an error that a kernel gives for what it lacks", args[1])
	}
	var rules []rule
	for name := range strings.SplitSeq(args[0], ",") {
		found, err := lookUp(name)
		if err != nil {
			return err
		}
		rules = append(rules, found...)
	}
	path, err := exec.LookPath(args[3])
	if err != nil {
		return err
	}
	if err := load(program(rules, errno)); err != nil {
		return fmt.Errorf("load the filter: %w", err)
	}
	return fmt.Errorf("exec %s: %w", path, unix.Exec(path, args[3:], os.Environ()))
}

// lookUp finds what a name stands for.
func lookUp(name string) ([]rule, error) {
	if version, ok := strings.CutPrefix(name, "linux-"); ok {
		at, err := number(version)
		if err != nil {
			return nil, err
		}
		var out []rule
		for _, r := range append(calls(), uses()...) {
			if since, _ := number(r.since); since > at {
				out = append(out, r)
			}
		}
		return out, nil
	}
	for _, r := range append(calls(), uses()...) {
		if r.name == name {
			return []rule{r}, nil
		}
	}
	return nil, fmt.Errorf("%s: no call that is known here", name)
}

// number makes a kernel's version comparable.
func number(version string) (int, error) {
	major, minor, _ := strings.Cut(version, ".")
	a, err := strconv.Atoi(major)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", version, err)
	}
	b, err := strconv.Atoi(minor)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", version, err)
	}
	return a<<16 | b, nil
}
