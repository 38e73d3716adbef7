// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package rdt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// schema is what one line of a schemata file gives of one resource, by the
// number of the cache or the memory's domain.
type schema map[string]string

// parse reads a line such as "L3:0=7ff;1=0f0".
func parse(text string) (resource string, s schema, err error) {
	resource, list, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || resource == "" {
		return "", nil, fmt.Errorf("%q: not of the form RESOURCE:ID=VALUE;…", text)
	}
	s = make(schema)
	for _, entry := range strings.Split(list, ";") {
		id, value, ok := strings.Cut(entry, "=")
		if !ok {
			return "", nil, fmt.Errorf("%q: not of the form RESOURCE:ID=VALUE;…", text)
		}
		s[strings.TrimSpace(id)] = strings.TrimSpace(value)
	}
	return resource, s, nil
}

// within reports where the values of s are not those that a group has. What s
// does not name may be anything.
func (s schema) within(resource string, have map[string]schema) error {
	values, ok := have[resource]
	if !ok {
		return fmt.Errorf("it has no %s", resource)
	}
	ids := make([]string, 0, len(s))
	for id := range s {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		value, ok := values[id]
		if !ok {
			return fmt.Errorf("%s has no %s", resource, id)
		}
		if !sameValue(resource, s[id], value) {
			return fmt.Errorf("%s:%s=%s, not %s", resource, id, value, s[id])
		}
	}
	return nil
}

// sameValue compares numbers: masks of caches are hexadecimal, with or without
// zeros before them, bandwidths are decimal.
func sameValue(resource, a, b string) bool {
	base := 16
	if strings.HasSuffix(resource, "MB") || strings.HasSuffix(resource, "MBA") {
		base = 10
	}
	m, errA := strconv.ParseUint(a, base, 64)
	n, errB := strconv.ParseUint(b, base, 64)
	if errA != nil || errB != nil {
		return a == b
	}
	return m == n
}

func rmdir(dir string) error { return linux.Rmdir(linux.CWD, dir) }
