package main

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// object writes JSON piece by piece, in the order of the calls.
type object struct {
	text  []byte
	first bool
}

func (w *object) begin() {
	w.text = append(w.text, '{')
	w.first = true
}

func (w *object) end() {
	w.text = append(w.text, '}')
	w.first = false
}

func (w *object) begin0(name string) {
	w.name(name)
	w.begin()
}

func (w *object) beginList(name string) {
	w.name(name)
	w.text = append(w.text, '[')
	w.first = true
}

func (w *object) endList() {
	w.text = append(w.text, ']')
	w.first = false
}

func (w *object) element() {
	if !w.first {
		w.text = append(w.text, ',')
	}
	w.first = false
}

func (w *object) name(name string) {
	w.element()
	w.text = append(w.text, quote(name)...)
	w.text = append(w.text, ':')
}

func (w *object) raw(name, value string) {
	w.name(name)
	w.text = append(w.text, value...)
}

func (w *object) text0(name, value string) { w.raw(name, quote(value)) }

func (w *object) textOrNull(name, value string) {
	if value == "" {
		w.raw(name, "null")
		return
	}
	w.text0(name, value)
}

func (w *object) number(name string, v int64) { w.raw(name, strconv.FormatInt(v, 10)) }

func (w *object) numbers(name string, list []int64) {
	w.beginList(name)
	for _, v := range list {
		w.element()
		w.text = strconv.AppendInt(w.text, v, 10)
	}
	w.endList()
}

func (w *object) strings(name string, list []string) {
	w.beginList(name)
	for _, v := range list {
		w.element()
		w.text = append(w.text, quote(v)...)
	}
	w.endList()
}

// lines writes a text as a list of its lines, runs of blanks made one.
func (w *object) lines(name, text string) {
	list := []string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			list = append(list, line)
		}
	}
	w.strings(name, list)
}

func (w *object) prctl(name string, option int) {
	v, _, e := unix.RawSyscall6(unix.SYS_PRCTL, uintptr(option), 0, 0, 0, 0, 0)
	if e != 0 {
		w.raw(name, "null")
		return
	}
	w.number(name, int64(v))
}

// quote makes a JSON string; bytes beyond ASCII are kept as they are.
func quote(s string) string {
	const hex = "0123456789abcdef"
	out := []byte{'"'}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = append(out, `\u00`...)
			out = append(out, hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
