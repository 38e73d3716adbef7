package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/oci-rung/rung/internal/linux"
)

// logFormat is how a line of the log looks.
type logFormat int

const (
	textLines logFormat = iota
	jsonLines
)

// parseLogFormat reads the value of --log-format.
func parseLogFormat(text string) (logFormat, error) {
	switch text {
	case "text":
		return textLines, nil
	case "json":
		return jsonLines, nil
	}
	return 0, fmt.Errorf("invalid log-format: %s", text)
}

// logger writes what is said about a call: to the file of --log, else to
// stderr. It is a slog.Handler, so that every package can speak by slog.
//
// Warnings are held back until it is known how the call ends. A caller that
// reads the log of a failed call expects one object, the error, and nothing
// before it; a caller that reads both output streams of a successful one
// expects nothing but the documented output. So they are dropped when the call
// fails, and written only to a file when it does not. --debug shows all, at
// once.
type logger struct {
	format logFormat
	debug  bool
	file   *os.File // of --log, or nil
	stderr *os.File
	attrs  []slog.Attr
	held   *heldLines
}

type heldLines struct {
	sync.Mutex
	lines   []byte
	release bool // nothing is held back any more
}

func newLogger(stderr *os.File) *logger {
	return &logger{stderr: stderr, held: new(heldLines)}
}

// open makes path the destination.
func (l *logger) open(path string) error {
	f, err := linux.OpenAppend(path, 0o644)
	if err != nil {
		return err
	}
	l.file = f
	return nil
}

// Enabled tells slog which levels are worth building a record for.
func (l *logger) Enabled(_ context.Context, level slog.Level) bool {
	return l.debug || level >= slog.LevelWarn
}

// Handle writes a record, or holds it back.
func (l *logger) Handle(_ context.Context, r slog.Record) error {
	attrs := l.attrs[:len(l.attrs):len(l.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	line := l.line(r.Level, r.Message, r.Time, attrs)
	l.held.Lock()
	defer l.held.Unlock()
	if !l.debug && !l.held.release {
		l.held.lines = append(l.held.lines, line...)
		return nil
	}
	return l.write(line)
}

// WithAttrs is part of slog.Handler.
func (l *logger) WithAttrs(attrs []slog.Attr) slog.Handler {
	other := *l
	other.attrs = append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)
	return &other
}

// WithGroup is part of slog.Handler; lines here are flat, so it does nothing.
func (l *logger) WithGroup(string) slog.Handler { return l }

// write sends whole lines to the log: the file, or stderr with --debug.
func (l *logger) write(lines []byte) error {
	dest := l.file
	if dest == nil {
		if !l.debug {
			return nil
		}
		dest = l.stderr
	}
	_, err := dest.Write(lines)
	return err
}

// releaseHeld writes what was held back and holds nothing back any more: the
// call has succeeded, or the container runs in the foreground from here on.
func (l *logger) releaseHeld() {
	l.held.Lock()
	defer l.held.Unlock()
	if len(l.held.lines) > 0 {
		_ = l.write(l.held.lines) // there is nobody left to tell
	}
	l.held.lines, l.held.release = nil, true
}

// fail writes the error of the call. With --log it goes to the file, and as
// bare text to stderr, where whoever started us by hand looks.
func (l *logger) fail(err error) {
	line := l.line(slog.LevelError, err.Error(), time.Now(), nil)
	if l.file == nil {
		_, _ = l.stderr.Write(line)
		return
	}
	_, _ = l.file.Write(line)
	_, _ = l.stderr.WriteString(err.Error() + "\n")
}

// line renders one record. Times are in UTC: the local zone would have to be
// read from files first.
func (l *logger) line(level slog.Level, message string, at time.Time, attrs []slog.Attr) []byte {
	stamp := at.UTC().Format(time.RFC3339)
	if l.format == textLines {
		b := fmt.Appendf(nil, "time=%q level=%s msg=%q", stamp, levelName(level), message)
		for _, a := range attrs {
			b = fmt.Appendf(b, " %s=%q", a.Key, a.Value.String())
		}
		return append(b, '\n')
	}
	o := objectWriter{}
	o.open()
	o.text("level", levelName(level))
	o.text("msg", message)
	o.text("time", stamp)
	for _, a := range attrs {
		o.text(a.Key, a.Value.String())
	}
	o.close()
	return append(o.buf, '\n')
}

// levelName is the level as readers of runtime logs know it.
func levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warning"
	case level >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}
