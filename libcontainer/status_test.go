package libcontainer

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/libcontainer/host/statedir"
)

// Hooks are written against the runtime-spec's state: encoding/json has to find
// in it what it would have written itself.
func TestHookStateIsTheSpecs(t *testing.T) {
	for _, want := range []specs.State{
		{Version: "1.3.0", ID: "x", Status: specs.StateStopped, Bundle: "/b"},
		{Version: "1.0.2", ID: "a.b", Status: specs.StateCreating, Pid: 4711, Bundle: "/with \"quotes\"\n",
			Annotations: map[string]string{"b": "", "a": "\x00 ü", "": "</script>"}},
	} {
		st := &statedir.State{OCIVersion: want.Version, ID: want.ID, Bundle: want.Bundle, Annotations: want.Annotations}
		b := hookState(st, want.Pid, want.Status)
		var got specs.State
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v want %+v", b, got, err, want)
		}
		var members, wantMembers map[string]any
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal(text, &wantMembers)
		if err := json.Unmarshal(b, &members); err != nil || !reflect.DeepEqual(members, wantMembers) {
			t.Errorf("got %v, %v want %v", members, err, wantMembers)
		}
	}
}
