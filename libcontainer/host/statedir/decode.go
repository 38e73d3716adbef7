// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"fmt"
	"strconv"
	"time"

	"github.com/oci-rung/rung/libcontainer/jsontext"
)

// maxDepth bounds the nesting of values.
const maxDepth = 64

// decodeState reads what appendState wrote. Members it does not know are passed
// over, so that a later rung may add some within one version. It is stricter
// than encoding/json: a null is no value, and names are told apart by case.
func decodeState(b []byte) (*State, error) {
	r := jsontext.NewReader(string(b), maxDepth)
	s := &State{}
	for ok := r.Open('{'); ok; ok = r.Next('}') {
		s.member(r, r.Name())
	}
	r.End()
	if r.Err() != nil {
		return nil, r.Err()
	}
	if s.Version != Version {
		return nil, versionError(s.Version)
	}
	return s, nil
}

func versionError(got int) error {
	return fmt.Errorf("version %d, this runtime reads %d: %w", got, Version, ErrVersion)
}

func (s *State) member(r *jsontext.Reader, name string) {
	switch name {
	case "version":
		// Looked at as soon as it is seen: a later schema may well change
		// the shape of what follows.
		if s.Version = int(r.Int()); s.Version != Version {
			r.Fail(versionError(s.Version))
		}
	case "boot_id":
		s.BootID = r.Text()
	case "id":
		s.ID = r.Text()
	case "init_process_pid":
		s.InitPid = int(r.Int())
	case "init_process_start":
		s.InitStart = r.Uint()
	case "created":
		s.Created = readTime(r)
	case "oci_version":
		s.OCIVersion = r.Text()
	case "bundle":
		s.Bundle = r.Text()
	case "rootless":
		s.Rootless = r.Bool()
	case "systemd_cgroup":
		s.SystemdCgroup = r.Bool()
	case "no_new_keyring":
		s.NoNewKeyring = r.Bool()
	case "cgroup_paths":
		s.CgroupPaths = readMap(r)
	case "cgroup_ours":
		s.CgroupOurs = r.Bool()
	case "cgroup_kept":
		s.CgroupKept = readList(r)
	case "class_dirs":
		s.ClassDirs = readList(r)
	case "class_ours":
		s.ClassOurs = readList(r)
	case "namespaces":
		s.Namespaces = readList(r)
	case "hooks":
		s.Hooks = readList(r)
	case "seccomp_agent":
		s.SeccompAgent = r.Bool()
	case "annotations":
		s.Annotations = readMap(r)
	case "config":
		for ok := r.Open('{'); ok; ok = r.Next('}') {
			s.configMember(r, r.Name())
		}
	default:
		r.Skip()
	}
}

// configMember reads one member of config. labels say nothing that is not
// elsewhere too.
func (s *State) configMember(r *jsontext.Reader, name string) {
	switch name {
	case "rootfs":
		s.Rootfs = r.Text()
	case "mounts":
		s.Mounts = nil
		for ok := r.Open('['); ok; ok = r.Next(']') {
			s.Mounts = append(s.Mounts, readMount(r))
		}
	default:
		r.Skip()
	}
}

func readMount(r *jsontext.Reader) Mount {
	var m Mount
	for ok := r.Open('{'); ok; ok = r.Next('}') {
		switch r.Name() {
		case "source":
			m.Source = r.Text()
		case "destination":
			m.Destination = r.Text()
		case "device":
			m.Device = r.Text()
		default:
			r.Skip()
		}
	}
	return m
}

func readTime(r *jsontext.Reader) time.Time {
	s := r.Text()
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		r.Refuse("not a time: " + strconv.Quote(s))
	}
	return t
}

// readMap returns nil for an empty object.
func readMap(r *jsontext.Reader) map[string]string {
	var m map[string]string
	for ok := r.Open('{'); ok; ok = r.Next('}') {
		if m == nil {
			m = map[string]string{}
		}
		name := r.Name()
		m[name] = r.Text()
	}
	return m
}

func readList(r *jsontext.Reader) []string {
	var l []string
	for ok := r.Open('['); ok; ok = r.Next(']') {
		l = append(l, r.Text())
	}
	return l
}
