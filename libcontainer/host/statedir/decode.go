// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package statedir

import (
	"fmt"
	"strconv"
	"time"
)

// decodeState reads what appendState wrote. Members it does not know are passed
// over, so that a later rung may add some within one version.
func decodeState(b []byte) (*State, error) {
	r := &reader{b: b}
	s := &State{}
	r.object(func(key string) { s.member(r, key) })
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	if s.Version != Version {
		return nil, versionError(s.Version)
	}
	return s, nil
}

func versionError(got int) error {
	return fmt.Errorf("version %d, this runtime reads %d: %w", got, Version, ErrVersion)
}

func (s *State) member(r *reader, key string) {
	switch key {
	case "version":
		// Looked at as soon as it is seen: a later schema may well change
		// the shape of what follows.
		if s.Version = int(r.integer()); r.err == nil && s.Version != Version {
			r.err = versionError(s.Version)
		}
	case "boot_id":
		s.BootID = r.text()
	case "id":
		s.ID = r.text()
	case "init_process_pid":
		s.InitPid = int(r.integer())
	case "init_process_start":
		s.InitStart = r.unsigned()
	case "created":
		s.Created = r.time()
	case "oci_version":
		s.OCIVersion = r.text()
	case "bundle":
		s.Bundle = r.text()
	case "rootless":
		s.Rootless = r.boolean()
	case "systemd_cgroup":
		s.SystemdCgroup = r.boolean()
	case "cgroup_paths":
		s.CgroupPaths = r.texts()
	case "cgroup_kept":
		s.CgroupKept = r.list()
	case "namespaces":
		s.Namespaces = r.list()
	case "hooks":
		s.Hooks = r.list()
	case "annotations":
		s.Annotations = r.texts()
	case "config":
		r.object(func(key string) { s.configMember(r, key) })
	default:
		r.skip(0)
	}
}

// configMember reads one member of config. labels say nothing that is not
// elsewhere too.
func (s *State) configMember(r *reader, key string) {
	switch key {
	case "rootfs":
		s.Rootfs = r.text()
	case "mounts":
		s.Mounts = nil
		r.array(func() {
			var m Mount
			r.object(func(key string) { m.member(r, key) })
			s.Mounts = append(s.Mounts, m)
		})
	default:
		r.skip(0)
	}
}

func (m *Mount) member(r *reader, key string) {
	switch key {
	case "source":
		m.Source = r.text()
	case "destination":
		m.Destination = r.text()
	case "device":
		m.Device = r.text()
	default:
		r.skip(0)
	}
}

func (r *reader) time() time.Time {
	s := r.text()
	if r.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		r.fail("not a time: " + strconv.Quote(s))
	}
	return t
}

func (r *reader) texts() map[string]string {
	m := map[string]string{}
	r.object(func(key string) { m[key] = r.text() })
	if len(m) == 0 {
		return nil
	}
	return m
}

func (r *reader) list() []string {
	var l []string
	r.array(func() { l = append(l, r.text()) })
	return l
}
