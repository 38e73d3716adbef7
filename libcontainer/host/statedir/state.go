// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"time"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// Version is the number of the schema this package writes. A file with another
// number is refused with ErrVersion rather than half understood.
const Version = 1

// State is what must outlive the command that made a container. Everything
// else about it is asked of the kernel when somebody wants to know.
//
// Monitoring tools read init_process_pid, init_process_start, config.labels
// and config.mounts by runc's names from state.json, so these keep the names.
type State struct {
	// Version and BootID are filled in by Save.
	Version int
	BootID  string

	ID string
	// InitPid is a pid of the pid namespace the runtime runs in. It means
	// something only together with InitStart, field 22 of /proc/PID/stat, and
	// the boot id: pids are reused.
	InitPid    int
	InitStart  uint64
	Created    time.Time
	OCIVersion string
	Bundle     string
	Rootfs     string

	// Rootless, SystemdCgroup and NoNewKeyring are the flags the container was
	// created with; a later verb may be called without them.
	Rootless      bool
	SystemdCgroup bool
	NoNewKeyring  bool
	// CgroupPaths has the absolute path of the container's cgroup in each v1
	// hierarchy by controller, or the one of v2 under the empty name.
	CgroupPaths map[string]string
	// CgroupKept are those that were there before the container, and stay.
	CgroupKept []string
	// CgroupOurs: the groups were seen without processes, so whoever is in
	// them now came with the container and may be killed with it.
	CgroupOurs bool
	// ClassDirs are the resctrl groups that the container's processes join, and
	// ClassOurs those that have to be removed with it.
	ClassDirs, ClassOurs []string
	// Namespaces names the namespaces that were made for the container, in the
	// words of the runtime-spec.
	Namespaces []string
	// Hooks names the kinds of hooks the configuration has, so that a verb
	// without work for a hook need not read the kept config.json.
	Hooks []string
	// SeccompAgent: the filter notifies somebody, whom start has to tell.
	SeccompAgent bool
	Annotations  map[string]string
	Mounts       []Mount

	// Stale is set by Load, and not kept: the machine was started anew since
	// the state was saved. The container is stopped, whoever has its pid now.
	Stale bool
}

// Mount is one mount of the container as tools find it in config.mounts.
type Mount struct {
	Source      string
	Destination string
	Device      string // filesystem type, as runc calls it
}

// labels are the texts in config.labels: the bundle for tools that look for
// it, the annotations because runc has them there too.
func (s *State) labels() []string {
	l := make([]string, 0, 1+len(s.Annotations))
	for _, k := range jsontext.SortedNames(s.Annotations) {
		l = append(l, k+"="+s.Annotations[k])
	}
	return append(l, "bundle="+s.Bundle)
}
