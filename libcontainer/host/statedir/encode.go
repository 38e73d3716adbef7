// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendState writes s as one line of JSON. By hand, because the first
// json.Marshal of a type costs 120-210 µs of reflection in a process that lives
// for a few milliseconds; this costs 2-3 (BenchmarkEncode).
func appendState(b []byte, s *State) []byte {
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, int64(s.Version), 10)
	b = appendText(append(b, `,"boot_id":`...), s.BootID)
	b = appendText(append(b, `,"id":`...), s.ID)
	b = append(b, `,"init_process_pid":`...)
	b = strconv.AppendInt(b, int64(s.InitPid), 10)
	b = append(b, `,"init_process_start":`...)
	b = strconv.AppendUint(b, s.InitStart, 10)
	b = append(b, `,"created":"`...)
	b = s.Created.UTC().AppendFormat(b, time.RFC3339Nano)
	b = appendText(append(b, `","oci_version":`...), s.OCIVersion)
	b = appendText(append(b, `,"bundle":`...), s.Bundle)
	b = append(b, `,"rootless":`...)
	b = strconv.AppendBool(b, s.Rootless)
	b = append(b, `,"systemd_cgroup":`...)
	b = strconv.AppendBool(b, s.SystemdCgroup)
	b = appendMap(append(b, `,"cgroup_paths":`...), s.CgroupPaths)
	b = appendList(append(b, `,"cgroup_kept":`...), s.CgroupKept)
	b = appendList(append(b, `,"namespaces":`...), s.Namespaces)
	b = appendList(append(b, `,"hooks":`...), s.Hooks)
	b = appendMap(append(b, `,"annotations":`...), s.Annotations)
	b = appendText(append(b, `,"config":{"rootfs":`...), s.Rootfs)
	b = appendList(append(b, `,"labels":`...), s.labels())
	b = appendMounts(append(b, `,"mounts":`...), s.Mounts)
	return append(b, "}}\n"...)
}

func appendMounts(b []byte, mounts []Mount) []byte {
	b = append(b, '[')
	for i, m := range mounts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(append(b, `{"source":`...), m.Source)
		b = appendText(append(b, `,"destination":`...), m.Destination)
		b = appendText(append(b, `,"device":`...), m.Device)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	return append(b, ']')
}

func appendMap(b []byte, m map[string]string) []byte {
	b = append(b, '{')
	for i, k := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, k), ':')
		b = appendText(b, m[k])
	}
	return append(b, '}')
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

const hexDigits = "0123456789abcdef"

// appendText writes s as a JSON string. Bytes that are not UTF-8 become U+FFFD,
// as JSON has no way to say them.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
