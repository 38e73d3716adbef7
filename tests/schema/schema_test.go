package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"
)

const base = "schema:///"

// repaired loads the schemas of a directory. A few references of runtime-spec
// 1.3.0 lack the slash that makes them JSON pointers (runtime-spec#1307).
type repaired string

func (dir repaired) Load(address string) (any, error) {
	document, err := os.ReadFile(filepath.Join(string(dir), strings.TrimPrefix(address, base)))
	if err != nil {
		return nil, err
	}
	document = bytes.ReplaceAll(document, []byte("#definitions/"), []byte("#/definitions/"))
	return jsonschema.UnmarshalJSON(bytes.NewReader(document))
}

// compile returns one of the schemas of the runtime-spec module, by file name.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/opencontainers/runtime-spec").Output()
	if err != nil {
		t.Fatalf("find the runtime-spec module: %v", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(repaired(filepath.Join(strings.TrimSpace(string(out)), "schema")))
	compiler.DefaultDraft(jsonschema.Draft4) // of the parts that do not name theirs
	schema, err := compiler.Compile(base + name)
	if err != nil {
		t.Fatalf("compile %s: %v", name, err)
	}
	return schema
}

// validate reports what a schema finds wrong with a document.
func validate(schema *jsonschema.Schema, document []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// known reports members of a document that the Go type does not have: the
// schemas allow any, so that a misspelt name would pass them.
func known(document []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// rung runs the binary under test and returns what it printed.
func rung(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(runtime(t), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("rung %s: %v: %s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

func runtime(t *testing.T) string {
	t.Helper()
	path := os.Getenv("RUNTIME")
	if path == "" {
		path = "../../rung"
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A schema that takes everything would prove nothing below.
func TestSchemasRefuse(t *testing.T) {
	for _, test := range []struct{ schema, document string }{
		{"config-schema.json", `{"ociVersion":"1.3.0","root":{"path":7}}`},
		{"config-schema.json", `{"root":{"path":"x"}}`},
		{"config-schema.json", `{"ociVersion":"1.3.0","linux":{"namespaces":[{"type":"nothing"}]}}`},
		{"features-schema.json", `{"ociVersionMin":"1.0.0"}`},
		{"features-schema.json", `{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","hooks":"prestart"}`},
		{"features-schema.json", `{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","linux":{"seccomp":{"enabled":1}}}`},
		{"state-schema.json", `{"ociVersion":"1.3.0","id":"x","status":"asleep","bundle":"/b"}`},
		{"state-schema.json", `{"ociVersion":"1.3.0","status":"running","bundle":"/b"}`},
		{"state-schema.json", `{"ociVersion":"1.3.0","id":"x","status":"running","bundle":"/b","annotations":{"a":1}}`},
	} {
		if validate(compile(t, test.schema), []byte(test.document)) == nil {
			t.Errorf("%s: got no error for %s", test.schema, test.document)
		}
	}
}

func TestSpecCommand(t *testing.T) {
	schema := compile(t, "config-schema.json")
	for _, flags := range [][]string{nil, {"--rootless"}} {
		dir := t.TempDir()
		rung(t, append([]string{"spec", "--bundle", dir}, flags...)...)
		document, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, document); err != nil {
			t.Errorf("spec %v: %v", flags, err)
		}
		if err := known(document, new(specs.Spec)); err != nil {
			t.Errorf("spec %v: %v", flags, err)
		}
	}
}

func TestFeaturesCommand(t *testing.T) {
	document := rung(t, "features")
	if err := validate(compile(t, "features-schema.json"), document); err != nil {
		t.Error(err)
	}
	var f features.Features
	if err := known(document, &f); err != nil {
		t.Error(err)
	}
	if f.OCIVersionMax != specs.Version {
		t.Errorf("ociVersionMax: got %q, want %q, the version of the schemas", f.OCIVersionMax, specs.Version)
	}
}

// TestState follows one container through its life: what the state command
// prints, and what each kind of hook reads.
func TestState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("containers need root here")
	}
	schema := compile(t, "state-schema.json")
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	writeBundle(t, dir, out)
	id := fmt.Sprintf("schema-%d", os.Getpid())
	call := func(args ...string) []byte {
		t.Helper()
		return rung(t, append([]string{"--root", filepath.Join(dir, "root")}, args...)...)
	}
	t.Cleanup(func() {
		_ = exec.Command(runtime(t), "--root", filepath.Join(dir, "root"), "delete", "--force", id).Run()
	})

	// The container keeps its standard streams: they must not be pipes that
	// somebody reads to the end.
	create := exec.Command(runtime(t), "--root", filepath.Join(dir, "root"), "create", "--bundle", dir, id)
	if err := create.Run(); err != nil {
		t.Fatalf("create: %v", err)
	}
	check := func(what string, document []byte, status specs.ContainerState) {
		t.Helper()
		if err := validate(schema, document); err != nil {
			t.Errorf("%s: %v in %s", what, err, document)
		}
		var state specs.State
		if err := json.Unmarshal(document, &state); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if state.Status != status || state.ID != id || state.Bundle != dir || state.Annotations["a"] != "b" {
			t.Errorf("%s: got %s, want id %s, status %s, bundle %s, annotation a", what, document, id, status, dir)
		}
		if hasPid := state.Pid != 0; hasPid != (status != specs.StateStopped) {
			t.Errorf("%s: got pid %d with status %s", what, state.Pid, status)
		}
	}
	check("created", call("state", id), specs.StateCreated)
	call("start", id)
	check("running", call("state", id), specs.StateRunning)

	var running specs.State
	if err := json.Unmarshal(call("state", id), &running); err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(running.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	call("kill", id, "KILL")
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 10_000); n != 1 {
		t.Fatalf("the payload did not end: %v", err)
	}
	check("stopped", call("state", id), specs.StateStopped)
	call("delete", id)

	for i, status := range []specs.ContainerState{
		specs.StateCreating, specs.StateCreating, specs.StateCreating, specs.StateCreated, specs.StateRunning, specs.StateStopped,
	} {
		document, err := os.ReadFile(filepath.Join(out, hookKinds[i]))
		if err != nil {
			t.Errorf("hook %s: %v", hookKinds[i], err)
			continue
		}
		check("hook "+hookKinds[i], document, status)
	}
}

// hookKinds are the members of hooks, in the order in which they run.
var hookKinds = [...]string{"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}

// writeBundle makes a bundle of busybox in dir whose hooks write the state
// they get to files in out, which the container has at /out.
func writeBundle(t *testing.T, dir, out string) {
	t.Helper()
	bin := filepath.Join(dir, "rootfs", "bin")
	for _, d := range []string{bin, out} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("Debian's package busybox-static is needed: %v", err)
	}
	if err := os.WriteFile(filepath.Join(bin, "busybox"), busybox, 0o755); err != nil {
		t.Fatal(err)
	}
	rung(t, "spec", "--bundle", dir)
	file := filepath.Join(dir, "config.json")
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s specs.Spec
	if err := json.Unmarshal(document, &s); err != nil {
		t.Fatal(err)
	}
	s.Process.Terminal = false
	s.Process.Args = []string{"/bin/busybox", "sleep", "1000"}
	s.Annotations = map[string]string{"a": "b"}
	s.Mounts = append(s.Mounts, specs.Mount{Destination: "/out", Type: "bind", Source: out, Options: []string{"bind", "rw"}})
	hook := func(kind, dir string) []specs.Hook {
		return []specs.Hook{{Path: "/bin/busybox", Args: []string{"sh", "-c", "/bin/busybox cat >" + filepath.Join(dir, kind)}}}
	}
	s.Hooks = &specs.Hooks{
		Prestart:        hook("prestart", out), //nolint:staticcheck // deprecated, not gone
		CreateRuntime:   hook("createRuntime", out),
		CreateContainer: hook("createContainer", out),
		StartContainer:  hook("startContainer", "/out"),
		Poststart:       hook("poststart", out),
		Poststop:        hook("poststop", out),
	}
	if document, err = json.Marshal(&s); err == nil {
		err = os.WriteFile(file, document, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
