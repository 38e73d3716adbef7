// In Go 1.25 and later the runtime keeps files of the cpu cgroup open; in the
// probe they would look like descriptors that the container runtime leaked.

//go:debug containermaxprocs=0

// Command probe is a payload that reports what a payload really got: ids,
// capabilities, limits, descriptors, mounts and so on, as one JSON object on
// stdout. It runs inside the container under test, so it assumes nothing: not
// even /proc, whose fields are null when it is missing.
//
// What the Go runtime changes before main it cannot report: the soft limit of
// open files, which Go raises, and the ignored and caught signals. For those
// let the payload be `cat /proc/self/limits /proc/self/status`.
package main

import (
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

var rlimitNames = [...]string{
	"RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK",
	"RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
	"RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING",
	"RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
}

var namespaceNames = [...]string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

func init() {
	// Securebits, the parent-death signal and timer slack belong to a thread;
	// only the main one has what execve left behind.
	runtime.LockOSThread()
}

func main() {
	// First, before anything here opens a descriptor of its own.
	fds := openFDs()

	var w object
	w.begin()
	w.raw("fds", fds)
	identity(&w)
	capabilities(&w)
	limits(&w)
	process(&w)
	system(&w)
	procFiles(&w)
	w.end()
	for out := w.text; len(out) > 0; {
		n, err := unix.Write(1, out)
		if err != nil {
			unix.Exit(1)
		}
		out = out[n:]
	}
	unix.Exit(0)
}

func identity(w *object) {
	ruid, euid, suid := unix.Getresuid()
	rgid, egid, sgid := unix.Getresgid()
	w.number("uid", id(ruid))
	w.number("gid", id(rgid))
	w.numbers("uids", []int64{id(ruid), id(euid), id(suid)})
	w.numbers("gids", []int64{id(rgid), id(egid), id(sgid)})
	groups := []int64{}
	if list, err := unix.Getgroups(); err == nil {
		for _, g := range list {
			groups = append(groups, id(g))
		}
	}
	w.numbers("groups", groups)
	old := unix.Umask(0)
	unix.Umask(old)
	w.text0("umask", "0"+strconv.FormatInt(int64(old), 8))
}

// id undoes the sign that the system calls' wrappers give to large ids.
func id(v int) int64 { return int64(uint32(v)) }

func capabilities(w *object) {
	status := statusFields(readFile("/proc/thread-self/status"))
	w.begin0("caps")
	for _, set := range [...][2]string{
		{"bounding", "CapBnd"}, {"effective", "CapEff"}, {"inheritable", "CapInh"},
		{"permitted", "CapPrm"}, {"ambient", "CapAmb"},
	} {
		w.textOrNull(set[0], status[set[1]])
	}
	w.end()
	w.prctl("noNewPrivileges", unix.PR_GET_NO_NEW_PRIVS)
	w.prctl("seccomp", unix.PR_GET_SECCOMP)
	w.prctl("securebits", unix.PR_GET_SECUREBITS)
	w.prctl("dumpable", unix.PR_GET_DUMPABLE)
	w.prctl("timerSlack", unix.PR_GET_TIMERSLACK)
	w.textOrNull("seccompFilters", status["Seccomp_filters"])
	w.textOrNull("sigBlk", status["SigBlk"])
	var sig int32
	unix.Prctl(unix.PR_GET_PDEATHSIG, pointer(&sig), 0, 0, 0)
	w.number("pdeathsig", int64(sig))
}

func limits(w *object) {
	w.begin0("rlimits")
	for i, name := range rlimitNames {
		var l unix.Rlimit
		if i != unix.RLIMIT_NOFILE && unix.Prlimit(0, i, nil, &l) == nil {
			w.raw(name, "["+limit(l.Cur)+","+limit(l.Max)+"]")
		}
	}
	w.end()
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) == nil {
		cpus := []int64{}
		for i := 0; i < 1024; i++ {
			if set.IsSet(i) {
				cpus = append(cpus, int64(i))
			}
		}
		w.numbers("affinity", cpus)
	}
	if n, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil {
		w.number("nice", int64(20-n)) // the raw call answers 20 - nice
	}
	if policy, _, e := unix.RawSyscall(unix.SYS_SCHED_GETSCHEDULER, 0, 0, 0); e == 0 {
		w.number("scheduler", int64(policy))
	}
	if attr, err := unix.SchedGetAttr(0, 0); err == nil {
		w.number("schedulerPriority", int64(attr.Priority))
		w.numbers("schedulerTimes", []int64{int64(attr.Runtime), int64(attr.Deadline), int64(attr.Period)})
	}
	memoryPolicy(w)
	if prio, _, e := unix.RawSyscall(unix.SYS_IOPRIO_GET, 1, 0, 0); e == 0 {
		w.number("ioPriority", int64(prio))
	}
}

func limit(v uint64) string {
	if v == unix.RLIM_INFINITY {
		return "-1"
	}
	return strconv.FormatUint(v, 10)
}

func process(w *object) {
	w.number("pid", int64(unix.Getpid()))
	w.number("ppid", int64(unix.Getppid()))
	w.number("pgid", int64(unix.Getpgrp()))
	if sid, err := unix.Getsid(0); err == nil {
		w.number("sid", int64(sid))
	}
	buf := make([]byte, 4096)
	if n, err := unix.Getcwd(buf); err == nil && n > 0 {
		w.text0("cwd", string(buf[:n-1]))
	} else {
		w.raw("cwd", "null")
	}
	w.textOrNull("exe", readLink("/proc/self/exe"))
	w.strings("args", nulList("/proc/self/cmdline"))
	w.strings("env", nulList("/proc/self/environ"))
	if p, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0); e == 0 {
		w.number("personality", int64(p))
	}
	if id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false); err == nil {
		w.number("keyring", int64(id))
		if name, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id); err == nil {
			w.text0("keyringName", name)
		}
		if label, err := unix.KeyctlString(unix.KEYCTL_GET_SECURITY, id); err == nil {
			w.textOrNull("keyringLabel", label)
		}
	}
	terminals(w)
}

// terminals reports the controlling terminal and, for each of 0, 1 and 2, the
// terminal's size and output flags.
func terminals(w *object) {
	if fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0); err == nil {
		w.raw("tty", "true")
		if fg, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil {
			w.number("foreground", int64(fg))
		}
		unix.Close(fd)
	} else {
		w.raw("tty", "false")
	}
	ws, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
	if err != nil {
		w.raw("winsize", "null")
		return
	}
	w.numbers("winsize", []int64{int64(ws.Col), int64(ws.Row)})
	if t, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		w.raw("onlcr", strconv.FormatBool(t.Oflag&unix.ONLCR != 0))
	}
}

func system(w *object) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		w.text0("hostname", unix.ByteSliceToString(u.Nodename[:]))
		w.text0("domainname", unix.ByteSliceToString(u.Domainname[:]))
	}
	w.begin0("namespaces")
	for _, name := range namespaceNames {
		w.textOrNull(name, readLink("/proc/self/ns/"+name))
	}
	w.end()
	for _, dir := range [...][2]string{{"rootStat", "/"}, {"nullStat", "/dev/null"}} {
		var st unix.Stat_t
		if unix.Stat(dir[1], &st) == nil {
			w.raw(dir[0], `{"mode":`+strconv.FormatUint(uint64(st.Mode), 10)+`,"dev":`+
				strconv.FormatUint(st.Dev, 10)+`,"rdev":`+strconv.FormatUint(st.Rdev, 10)+
				`,"ino":`+strconv.FormatUint(st.Ino, 10)+`}`)
		}
	}
}

func procFiles(w *object) {
	w.textOrNull("oomScoreAdj", strings.TrimSpace(readFile("/proc/self/oom_score_adj")))
	w.lines("uidMap", readFile("/proc/self/uid_map"))
	w.lines("gidMap", readFile("/proc/self/gid_map"))
	w.textOrNull("setgroups", strings.TrimSpace(readFile("/proc/self/setgroups")))
	w.lines("cgroup", readFile("/proc/self/cgroup"))
	w.textOrNull("loginuid", strings.TrimSpace(readFile("/proc/self/loginuid")))
	w.beginList("mounts")
	for _, line := range strings.Split(strings.TrimSpace(readFile("/proc/self/mountinfo")), "\n") {
		mount(w, strings.Fields(line))
	}
	w.endList()
}

// mount writes one line of mountinfo: ids, device, root, target, options,
// optional fields (the propagation), "-", file system, source, super options.
func mount(w *object, f []string) {
	if len(f) < 10 {
		return
	}
	sep := 6
	for sep < len(f) && f[sep] != "-" {
		sep++
	}
	if sep+3 >= len(f) {
		return
	}
	w.element()
	w.begin()
	w.text0("root", f[3])
	w.text0("target", f[4])
	w.strings("options", strings.Split(f[5], ","))
	w.strings("propagation", f[6:sep])
	w.text0("type", f[sep+1])
	w.text0("source", f[sep+2])
	w.strings("super", strings.Split(f[sep+3], ","))
	w.end()
}
