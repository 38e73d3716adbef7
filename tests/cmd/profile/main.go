// Command profile turns a seccomp profile as container engines keep it (the
// form of Docker and of github.com/containers/common, with rules that depend on
// capabilities and architectures) into linux.seccomp of a config.json, as an
// engine would for a container with these capabilities on such a machine.
//
//	profile [-arch GOARCH] [-caps CAP_A,CAP_B] [-kernel MAJOR.MINOR] FILE
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// dockerCaps are the capabilities that Docker gives a container.
const dockerCaps = "CAP_AUDIT_WRITE,CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,CAP_MKNOD," +
	"CAP_NET_BIND_SERVICE,CAP_NET_RAW,CAP_SETFCAP,CAP_SETGID,CAP_SETPCAP,CAP_SETUID,CAP_SYS_CHROOT"

type profile struct {
	DefaultAction   specs.LinuxSeccompAction `json:"defaultAction"`
	DefaultErrnoRet *uint                    `json:"defaultErrnoRet"`
	DefaultErrno    string                   `json:"defaultErrno"`
	Architectures   []specs.Arch             `json:"architectures"`
	ArchMap         []archMap                `json:"archMap"`
	Flags           []specs.LinuxSeccompFlag `json:"flags"`
	Syscalls        []rule                   `json:"syscalls"`
}

type archMap struct {
	Arch specs.Arch   `json:"architecture"`
	Sub  []specs.Arch `json:"subArchitectures"`
}

type rule struct {
	Name     string                   `json:"name"`
	Names    []string                 `json:"names"`
	Action   specs.LinuxSeccompAction `json:"action"`
	Args     []specs.LinuxSeccompArg  `json:"args"`
	ErrnoRet *uint                    `json:"errnoRet"`
	Errno    string                   `json:"errno"`
	Includes filter                   `json:"includes"`
	Excludes filter                   `json:"excludes"`
}

type filter struct {
	Arches    []string `json:"arches"`
	Caps      []string `json:"caps"`
	MinKernel string   `json:"minKernel"`
}

// machine is what rules depend on.
type machine struct {
	arch   string
	caps   []string
	kernel [2]int
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("profile: ")
	arch := flag.String("arch", runtime.GOARCH, "architecture, as a `GOARCH`")
	caps := flag.String("caps", dockerCaps, "capabilities of the container, with commas between")
	kernel := flag.String("kernel", "6.1", "kernel `version`, for rules that need one")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	m := machine{arch: *arch, caps: strings.Split(*caps, ",")}
	version, err := parseKernel(*kernel)
	if err != nil {
		log.Fatal(err)
	}
	m.kernel = version
	text, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	var p profile
	if err := json.Unmarshal(text, &p); err != nil {
		log.Fatalf("parse %s: %v", flag.Arg(0), err)
	}
	out, err := p.resolve(m)
	if err != nil {
		log.Fatalf("%s: %v", flag.Arg(0), err)
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "\t")
	if err := enc.Encode(out); err != nil {
		log.Fatal(err)
	}
}

// resolve keeps the rules that hold on the machine.
func (p *profile) resolve(m machine) (*specs.LinuxSeccomp, error) {
	out := &specs.LinuxSeccomp{DefaultAction: p.DefaultAction, Architectures: p.Architectures, Flags: p.Flags}
	var err error
	if out.DefaultErrnoRet, err = errno(p.DefaultErrnoRet, p.DefaultErrno); err != nil {
		return nil, err
	}
	native, err := specArch(m.arch)
	if err != nil {
		return nil, err
	}
	for _, a := range p.ArchMap {
		if a.Arch == native {
			out.Architectures = append([]specs.Arch{a.Arch}, a.Sub...)
		}
	}
	for i, r := range p.Syscalls {
		ok, err := r.holds(m)
		if err != nil {
			return nil, fmt.Errorf("syscalls[%d]: %w", i, err)
		}
		if !ok {
			continue
		}
		s := specs.LinuxSyscall{Names: r.Names, Action: r.Action, Args: r.Args}
		if r.Name != "" {
			s.Names = append(s.Names, r.Name)
		}
		if s.ErrnoRet, err = errno(r.ErrnoRet, r.Errno); err != nil {
			return nil, fmt.Errorf("syscalls[%d]: %w", i, err)
		}
		out.Syscalls = append(out.Syscalls, s)
	}
	return out, nil
}

// holds tells if a rule is for this machine: it needs all capabilities it
// includes, and has none of those it excludes.
func (r *rule) holds(m machine) (bool, error) {
	for _, c := range r.Includes.Caps {
		if !slices.Contains(m.caps, c) {
			return false, nil
		}
	}
	for _, c := range r.Excludes.Caps {
		if slices.Contains(m.caps, c) {
			return false, nil
		}
	}
	if len(r.Includes.Arches) > 0 && !slices.Contains(r.Includes.Arches, m.arch) || slices.Contains(r.Excludes.Arches, m.arch) {
		return false, nil
	}
	if r.Includes.MinKernel != "" {
		need, err := parseKernel(r.Includes.MinKernel)
		if err != nil {
			return false, err
		}
		if slices.Compare(m.kernel[:], need[:]) < 0 {
			return false, nil
		}
	}
	return true, nil
}

// errno returns the number of an error that is given as one or by its name.
func errno(number *uint, name string) (*uint, error) {
	if number != nil || name == "" {
		return number, nil
	}
	for i := uint(1); i < 256; i++ {
		if unix.ErrnoName(unix.Errno(i)) == name {
			return &i, nil
		}
	}
	return nil, fmt.Errorf("unknown errno %q", name)
}

func specArch(goarch string) (specs.Arch, error) {
	switch goarch {
	case "amd64":
		return specs.ArchX86_64, nil
	case "386":
		return specs.ArchX86, nil
	case "arm64":
		return specs.ArchAARCH64, nil
	case "loong64":
		return specs.ArchLOONGARCH64, nil
	case "mips64le":
		return specs.ArchMIPSEL64, nil
	case "arm", "mips", "mips64", "ppc64", "ppc64le", "riscv64", "s390x":
		return specs.Arch("SCMP_ARCH_" + strings.ToUpper(goarch)), nil
	}
	return "", fmt.Errorf("unknown architecture %q", goarch)
}

func parseKernel(s string) (v [2]int, err error) {
	if _, err = fmt.Sscanf(s, "%d.%d", &v[0], &v[1]); err != nil {
		return v, fmt.Errorf("kernel version %q: %w", s, err)
	}
	return v, nil
}
