// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"strconv"
	"time"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// appendState writes s as one line of JSON. By hand, because the first
// json.Marshal of a type costs 120-210 µs of reflection in a process that lives
// for a few milliseconds; this costs 2-3 (BenchmarkEncode). The first
// json.Unmarshal is no cheaper (BenchmarkDecode), a tenth of all that `state`
// takes.
func appendState(b []byte, s *State) []byte {
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(s.Version), 10)
	b = jsontext.AppendText(append(b, `,"boot_id":`...), s.BootID)
	b = jsontext.AppendText(append(b, `,"id":`...), s.ID)
	b = append(b, `,"init_process_pid":`...)
	b = strconv.AppendInt(b, int64(s.InitPid), 10)
	b = append(b, `,"init_process_start":`...)
	b = strconv.AppendUint(b, s.InitStart, 10)
	b = append(b, `,"created":"`...)
	b = s.Created.UTC().AppendFormat(b, time.RFC3339Nano)
	b = jsontext.AppendText(append(b, `","oci_version":`...), s.OCIVersion)
	b = jsontext.AppendText(append(b, `,"bundle":`...), s.Bundle)
	b = append(b, `,"rootless":`...)
	b = strconv.AppendBool(b, s.Rootless)
	b = append(b, `,"systemd_cgroup":`...)
	b = strconv.AppendBool(b, s.SystemdCgroup)
	b = append(b, `,"no_new_keyring":`...)
	b = strconv.AppendBool(b, s.NoNewKeyring)
	b = jsontext.AppendMap(append(b, `,"cgroup_paths":`...), s.CgroupPaths)
	b = jsontext.AppendList(append(b, `,"cgroup_kept":`...), s.CgroupKept)
	b = append(b, `,"cgroup_ours":`...)
	b = strconv.AppendBool(b, s.CgroupOurs)
	b = jsontext.AppendList(append(b, `,"class_dirs":`...), s.ClassDirs)
	b = jsontext.AppendList(append(b, `,"class_ours":`...), s.ClassOurs)
	b = jsontext.AppendList(append(b, `,"namespaces":`...), s.Namespaces)
	b = jsontext.AppendList(append(b, `,"hooks":`...), s.Hooks)
	b = append(b, `,"seccomp_agent":`...)
	b = strconv.AppendBool(b, s.SeccompAgent)
	b = jsontext.AppendMap(append(b, `,"annotations":`...), s.Annotations)
	b = jsontext.AppendText(append(b, `,"config":{"rootfs":`...), s.Rootfs)
	b = jsontext.AppendList(append(b, `,"labels":`...), s.labels())
	b = appendMounts(append(b, `,"mounts":`...), s.Mounts)
	return append(b, "}}\n"...)
}

func appendMounts(b []byte, mounts []Mount) []byte {
	b = append(b, '[')
	for i, m := range mounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.AppendText(append(b, `{"source":`...), m.Source)
		b = jsontext.AppendText(append(b, `,"destination":`...), m.Destination)
		b = jsontext.AppendText(append(b, `,"device":`...), m.Device)
		b = append(b, '}')
	}
	return append(b, ']')
}
