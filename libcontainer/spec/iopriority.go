package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// ioClasses holds the names of I/O scheduling classes; the index is the number
// that ioprio_set(2) takes, less 1.
var ioClasses = [...]specs.IOPriorityClass{specs.IOPRIO_CLASS_RT, specs.IOPRIO_CLASS_BE, specs.IOPRIO_CLASS_IDLE}

const (
	ioClassShift  = 13
	maxIOPriority = 7
)

// IOPriority returns an I/O priority as ioprio_set(2) takes it.
func IOPriority(io *specs.LinuxIOPriority) (value int, ok bool) {
	for i, known := range ioClasses {
		if known == io.Class {
			return (i+1)<<ioClassShift | io.Priority, true
		}
	}
	return 0, false
}

func checkIOPriority(p *problems, io *specs.LinuxIOPriority, at string) {
	if io == nil {
		return
	}
	switch _, ok := IOPriority(io); {
	case io.Class == "":
		p.add(at+".class", causeRequired)
	case !ok:
		p.addf(at+".class", "unknown I/O scheduling class %q", io.Class)
	}
	if io.Priority < 0 || io.Priority > maxIOPriority {
		p.addf(at+".priority", "%d is outside 0 to %d", io.Priority, maxIOPriority)
	}
}
