package plan

import (
	"fmt"
	"strings"

	"github.com/oci-rung/rung/libcontainer/wire"
)

// text is a plan in the form that the golden files hold: what the parent
// opens, what it does on request, and the steps.
func text(p *Plan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, m := range p.UIDMap {
		line("uid %d %d %d", m.ContainerID, m.HostID, m.Size)
	}
	for _, m := range p.GIDMap {
		line("gid %d %d %d", m.ContainerID, m.HostID, m.Size)
	}
	for _, clock := range []string{"boottime", "monotonic"} {
		if o, ok := p.TimeOffsets[clock]; ok {
			line("time %s %d %d", clock, o.Secs, o.Nanosecs)
		}
	}
	if p.OOMScoreAdj != nil {
		line("oom %d", *p.OOMScoreAdj)
	}
	if s := p.Scheduler; s != nil {
		line("scheduler %s %d flags=%#x nice=%d priority=%d times=%d,%d,%d renice=%t cpus=%t",
			s.Field, s.Policy, s.Flags, s.Nice, s.Priority, s.Runtime, s.Deadline, s.Period, s.Renice, s.CPUs)
	}
	if io := p.IOPriority; io != nil {
		line("io priority %#x", *io)
	}
	for _, l := range p.Rlimits {
		line("rlimit %d %d %d %s", l.Resource, l.Soft, l.Hard, l.Field)
	}
	for _, w := range p.Warnings {
		line("warning %s", w)
	}
	for i, d := range p.Slots {
		line("fd%d %s", i, descriptor(d))
	}
	for _, s := range p.Steps {
		// Without numbers: a new step is one new line.
		line("%-12s %-34s %s", s.Kind.Name(), s.Field, strings.Join(arguments(s), " "))
	}
	return trimLines(b.String())
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func descriptor(d Descriptor) string {
	kind := [...]string{
		OpenTree: "tree", OpenDirectory: "directory", OpenNamespace: "namespace", OpenDevice: "device",
		OpenState: "state", OpenStart: "start", OpenTasks: "tasks", OpenInit: "init",
		OpenFilesystem: "filesystem", OpenNode: "node", OpenClass: "class",
	}[d.Opens]
	out := kind + " " + d.Field
	add := func(format string, args ...any) { out += " " + fmt.Sprintf(format, args...) }
	if d.Path != "" {
		add("%s", d.Path)
	}
	if d.Recursive {
		add("recursive")
	}
	for _, f := range []struct {
		name  string
		value uint64
	}{
		{"set", d.Set}, {"clear", d.Clear}, {"rec-set", d.RecSet}, {"rec-clear", d.RecClear},
		{"magic", uint64(d.Filesystem)}, {"flag", d.Flag}, {"number", d.Device}, {"index", uint64(d.Index)},
	} {
		if f.value != 0 {
			add("%s=%#x", f.name, f.value)
		}
	}
	for _, p := range d.Propagation {
		add("propagation=%#x", p)
	}
	if d.Type != "" {
		add("type=%s %s", d.Type, pairs(d.Parameters))
	}
	if m := d.IDMap; m != nil {
		add("idmap=%v,%v,%s", m.UID, m.GID, m.Path)
		if m.Recursive {
			add("recursive-idmap")
		}
	}
	if d.Mode != 0 {
		add("mode=%o owner=%d:%d given=%d", d.Mode, d.UID, d.GID, d.Given)
		if m := d.Owners; m != nil {
			add("owners=%v,%v,%s", m.UID, m.GID, m.Path)
		}
	}
	if d.Char {
		add("char")
	}
	if d.Status != "" {
		add("status=%s", d.Status)
	}
	return out
}

func arguments(s wire.Step) []string {
	var out []string
	for i, a := range s.Args {
		switch v := a.(type) {
		case uint64:
			if s.Kind == wire.Ask && i == 0 {
				out = append(out, wire.Request(v).Name())
			} else if v > 99 {
				out = append(out, fmt.Sprintf("%#x", v))
			} else {
				out = append(out, fmt.Sprint(v))
			}
		case wire.Slot:
			if v == wire.NoSlot {
				out = append(out, "-")
			} else {
				out = append(out, fmt.Sprintf("fd%d", v))
			}
		case wire.Pairs:
			out = append(out, pairs(v))
		case []byte:
			out = append(out, "…")
		default:
			out = append(out, fmt.Sprintf("%q", v))
		}
	}
	if s.Kind == wire.Seccomp {
		out[1] = "…" // what the filter is made of is seccomp's own test
	}
	return out
}

func pairs(v wire.Pairs) string {
	var out []string
	for i := 0; i < len(v); i += 2 {
		if v[i+1] == wire.Flag {
			out = append(out, v[i])
		} else {
			out = append(out, v[i]+"="+v[i+1])
		}
	}
	return "{" + strings.Join(out, " ") + "}"
}
