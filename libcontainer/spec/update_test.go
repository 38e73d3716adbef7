package spec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestDecodeResources(t *testing.T) {
	r, err := DecodeResources([]byte(`{"memory":{"limit":7},"unified":{"memory.high":"max"},"other":1}`))
	if err != nil || *r.Memory.Limit != 7 || r.Unified["memory.high"] != "max" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, test := range []struct{ in, want string }{
		{``, "linux.resources: line 1"},
		{`{"memory":{"limit":"7"}}`, "linux.resources.memory.limit: line 1, column 20: want a number"},
		{`{"cpu":{}} {}`, "linux.resources: line 1, column 12"},
		{`[]`, "linux.resources: line 1, column 1: want an object"},
	} {
		if _, err := DecodeResources([]byte(test.in)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v want %s", test.in, err, test.want)
		}
	}
}

func TestMergeResources(t *testing.T) {
	for _, test := range []struct{ name, kept, update, want string }{
		{"nothing", `{}`, `{}`, `{}`},
		{"what is not given stays", `{"memory":{"limit":1,"swap":2},"cpu":{"shares":3},"pids":{"limit":4}}`, `{"memory":{"limit":5}}`,
			`{"memory":{"limit":5,"swap":2},"cpu":{"shares":3},"pids":{"limit":4}}`},
		{"0 is not given", `{"memory":{"limit":1,"reservation":2,"swap":3},"cpu":{"shares":4,"quota":5,"period":6,"cpus":"0","mems":"0"},"blockIO":{"weight":7}}`,
			`{"memory":{"limit":0,"reservation":0,"swap":0},"cpu":{"shares":0,"quota":0,"period":0,"cpus":"","mems":""},"blockIO":{"weight":0}}`,
			`{"memory":{"limit":1,"reservation":2,"swap":3},"cpu":{"shares":4,"quota":5,"period":6,"cpus":"0","mems":"0"},"blockIO":{"weight":7}}`},
		{"0 has a meaning", `{"cpu":{"burst":1,"idle":1},"pids":{"limit":7}}`, `{"cpu":{"burst":0,"idle":0},"pids":{"limit":0}}`,
			`{"cpu":{"burst":0,"idle":0},"pids":{"limit":0}}`},
		{"false has a meaning", `{"memory":{"checkBeforeUpdate":true,"disableOOMKiller":true}}`, `{"memory":{"checkBeforeUpdate":false}}`,
			`{"memory":{"checkBeforeUpdate":false,"disableOOMKiller":true}}`},
		{"no memory limit is none of swap either", `{"memory":{"limit":1,"swap":2}}`, `{"memory":{"limit":-1}}`, `{"memory":{"limit":-1,"swap":-1}}`},
		{"unless it is given", `{"memory":{"limit":1,"swap":2}}`, `{"memory":{"limit":-1,"swap":9}}`, `{"memory":{"limit":-1,"swap":9}}`},
		{"swappiness -1 is not given", `{"memory":{"swappiness":7}}`, `{"memory":{"swappiness":18446744073709551615}}`, `{"memory":{"swappiness":7}}`},
		{"devices as a whole", `{"devices":[{"allow":true,"access":"r"},{"allow":true,"access":"w"}]}`, `{"devices":[{"allow":false,"access":"rwm"}]}`,
			`{"devices":[{"allow":false,"access":"rwm"}]}`},
		{"devices that are not given stay", `{"devices":[{"allow":true,"access":"r"}]}`, `{"pids":{"limit":1}}`,
			`{"devices":[{"allow":true,"access":"r"}],"pids":{"limit":1}}`},
		{"entries by name", `{"hugepageLimits":[{"pageSize":"2MB","limit":1},{"pageSize":"1GB","limit":2}],"unified":{"a.b":"1","c.d":"2"}}`,
			`{"hugepageLimits":[{"pageSize":"1GB","limit":3},{"pageSize":"64KB","limit":4}],"unified":{"c.d":"3"}}`,
			`{"hugepageLimits":[{"pageSize":"2MB","limit":1},{"pageSize":"1GB","limit":3},{"pageSize":"64KB","limit":4}],"unified":{"a.b":"1","c.d":"3"}}`},
		{"block devices by number", `{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1}]}}`,
			`{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":16,"rate":2},{"major":8,"minor":0,"rate":3}]}}`,
			`{"blockIO":{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":3},{"major":8,"minor":16,"rate":2}]}}`},
		{"rdma by its parts", `{"rdma":{"x":{"hcaHandles":1,"hcaObjects":2}}}`, `{"rdma":{"x":{"hcaObjects":3},"y":{"hcaHandles":4}}}`,
			`{"rdma":{"x":{"hcaHandles":1,"hcaObjects":3},"y":{"hcaHandles":4}}}`},
		{"network", `{"network":{"classID":1,"priorities":[{"name":"a","priority":1}]}}`, `{"network":{"priorities":[{"name":"a","priority":2}]}}`,
			`{"network":{"classID":1,"priorities":[{"name":"a","priority":2}]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept, update := decodeResources(t, test.kept), decodeResources(t, test.update)
			got := resourcesText(t, MergeResources(kept, update))
			if want := resourcesText(t, decodeResources(t, test.want)); got != want {
				t.Errorf("got %s want %s", got, want)
			}
			if got := resourcesText(t, kept); got != resourcesText(t, decodeResources(t, test.kept)) {
				t.Errorf("kept was changed to %s", got)
			}
		})
	}
	if got := MergeResources(nil, nil); !reflect.DeepEqual(got, new(specs.LinuxResources)) {
		t.Errorf("of nothing: got %+v", got)
	}
}

// TestMergeEveryField changes each number of the resources, so that a field that
// a new runtime-spec brings is not forgotten.
func TestMergeEveryField(t *testing.T) {
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		case reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
			e := reflect.New(v.Type().Elem()).Elem()
			fill(e)
			v.SetMapIndex(reflect.ValueOf("k"), e)
		case reflect.String:
			v.SetString("s")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int64, reflect.Int:
			v.SetInt(3)
		default:
			v.SetUint(3)
		}
	}
	all := new(specs.LinuxResources)
	fill(reflect.ValueOf(all).Elem())
	if got := MergeResources(nil, all); !reflect.DeepEqual(got, all) {
		t.Errorf("got %s want %s", resourcesText(t, got), resourcesText(t, all))
	}
}

func TestCheckResources(t *testing.T) {
	limit, swap := int64(8), int64(4)
	err := CheckResources(&specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: &limit, Swap: &swap}})
	if want := "linux.resources.memory.swap: memory+swap limit 4 is below the memory limit 8"; err == nil || err.Error() != want {
		t.Errorf("got %v want %s", err, want)
	}
	if err := CheckResources(new(specs.LinuxResources)); err != nil {
		t.Error(err)
	}
	if err := CheckIntelRdt(&specs.LinuxIntelRdt{MemBwSchema: "L3:0=1"}); err == nil {
		t.Error("a schema of another resource is taken")
	}
}

func decodeResources(t *testing.T, text string) *specs.LinuxResources {
	t.Helper()
	r, err := DecodeResources([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func resourcesText(t *testing.T, r *specs.LinuxResources) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
