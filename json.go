package main

import (
	"strconv"
	"time"

	"github.com/oci-rung/rung/libcontainer"
	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// What callers poll is written by hand: package jsontext says why.

// appendState writes s as a JSON object: on several lines if indent is not
// empty, else on one.
func appendState(b []byte, s *libcontainer.State, indent string) []byte {
	o := objectWriter{buf: b, indent: indent}
	o.open()
	o.text("ociVersion", s.OCIVersion)
	o.text("id", s.ID)
	o.name("pid")
	o.buf = strconv.AppendInt(o.buf, int64(s.Pid), 10)
	o.text("status", s.Status)
	o.text("bundle", s.Bundle)
	o.text("rootfs", s.Rootfs)
	o.text("created", s.Created.Format(time.RFC3339Nano))
	if len(s.Annotations) > 0 {
		o.name("annotations")
		o.open()
		for _, key := range jsontext.SortedNames(s.Annotations) {
			o.text(key, s.Annotations[key])
		}
		o.close()
	}
	o.text("owner", s.Owner)
	o.close()
	return o.buf
}

// appendStates writes an array of states on one line; without any, callers
// expect null.
func appendStates(b []byte, states []*libcontainer.State) []byte {
	if len(states) == 0 {
		return append(b, "null"...)
	}
	for i, s := range states {
		b = appendState(append(b, "[,"[min(i, 1)]), s, "")
	}
	return append(b, ']')
}

// objectWriter writes JSON objects into each other.
type objectWriter struct {
	buf    []byte
	indent string
	depth  int
	some   bool // the object that is open has a member
}

func (o *objectWriter) open() {
	o.buf = append(o.buf, '{')
	o.depth++
	o.some = false
}

func (o *objectWriter) close() {
	o.depth--
	o.line()
	o.buf = append(o.buf, '}')
	o.some = true
}

// line begins a new line, if lines are wanted.
func (o *objectWriter) line() {
	if o.indent == "" {
		return
	}
	o.buf = append(o.buf, '\n')
	for range o.depth {
		o.buf = append(o.buf, o.indent...)
	}
}

// name writes the name of the next member.
func (o *objectWriter) name(name string) {
	if o.some {
		o.buf = append(o.buf, ',')
	}
	o.some = true
	o.line()
	o.buf = append(jsontext.AppendText(o.buf, name), ':')
	if o.indent != "" {
		o.buf = append(o.buf, ' ')
	}
}

func (o *objectWriter) text(name, value string) {
	o.name(name)
	o.buf = jsontext.AppendText(o.buf, value)
}

// appendPids writes pids as a JSON array; without any, callers expect null.
func appendPids(b []byte, pids []int) []byte {
	if len(pids) == 0 {
		return append(b, "null"...)
	}
	for i, pid := range pids {
		b = strconv.AppendInt(append(b, "[,"[min(i, 1)]), int64(pid), 10)
	}
	return append(b, ']')
}
