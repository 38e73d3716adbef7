package main

import (
	"reflect"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// field is a member of config.json that holds a value, and no other members.
type field struct {
	path  string   // process.user.uid, without indexes and keys
	names []string // the same as Go knows it: Process, User, UID
	types []reflect.Type
	index [][]int // of each step in its struct
}

// last returns the type that the field is a member of, and its name in Go.
func (f *field) last() (reflect.Type, string) {
	return f.types[len(f.types)-1], f.names[len(f.names)-1]
}

// fields returns every field of the runtime-spec that means something on Linux.
func fields() []field {
	var found []field
	walk(reflect.TypeFor[specs.Spec](), field{}, &found)
	return found
}

func walk(t reflect.Type, at field, found *[]field) {
	for _, member := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
		if name == "" || name == "-" || otherPlatform(member.Tag.Get("platform")) {
			continue
		}
		if at.path == "" && slices.Contains([]string{"solaris", "windows", "vm", "zos", "freebsd"}, name) {
			continue
		}
		next := field{
			path:  strings.TrimPrefix(at.path+"."+name, "."),
			names: append(slices.Clone(at.names), member.Name),
			types: append(slices.Clone(at.types), t),
			index: append(slices.Clone(at.index), member.Index),
		}
		if inner := structIn(member.Type); inner != nil {
			walk(inner, next, found)
			continue
		}
		*found = append(*found, next)
	}
}

func otherPlatform(tag string) bool {
	return tag != "" && !slices.Contains(strings.Split(tag, ","), "linux")
}

// structIn returns the struct that a type has or has many of, or nil.
func structIn(t reflect.Type) reflect.Type {
	for {
		switch t.Kind() {
		case reflect.Struct:
			return t
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		default:
			return nil
		}
	}
}

// with returns a config in which only f has a value.
func (f *field) with() *specs.Spec {
	var s specs.Spec
	at := reflect.ValueOf(&s).Elem()
	var insert func(at reflect.Value, index [][]int)
	insert = func(at reflect.Value, index [][]int) {
		switch at.Kind() {
		case reflect.Pointer:
			at.Set(reflect.New(at.Type().Elem()))
			insert(at.Elem(), index)
		case reflect.Slice:
			at.Set(reflect.MakeSlice(at.Type(), 1, 1))
			insert(at.Index(0), index)
		case reflect.Map:
			value := reflect.New(at.Type().Elem()).Elem()
			insert(value, index)
			at.Set(reflect.MakeMap(at.Type()))
			at.SetMapIndex(reflect.ValueOf("x").Convert(at.Type().Key()), value)
		case reflect.Struct:
			if len(index) > 0 {
				insert(at.FieldByIndex(index[0]), index[1:])
			}
		case reflect.String:
			at.SetString("x")
		case reflect.Bool:
			at.SetBool(true)
		case reflect.Int, reflect.Int64, reflect.Int32:
			at.SetInt(1)
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			at.SetUint(1)
		}
	}
	insert(at, f.index)
	return &s
}
