package spec

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// FuzzDecodeCheck: no document panics; every error names its field; what Check
// accepts, it accepts again after a trip through JSON. The seeds are long: run
// it with -fuzzminimizetime=10x, or most of the time goes into shortening them.
func FuzzDecodeCheck(f *testing.F) {
	for _, name := range []string{"default.json", "rootless.json", "full.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		`null`, `{}`, `[]`, `{"process":{}}`, `{"linux":{}}`, `{"mounts":[{"options":["bind,ro","x"]}]}`,
		`{"linux":{"sysctl":{"net.a":"1","":"2"},"timeOffsets":{"x":{}}}}`, `{"process":{"user":{"uid":4294967296}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if proc, err := DecodeProcess(data); err == nil {
			wantFieldErrors(t, CheckProcess(proc, "process"))
		}
		s, err := Decode(data)
		if err != nil {
			wantFieldErrors(t, err)
			return
		}
		for _, o := range []Options{{}, {SystemdCgroup: true, Rootless: true, NeedProcess: true}} {
			err := Check(s, o)
			wantFieldErrors(t, err)
			again, err2 := json.Marshal(s)
			if err2 != nil {
				t.Fatalf("encode: %v", err2)
			}
			back, err2 := Decode(again)
			if err2 != nil {
				t.Fatalf("decode again: %v", err2)
			}
			if err == nil {
				if err := Check(back, o); err != nil {
					t.Fatalf("good before encoding, now: %v\n%s", err, again)
				}
			}
		}
	})
}

// wantFieldErrors fails unless err is nil or consists of *FieldError.
func wantFieldErrors(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, e := range errs {
		var fe *FieldError
		if !errors.As(e, &fe) || fe.Err.Error() == "" {
			t.Fatalf("got %T %v, want a *FieldError with a cause", e, e)
		}
	}
}

// FuzzParseMountOptions: whatever is accepted can be handed to the kernel.
func FuzzParseMountOptions(f *testing.F) {
	f.Add("tmpfs", "nosuid,mode=755", "ro")
	f.Add("none", "rbind", "rro,rprivate")
	f.Add("overlay", `lowerdir=/a\,b`, `context="a,b"`)
	f.Add("ext4", "sync", "async,iversion,strictatime,atime")
	f.Fuzz(func(t *testing.T, fstype, first, second string) {
		m := specs.Mount{Type: fstype, Options: []string{first, second}}
		o, err := ParseMountOptions(m, "mounts[0]")
		wantFieldErrors(t, err)
		if err != nil {
			return
		}
		if o.Bind && (len(o.Data) > 0 || len(o.SuperSet) > 0) {
			t.Errorf("a bind mount with data %q and flags %q", o.Data, o.SuperSet)
		}
		for _, pair := range [][2]uint64{{o.Set, o.Clear}, {o.RecSet, o.RecClear}} {
			set, clear := pair[0], pair[1]
			if set&clear&^MountAttrAtimeMask != 0 {
				t.Errorf("set %#x and clear %#x share a bit", set, clear)
			}
			if mask := clear & MountAttrAtimeMask; mask != 0 && mask != MountAttrAtimeMask || mask == 0 && set&MountAttrAtimeMask != 0 {
				t.Errorf("set %#x and clear %#x: mount_setattr(2) takes the whole access time mask or none of it", set, clear)
			}
			if mode := set & MountAttrAtimeMask; mode != MountAttrRelatime && mode != MountAttrNoatime && mode != MountAttrStrictatime {
				t.Errorf("set %#x has no valid access time mode", set)
			}
		}
		for i, flag := range o.SuperSet {
			for _, other := range o.SuperSet[:i] {
				if flag == other {
					t.Errorf("flag %s is there twice", flag)
				}
			}
		}
		for _, data := range o.Data {
			if data == "" || data[0] == '=' || strings.IndexByte(data, 0) >= 0 {
				t.Errorf("fsconfig(2) takes no %q", data)
			}
		}
	})
}

// FuzzNames: ids, kernel parameters and lists of CPUs that are accepted hold
// nothing that leads elsewhere.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"a", "..", "net.//.x", "net/ipv4/x", "0-3,7", "a/b", "kernel.shmmax", "user.x", "2MB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckID(name) == nil && (name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00\n ")) {
			t.Errorf("CheckID accepts %q", name)
		}
		if listProblem(name) == "" && strings.Trim(name, "0123456789,-:/") != "" {
			t.Errorf("listProblem accepts %q", name)
		}
		if hugepageSize(name) && strings.ContainsAny(name, "./\n") {
			t.Errorf("hugepageSize accepts %q", name)
		}
		s := &specs.Spec{Linux: &specs.Linux{Sysctl: map[string]string{name: ""}}}
		for _, ns := range Namespaces() {
			s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: ns.Type})
		}
		p := new(problems)
		checkSysctls(p, s)
		if file := SysctlPath(name); p.join() == nil && strings.Contains("/"+file+"/", "/../") {
			t.Errorf("sysctl %q is accepted and leads to %q", name, file)
		}
	})
}

// BenchmarkDecodeCheck measures what every start pays for a config of the size
// Docker writes.
func BenchmarkDecodeCheck(b *testing.B) {
	data, err := os.ReadFile(filepath.Join("testdata", "full.json"))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	s, err := Decode(data)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Check(s, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
