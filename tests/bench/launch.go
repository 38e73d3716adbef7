package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commandLimit ends a command that hangs, and the benchmark with it.
const commandLimit = 60 * time.Second

// launcher is the process that starts everything that is measured.
type launcher struct {
	process *os.Process
	request *os.File
	answer  *os.File
	dir     string // of the files for the commands' output
}

// result is what a command took. Its times are those of it and of the processes
// it waited for itself.
type result struct {
	status int
	begin  int64 // CLOCK_MONOTONIC, ns
	wall   time.Duration
	cpu    time.Duration
	peak   int64 // KiB, of the largest process
	stdout string
	stderr string
}

func startLauncher(path, dir string) (*launcher, error) {
	requestOut, requestIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answerOut, answerIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process, err := os.StartProcess(path, []string{path}, &os.ProcAttr{Files: []*os.File{requestOut, answerIn, os.Stderr}})
	if err != nil {
		return nil, err
	}
	requestOut.Close()
	answerIn.Close()
	return &launcher{process, requestIn, answerOut, dir}, nil
}

func (l *launcher) close() error {
	l.request.Close()
	_, err := l.process.Wait()
	return err
}

// run runs a command to its end. That the command says it failed is no error
// here.
func (l *launcher) run(argv ...string) (result, error) {
	stdout, stderr := filepath.Join(l.dir, "stdout"), filepath.Join(l.dir, "stderr")
	r, err := l.ask(append([]string{"run", stdout, stderr}, argv...))
	if err != nil {
		return r, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	out, err := os.ReadFile(stdout)
	if err != nil {
		return r, err
	}
	text, err := os.ReadFile(stderr)
	r.stdout, r.stderr = string(out), string(text)
	return r, err
}

// ok runs a command that has to succeed.
func (l *launcher) ok(argv ...string) (result, error) {
	r, err := l.run(argv...)
	if err == nil && r.status != 0 {
		err = fmt.Errorf("%s: exit status %d: %s", strings.Join(argv, " "), r.status, strings.TrimSpace(r.stderr))
	}
	return r, err
}

// wait waits for a process that a command left behind, as a container's.
func (l *launcher) wait(pid int) (result, error) {
	r, err := l.ask([]string{"wait", strconv.Itoa(pid)})
	if err != nil {
		err = fmt.Errorf("wait for process %d: %w", pid, err)
	}
	return r, err
}

func (l *launcher) ask(words []string) (result, error) {
	text := strings.Join(words, "\x00") + "\x00"
	request := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	if _, err := l.request.Write(append(request, text...)); err != nil {
		return result{}, err
	}
	if err := l.answer.SetReadDeadline(time.Now().Add(commandLimit)); err != nil {
		return result{}, err
	}
	var answer [8]int64
	if err := binary.Read(l.answer, binary.LittleEndian, &answer); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("has not ended after %s", commandLimit)
		} else if errors.Is(err, io.EOF) {
			err = errors.New("the launcher has ended")
		}
		return result{}, err
	}
	if answer[0] != 0 {
		return result{}, syscall.Errno(answer[0])
	}
	return result{
		status: int(answer[1]),
		begin:  answer[2],
		wall:   time.Duration(answer[3]),
		cpu:    time.Duration(answer[4]+answer[5]) * time.Microsecond,
		peak:   answer[6],
	}, nil
}
