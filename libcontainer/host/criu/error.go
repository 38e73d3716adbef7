// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package criu

import (
	"fmt"
	"strings"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// endPatience bounds the wait for a criu that has nothing to do any more.
const endPatience = 10 * time.Second

// mostLog is how much of a log is looked through.
const mostLog = 64 << 20

// Error is CRIU's own: it says what it could not do.
type Error struct {
	Kind    Kind
	Errno   linux.Errno // 0 if it gave none
	Message string      // one line
	// Log is the path of the whole log, or "".
	Log string
	// More is how many errors the log has besides.
	More int

	status linux.WaitStatus
	// ours: Message is not CRIU's.
	ours bool
}

func (e *Error) Error() string {
	text := "criu " + string(e.Kind) + ": "
	switch {
	case e.Message != "":
		text += e.Message
	case e.Errno != 0:
		text += e.Errno.Error()
	case e.status.Signaled():
		text += "ended by signal " + e.status.Signal().String()
	default:
		text += fmt.Sprintf("exit status %d without a word", e.status.ExitStatus())
	}
	if e.Log == "" {
		return text
	}
	if e.More > 0 {
		text += fmt.Sprintf(" (and %d more)", e.More)
	}
	return text + "; log file: " + e.Log
}

// Unwrap returns the error number, so that errors.Is finds it.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// explain adds what the log says, or what criu printed before it had one.
func (c *call) explain(e *Error) {
	log, err := linux.ReadFileAt(c.set.Work, c.kind.logFile(), mostLog)
	if err == nil && len(log) > 0 {
		e.Log = c.set.WorkName + "/" + c.kind.logFile()
		if first, count := firstError(string(log)); first != "" && !e.ours {
			e.Message, e.More = first, count-1
		}
	}
	if e.Message != "" {
		return
	}
	var b [4096]byte
	if n, err := linux.Pread(c.stderr, b[:], 0); err == nil {
		e.Message = firstLine(string(b[:n]))
	}
}

func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// firstError finds the first error of a log, as text with its place in CRIU's
// sources behind it, and how many there are. What comes first is why; what
// follows are the functions around it.
//
//	(00.201182) Error (criu/files-reg.c:1790): Can't lookup mount=27 for fd=2
func firstError(log string) (first string, count int) {
	for line := range strings.Lines(log) {
		_, text, ok := strings.Cut(line, " Error (")
		if !ok {
			continue
		}
		place, text, ok := strings.Cut(text, "): ")
		text = strings.TrimSpace(text)
		if !ok || text == "" || harmless(text) {
			continue
		}
		if count++; count == 1 {
			first = text + " (" + place + ")"
		}
	}
	return first, count
}

// harmless tells what CRIU calls an error and then goes on without.
func harmless(text string) bool {
	return strings.Contains(text, "rlimit: Can't setup RLIMIT_NOFILE for self")
}
