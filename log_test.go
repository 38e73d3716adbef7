package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// callWithLog makes a call that says one debug line and two warnings before it
// ends with err.
func callWithLog(t *testing.T, err error, flags ...string) (stderr, file string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	for i, f := range flags {
		if f == "FILE" {
			flags[i] = path
		}
	}
	c := newCall(t, append(flags, "list")...)
	c.log = newLogger(c.stderr)
	root := c.rootCommand()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the command has lines of its own
	if parseErr := root.Run(t.Context(), c.argv); parseErr != nil {
		t.Fatal(parseErr)
	}
	slogger := slog.New(c.log)
	slogger.Debug("looking closely")
	slogger.Warn("first", "field", `a"b`)
	slogger.With("id", "x").Warn("second\nline")
	c.outcome(err)
	data, readErr := os.ReadFile(path)
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		t.Fatal(readErr)
	}
	return c.result(t, 0).stderr, string(data)
}

func TestLog(t *testing.T) {
	const (
		debugLine  = `time="T" level=debug msg="looking closely"` + "\n"
		textWarn   = `time="T" level=warning msg="first" field="a\"b"` + "\n" + `time="T" level=warning msg="second\nline" id="x"` + "\n"
		textError  = `time="T" level=error msg="open \"x\":\nno"` + "\n"
		bareError  = "open \"x\":\nno\n"
		jsonWarn   = `{"level":"warning","msg":"first","time":"T","field":"a\"b"}` + "\n" + `{"level":"warning","msg":"second\nline","time":"T","id":"x"}` + "\n"
		jsonError  = `{"level":"error","msg":"open \"x\":\nno","time":"T"}` + "\n"
		jsonDebug  = `{"level":"debug","msg":"looking closely","time":"T"}` + "\n"
		jsonFormat = "--log-format=json"
	)
	failure := errors.New("open \"x\":\nno")
	for _, tc := range []struct {
		name         string
		err          error
		flags        []string
		stderr, file string
	}{
		{"success", nil, nil, "", ""},
		{"failure", failure, nil, textError, ""},
		{"failure, json", failure, []string{jsonFormat}, jsonError, ""},
		{"success, file", nil, []string{"--log", "FILE"}, "", textWarn},
		{"failure, file", failure, []string{"--log", "FILE"}, bareError, textError},
		{"success, file, json", nil, []string{"--log", "FILE", jsonFormat}, "", jsonWarn},
		{"failure, file, json: one object", failure, []string{"--log", "FILE", jsonFormat}, bareError, jsonError},
		{"success, debug", nil, []string{"--debug"}, debugLine + textWarn, ""},
		{"success, debug, file, json", nil, []string{"--debug", "--log", "FILE", jsonFormat}, "", jsonDebug + jsonWarn},
		{"failure, debug, file", failure, []string{"--debug", "--log", "FILE"}, bareError, debugLine + textWarn + textError},
		{"payload's exit code", &exitError{code: 7}, nil, "", ""},
		{"payload's exit code, file", &exitError{code: 7}, []string{"--log", "FILE"}, "", textWarn},
		{"error with a code", &exitError{255, failure}, nil, textError, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stderr, file := callWithLog(t, tc.err, tc.flags...)
			if got := withoutTime(t, stderr); got != tc.stderr {
				t.Errorf("stderr:\n got %q\nwant %q", got, tc.stderr)
			}
			if got := withoutTime(t, file); got != tc.file {
				t.Errorf("file:\n got %q\nwant %q", got, tc.file)
			}
		})
	}
}

// withoutTime checks the times in text and replaces them by T.
func withoutTime(t *testing.T, text string) string {
	t.Helper()
	out := ""
	for line := range strings.Lines(text) {
		var stamp string
		if strings.HasPrefix(line, "{") {
			var object struct{ Time string }
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			stamp = object.Time
		} else if rest, ok := strings.CutPrefix(line, `time="`); ok {
			stamp, _, _ = strings.Cut(rest, `"`)
		} else {
			out += line
			continue
		}
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil || time.Since(at).Abs() > time.Minute || !strings.HasSuffix(stamp, "Z") {
			t.Errorf("time: got %q, %v want now, in UTC", stamp, err)
		}
		out += strings.Replace(line, stamp, "T", 1)
	}
	return out
}

func TestLogIsAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for range 2 {
		if got := runCall(t, "--root", t.TempDir(), "--log", path, "state", "nobody"); got.stderr != "container does not exist\n" {
			t.Errorf("stderr: got %q", got.stderr)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Count(string(data), "level=error") != 2 {
		t.Errorf("got %q, %v want two errors", data, err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode()&^0o022 != 0o644&^0o022 {
		t.Errorf("mode: got %v, %v want 0644 but for the umask", st.Mode(), err)
	}
}

func TestLogUnwritable(t *testing.T) {
	got := runCall(t, "--log", filepath.Join(t.TempDir(), "no", "log"), "list")
	if got.code != 1 || !strings.Contains(got.stderr, `msg="--log: open `) || got.stdout != "" {
		t.Errorf("got %+v want an error about --log and no list", got)
	}
}

// Wrong usage is found before the flags for the log are looked at.
func TestUsageErrorIsLogged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	got := runCall(t, "--log", path, "--log-format", "json", "state", "-x")
	data, err := os.ReadFile(path)
	if want := `{"level":"error","msg":"flag provided but not defined: -x","time":"T"}` + "\n"; err != nil || withoutTime(t, string(data)) != want {
		t.Errorf("file: got %q, %v want %q", data, err, want)
	}
	if got.stderr != "flag provided but not defined: -x\n" {
		t.Errorf("stderr: got %q", got.stderr)
	}
}
