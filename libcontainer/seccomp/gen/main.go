//go:build ignore

// Command gen writes zsysnum.go, the system call numbers of every architecture
// that libcontainer/seccomp knows.
//
// The numbers come from golang.org/x/sys/unix (generated there from the
// kernel's headers) as the module cache has it. Go has no port for ABIs that
// share a kernel with another one, such as x32, n32 and 31-bit s390; these are
// the neighbour's table plus the differences written down below. Nor has it one
// for some machines; a file beside this one has their numbers. The package's
// tests compare every number with libseccomp's, if it knows the machine.
//
//	go run gen/main.go [-o zsysnum.go]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// privateSlot is where ARM's private calls (0xf0000 and up) stand in a table:
// behind all ordinary numbers, so that a table needs 16 bits a number.
const (
	privateSlot = 992
	privateBase = 0xf0000
	absent      = 0xffff
)

type table map[string]int

// column is one table. base is subtracted from the numbers of x/sys.
type column struct {
	name string // Go constant, without the prefix "col"
	port string // name of the Go port in x/sys, or ""
	file string // with the numbers of a machine without a port, or ""
	base int
	// edit derives a table that is neither.
	edit func(tables map[string]table) table
}

var columns = []column{
	{name: "X8664", port: "amd64"},
	{name: "X86", port: "386"},
	{name: "X32", edit: x32},
	{name: "ARM", port: "arm"},
	{name: "ARM64", port: "arm64"},
	{name: "LoongArch64", port: "loong64"},
	{name: "M68K", file: "gen/m68k.txt"},
	{name: "MIPS", port: "mips", base: 4000},
	{name: "MIPS64", port: "mips64", base: 5000},
	{name: "MIPS64N32", edit: n32},
	{name: "PARISC", file: "gen/parisc.txt"},
	{name: "PARISC64", edit: parisc64},
	{name: "PPC", port: "ppc"},
	{name: "PPC64", port: "ppc64"},
	{name: "RISCV64", port: "riscv64"},
	{name: "S390", edit: s390},
	{name: "S390X", port: "s390x"},
	{name: "SH", file: "gen/sh.txt"},
}

// twins are ports with the numbers of another one in the other byte order.
var twins = [][2]string{{"mips", "mipsle"}, {"mips64", "mips64le"}, {"ppc64", "ppc64le"}}

// x32 has the numbers of x86_64, but for the calls whose structures differ:
// these stand from 512 on and the x86_64 number is not theirs.
func x32(t map[string]table) table {
	out := clone(t["X8664"], `uselib _sysctl create_module get_kernel_syms query_module nfsservctl
		set_thread_area get_thread_area epoll_ctl_old epoll_wait_old vserver uretprobe uprobe map_shadow_stack`)
	n := 512
	for _, name := range strings.Fields(`rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg
		execve ptrace rt_sigpending rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify
		kexec_load waitid set_robust_list get_robust_list vmsplice move_pages preadv pwritev
		rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv process_vm_writev setsockopt getsockopt
		io_setup io_submit execveat preadv2 pwritev2`) {
		out[name] = n
		n++
	}
	return out
}

// parisc64 has the numbers of parisc, and no call that is only for programs
// whose time has 32 bits.
func parisc64(t map[string]table) table {
	dated := table{}
	time64(dated)
	return clone(t["PARISC"], strings.Join(slices.Collect(maps.Keys(dated)), " "))
}

// time64 are the calls that 32-bit ABIs got for the year 2038; all have the
// same numbers everywhere.
func time64(out table) {
	n := 403
	for _, name := range strings.Fields(`clock_gettime64 clock_settime64 clock_adjtime64 clock_getres_time64
		clock_nanosleep_time64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64
		utimensat_time64 pselect6_time64 ppoll_time64 - io_pgetevents_time64 recvmmsg_time64
		mq_timedsend_time64 mq_timedreceive_time64 semtimedop_time64 rt_sigtimedwait_time64
		futex_time64 sched_rr_get_interval_time64`) {
		if name != "-" {
			out[name] = n
		}
		n++
	}
}

// n32 is n64 with a few calls put in between, which moved the rest up.
func n32(t map[string]table) table {
	out := table{"fcntl64": 212, "statfs64": 217, "fstatfs64": 218, "sendfile64": 219}
	for name, n := range t["MIPS64"] {
		switch {
		case name == "getdents64":
			n = 299
		case n >= 212 && n <= 215:
			n++
		case n >= 216 && n <= 294:
			n += 4
		case n >= 295 && n <= 307:
			n += 5
		case n >= 309 && n <= 328:
			n += 4
		}
		out[name] = n
	}
	time64(out)
	return out
}

// s390 has the calls of s390x, and for many of them an older form with 16-bit
// ids or 32-bit offsets under the plain name, as i386 has.
func s390(t map[string]table) table {
	out := clone(t["S390X"], "select newfstatat semtimedop")
	for _, s := range strings.Fields(`time=13 lchown=16 setuid=23 getuid=24 stime=25 setgid=46 getgid=47 geteuid=49
		getegid=50 setreuid=70 setregid=71 getrlimit=76 getgroups=80 setgroups=81 fchown=95 ioperm=101
		setfsuid=138 setfsgid=139 _llseek=140 _newselect=142 setresuid=164 getresuid=165 setresgid=170
		getresgid=171 chown=182 ugetrlimit=191 mmap2=192 truncate64=193 ftruncate64=194 stat64=195
		lstat64=196 fstat64=197 lchown32=198 getuid32=199 getgid32=200 geteuid32=201 getegid32=202
		setreuid32=203 setregid32=204 getgroups32=205 setgroups32=206 fchown32=207 setresuid32=208
		getresuid32=209 setresgid32=210 getresgid32=211 chown32=212 setuid32=213 setgid32=214
		setfsuid32=215 setfsgid32=216 fcntl64=221 sendfile64=223 fadvise64_64=264 fstatat64=293`) {
		name, n, _ := strings.Cut(s, "=")
		out[name] = must(strconv.Atoi(n))
	}
	time64(out)
	return out
}

// armPrivate are the calls of arch/arm/kernel/traps.c, from 0xf0001 on.
func armPrivate(out table) {
	for i, name := range strings.Fields("breakpoint cacheflush usr26 usr32 set_tls get_tls") {
		out[name] = privateSlot + 1 + i
	}
}

func main() {
	log.SetFlags(0)
	out := flag.String("o", "zsysnum.go", "output `file`, - for standard output")
	flag.Parse()

	dir := strings.TrimSpace(string(must(exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output())))
	version := strings.TrimSpace(string(must(exec.Command("go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/sys").Output())))
	tables := map[string]table{}
	for _, c := range columns {
		if c.port != "" {
			tables[c.name] = read(dir, c.port, c.base)
		}
	}
	armPrivate(tables["ARM"])
	for _, c := range columns {
		if c.file != "" {
			tables[c.name] = readFile(c.file, tables["ARM64"])
		}
	}
	for _, c := range columns {
		if c.edit != nil {
			tables[c.name] = c.edit(tables)
		}
	}
	for _, t := range twins {
		if a, b := read(dir, t[0], 0), read(dir, t[1], 0); !equal(a, b) {
			log.Fatalf("%s and %s differ: give each a column", t[0], t[1])
		}
	}
	source := must(format.Source(render(tables, version)))
	if *out == "-" {
		os.Stdout.Write(source)
		return
	}
	if err := os.WriteFile(*out, source, 0o644); err != nil {
		log.Fatal(err)
	}
}

// read returns the numbers of one port.
func read(dir, port string, base int) table {
	text := must(os.ReadFile(filepath.Join(dir, "unix", "zsysnum_linux_"+port+".go")))
	line := regexp.MustCompile(`(?m)^\tSYS_(\w+)\s*= (\d+)$`)
	// Not system calls: holes with a name, and ends of tables.
	hole := regexp.MustCompile(`^(reserved\d+|unused\d+|arch_specific_syscall|syscall_mask)$`)
	t := table{}
	for _, m := range line.FindAllStringSubmatch(string(text), -1) {
		if name := strings.ToLower(m[1]); !hole.MatchString(name) {
			t[name] = must(strconv.Atoi(m[2])) - base
		}
	}
	if len(t) < 300 {
		log.Fatalf("%s: only %d system calls", port, len(t))
	}
	return t
}

// readFile returns the numbers of a machine for which Go has no port, from a
// list of names and numbers up to fileEnd. Later ones are the same everywhere,
// so they are those of another machine.
func readFile(name string, later table) table {
	const fileEnd = 450
	t := table{}
	for line := range strings.Lines(string(must(os.ReadFile(name)))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		call, n, _ := strings.Cut(strings.TrimSpace(line), " ")
		t[call] = must(strconv.Atoi(n))
	}
	for call, n := range later {
		if n > fileEnd {
			t[call] = n
		}
	}
	return t
}

func render(tables map[string]table, version string) []byte {
	var names []string
	for _, t := range tables {
		for name, n := range t {
			if n < 0 || n >= 1024 {
				log.Fatalf("%s=%d does not fit the table", name, n)
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)

	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated by gen/main.go from golang.org/x/sys %s and gen/*.txt; DO NOT EDIT.\n\npackage seccomp\n\n", version)
	fmt.Fprintf(&b, "// Columns of numbers.\nconst (\n")
	for i, c := range columns {
		fmt.Fprintf(&b, "col%s = %d\n", c.name, i)
	}
	fmt.Fprintf(&b, ")\n\n// callCount is the number of names known on any architecture.\nconst callCount = %d\n\n", len(names))

	fmt.Fprintf(&b, "// nameText has the names in order, one behind the other.\nconst nameText = \"\" +\n")
	var text strings.Builder
	var ends []int
	for _, name := range names {
		text.WriteString(name)
		ends = append(ends, text.Len())
	}
	for chunk := range slices.Chunk([]byte(text.String()), 150) {
		fmt.Fprintf(&b, "%q +\n", chunk)
	}
	b.Truncate(b.Len() - len(" +\n"))

	fmt.Fprintf(&b, "\n\n// nameEnds has the offset of the end of each name in nameText.\nvar nameEnds = [callCount]uint16{\n")
	rows(&b, ends)
	fmt.Fprintf(&b, "}\n\n// multiplexed says by which number socketcall(2) (1 to 99) or ipc(2) (101 to\n// 199) also offers a call; 0 means by none.\nvar multiplexed = [callCount]uint8{\n")
	rows(&b, mux(names))
	fmt.Fprintf(&b, "}\n\n// numbers has each column's slot numbers in the order of the names, 0xffff\n// where the architecture has no such call.\nvar numbers = [%d][callCount]uint16{\n", len(columns))
	for _, c := range columns {
		fmt.Fprintf(&b, "col%s: {\n", c.name)
		row := make([]int, len(names))
		for i, name := range names {
			row[i] = absent
			if n, ok := tables[c.name][name]; ok {
				row[i] = n
			}
		}
		rows(&b, row)
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// mux returns the number of each name inside socketcall(2) and ipc(2), see
// linux/net.h and linux/ipc.h.
func mux(names []string) []int {
	out := make([]int, len(names))
	set := func(n int, list string) {
		for _, name := range strings.Fields(list) {
			if i, ok := slices.BinarySearch(names, name); ok {
				out[i] = n
			} else if name != "-" {
				log.Fatalf("no system call %s", name)
			}
			n++
		}
	}
	set(1, `socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom
		shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg`)
	set(101, `semop semget semctl semtimedop - - - - - - msgsnd msgrcv msgget msgctl - - - - - - shmat shmdt shmget shmctl`)
	return out
}

func rows(b *bytes.Buffer, list []int) {
	for chunk := range slices.Chunk(list, 30) {
		for _, n := range chunk {
			fmt.Fprintf(b, "%d, ", n)
		}
		b.WriteString("\n")
	}
}

func clone(t table, without string) table {
	out := table{}
	for name, n := range t {
		if !slices.Contains(strings.Fields(without), name) {
			out[name] = n
		}
	}
	return out
}

func equal(a, b table) bool {
	for name, n := range a {
		if m, ok := b[name]; !ok || m != n {
			return false
		}
	}
	return len(a) == len(b)
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
