// Command launcher starts the programs that the benchmark measures and reports
// what each took.
//
// It is a program of its own because of two things the kernel does. The peak
// memory of a process includes that of the program which started it, up to its
// execve: so this one has to be smaller than everything it measures, and
// imports next to nothing. And the containers of a runtime that has returned
// become children of the nearest subreaper: that is this process, which collects
// them at once, as a shim would.
//
// Requests come in on descriptor 0, answers go out on descriptor 1. A request is
// a length (4 bytes, little endian) and that many bytes of strings, each ended
// by a zero byte: "run", file for stdout, file for stderr, program, arguments …;
// or "wait", pid. An answer is eight 8-byte numbers, see answer.
package main

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

// The numbers of an answer, in order.
const (
	answerErrno    = iota // why the program could not be started, or 0
	answerStatus          // exit code, or 128 and the signal
	answerBegin           // CLOCK_MONOTONIC before the fork, ns
	answerWall            // from there until the process was waited for, ns
	answerUser            // CPU time of it and the processes it waited for, us
	answerSystem          //
	answerPeak            // resident memory of the largest of them, KiB
	answerReserved        //
	answerSize
)

type answer [answerSize]int64

// orphan is a container's process that ended while something else ran.
type orphan struct {
	pid    int
	result answer
}

// orphans is a ring: nobody asks for those of more than a few commands ago.
var (
	orphans [64]orphan
	ended   int
)

func main() {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		die("set child subreaper", err)
	}
	for {
		var size [4]byte
		if !read(size[:]) {
			return
		}
		request := make([]byte, binary.LittleEndian.Uint32(size[:]))
		if !read(request) {
			return
		}
		words := split(request)
		var result answer
		switch {
		case len(words) >= 4 && words[0] == "run":
			result = run(words[1], words[2], words[3:])
		case len(words) == 2 && words[0] == "wait":
			result = await(number(words[1]))
		default:
			result[answerErrno] = int64(unix.EINVAL)
		}
		var out [8 * answerSize]byte
		for i, n := range result {
			binary.LittleEndian.PutUint64(out[8*i:], uint64(n))
		}
		if _, err := unix.Write(1, out[:]); err != nil {
			die("write answer", err)
		}
	}
}

// run starts a program and waits for it.
func run(stdout, stderr string, argv []string) answer {
	var result answer
	fds := [3]uintptr{}
	for i, path := range [3]string{"/dev/null", stdout, stderr} {
		flags := unix.O_CLOEXEC | unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC
		if i == 0 {
			flags = unix.O_CLOEXEC | unix.O_RDONLY
		}
		fd, err := unix.Open(path, flags, 0o600)
		if err != nil {
			result[answerErrno] = errno(err)
			return result
		}
		defer unix.Close(fd)
		fds[i] = uintptr(fd)
	}
	attr := &syscall.ProcAttr{
		Env:   []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: fds[:],
	}
	begin := now()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		result[answerErrno] = errno(err)
		return result
	}
	result = collect(pid)
	result[answerBegin] = begin
	result[answerWall] -= begin
	return result
}

// await returns the result of a process that a command left running.
func await(pid int) answer {
	for _, o := range orphans {
		if o.pid == pid {
			return o.result
		}
	}
	return collect(pid)
}

// collect waits for a child and collects every other that ends before it. The
// answer's wall time is the time of day, so to speak, of its end.
func collect(pid int) answer {
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		got, err := unix.Wait4(-1, &status, 0, &usage)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return answer{answerErrno: errno(err)}
		}
		result := answer{
			answerWall:   now(),
			answerStatus: int64(status.ExitStatus()),
			answerUser:   usage.Utime.Nano() / 1e3,
			answerSystem: usage.Stime.Nano() / 1e3,
			answerPeak:   usage.Maxrss,
		}
		if status.Signaled() {
			result[answerStatus] = 128 + int64(status.Signal())
		}
		if got == pid {
			return result
		}
		orphans[ended%len(orphans)] = orphan{got, result}
		ended++
	}
}

func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		die("read clock", err)
	}
	return t.Nano()
}

// read fills b from descriptor 0; it reports whether it could.
func read(b []byte) bool {
	for len(b) > 0 {
		n, err := unix.Read(0, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

func split(b []byte) []string {
	var words []string
	begin := 0
	for i, c := range b {
		if c == 0 {
			words = append(words, string(b[begin:i]))
			begin = i + 1
		}
	}
	return words
}

func number(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = 10*n + int(c-'0')
	}
	return n
}

func errno(err error) int64 {
	if e, ok := err.(unix.Errno); ok {
		return int64(e)
	}
	return int64(unix.EIO)
}

func die(what string, err error) {
	println("launcher:", what+":", err.Error())
	unix.Exit(1)
}
