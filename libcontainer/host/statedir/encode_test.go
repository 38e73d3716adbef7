package statedir

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// jsonState says in struct tags what the encoder says by hand: the schema.
type jsonState struct {
	Version       int               `json:"version"`
	BootID        string            `json:"boot_id"`
	ID            string            `json:"id"`
	InitPid       int               `json:"init_process_pid"`
	InitStart     uint64            `json:"init_process_start"`
	Created       time.Time         `json:"created"`
	OCIVersion    string            `json:"oci_version"`
	Bundle        string            `json:"bundle"`
	Rootless      bool              `json:"rootless"`
	SystemdCgroup bool              `json:"systemd_cgroup"`
	NoNewKeyring  bool              `json:"no_new_keyring"`
	CgroupPaths   map[string]string `json:"cgroup_paths"`
	CgroupKept    []string          `json:"cgroup_kept"`
	CgroupOurs    bool              `json:"cgroup_ours"`
	ClassDirs     []string          `json:"class_dirs"`
	ClassOurs     []string          `json:"class_ours"`
	Namespaces    []string          `json:"namespaces"`
	Hooks         []string          `json:"hooks"`
	SeccompAgent  bool              `json:"seccomp_agent"`
	Annotations   map[string]string `json:"annotations"`
	Config        struct {
		Rootfs string   `json:"rootfs"`
		Labels []string `json:"labels"`
		Mounts []struct {
			Source      string `json:"source"`
			Destination string `json:"destination"`
			Device      string `json:"device"`
		} `json:"mounts"`
	} `json:"config"`
}

func (j *jsonState) state() *State {
	s := &State{
		Version: j.Version, BootID: j.BootID, ID: j.ID, InitPid: j.InitPid, InitStart: j.InitStart,
		Created: j.Created, OCIVersion: j.OCIVersion, Bundle: j.Bundle, Rootfs: j.Config.Rootfs,
		Rootless: j.Rootless, SystemdCgroup: j.SystemdCgroup, NoNewKeyring: j.NoNewKeyring, CgroupPaths: j.CgroupPaths,
		CgroupKept: j.CgroupKept, CgroupOurs: j.CgroupOurs, ClassDirs: j.ClassDirs, ClassOurs: j.ClassOurs, Namespaces: j.Namespaces, Hooks: j.Hooks, SeccompAgent: j.SeccompAgent, Annotations: j.Annotations,
	}
	for _, m := range j.Config.Mounts {
		s.Mounts = append(s.Mounts, Mount(m))
	}
	return s
}

func exampleState() *State {
	return &State{
		Version: Version, BootID: "5b4b4d2e-7d6c-4d46-9fd1-2f5c4e9a7c11", ID: "web-1",
		InitPid: 4711, InitStart: 18446744073709551615,
		Created:    time.Date(2026, 11, 21, 20, 8, 11, 123456789, time.UTC),
		OCIVersion: "1.3.0", Bundle: "/run/bundles/web 1", Rootfs: "/run/bundles/web 1/rootfs",
		Rootless: true, SystemdCgroup: true, NoNewKeyring: true,
		CgroupPaths: map[string]string{"memory": "/sys/fs/cgroup/memory/web-1", "cpu": "/sys/fs/cgroup/cpu/web-1", "": "/x"},
		CgroupKept:  []string{"/x"}, CgroupOurs: true,
		ClassDirs: []string{"/sys/fs/resctrl/web-1", "/sys/fs/resctrl/web-1/mon_groups/web-1"}, ClassOurs: []string{"/sys/fs/resctrl/web-1"},
		Namespaces: []string{"pid", "mount", "network"},
		Hooks:      []string{"poststop"}, SeccompAgent: true,
		Annotations: map[string]string{"a.b/c": "d", "quote\"\\": "\x00\x1f\n\t<&>", "ü€😀\u2028": "", "k=v": "=", "\xff": "bad \xc3\x28 \xed\xa0\x80"},
		Mounts:      []Mount{{"proc", "/proc", "proc"}, {"/var/log", "/mnt/log", "bind"}},
	}
}

// valid is s as JSON can carry it.
func valid(s *State) *State {
	c := *s
	c.Annotations = map[string]string{}
	for k, v := range s.Annotations {
		c.Annotations[string([]rune(k))] = string([]rune(v))
	}
	return &c
}

func TestEncodingJSONReadsWhatIsWritten(t *testing.T) {
	for _, s := range []*State{exampleState(), {Version: Version, ID: "empty"}} {
		b := appendState(nil, s)
		var j jsonState
		if err := json.Unmarshal(b, &j); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		got, want := j.state(), valid(s)
		for _, m := range []*map[string]string{&got.CgroupPaths, &got.Annotations, &want.CgroupPaths, &want.Annotations} {
			if len(*m) == 0 {
				*m = nil
			}
		}
		for _, l := range []*[]string{&got.CgroupKept, &got.ClassDirs, &got.ClassOurs, &got.Namespaces, &got.Hooks} {
			if len(*l) == 0 {
				*l = nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		var loose map[string]any
		if err := json.Unmarshal(b, &loose); err != nil {
			t.Fatal(err)
		}
		if got, want := len(loose), reflect.TypeFor[jsonState]().NumField(); got != want {
			t.Errorf("got %d members want %d: %s", got, want, b)
		}
	}
}

func TestWhatEncodingJSONWritesIsRead(t *testing.T) {
	want := valid(exampleState())
	var j jsonState
	if err := json.Unmarshal(appendState(nil, want), &j); err != nil {
		t.Fatal(err)
	}
	for _, indent := range []string{"", "\t"} {
		b, err := json.MarshalIndent(&j, "", indent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeState(b)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestToolsFindTheirMembers(t *testing.T) {
	var tool struct {
		ID        string `json:"id"`
		InitPid   int    `json:"init_process_pid"`
		InitStart uint64 `json:"init_process_start"`
		Config    struct {
			Labels []string `json:"labels"`
		} `json:"config"`
	}
	s := &State{Version: Version, ID: "x", InitPid: 12, InitStart: 34, Bundle: "/b", Annotations: map[string]string{"k": "v"}}
	if err := json.Unmarshal(appendState(nil, s), &tool); err != nil {
		t.Fatal(err)
	}
	if tool.ID != "x" || tool.InitPid != 12 || tool.InitStart != 34 {
		t.Errorf("got %+v", tool)
	}
	if got, want := tool.Config.Labels, []string{"k=v", "bundle=/b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("labels: got %q want %q", got, want)
	}
}

func BenchmarkEncode(b *testing.B) {
	s := exampleState()
	var j jsonState
	if err := json.Unmarshal(appendState(nil, s), &j); err != nil {
		b.Fatal(err)
	}
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			appendState(make([]byte, 0, 1024), s)
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			if _, err := json.Marshal(&j); err != nil {
				b.Fatal(err)
			}
		}
	})
}
