package structure

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// layers is the policy of imports. "p : q r" — p may reach the packages q and
// r of this module, directly or through others, and no other. A name may hold
// path.Match patterns or end in "/...": everything below. Every package needs a line that it matches; the first
// one counts.
//
// Why these: what runs in init must not be able to hold anything of the host,
// so inside reaches nothing that opens it; what decides must not act, so that
// a plan can be shown without being run; launch serves an init without knowing
// what a container is.
const layers = `
internal/linux/raw      :
internal/linux          : internal/linux/raw
internal/attach         : internal/linux internal/linux/raw
internal/fdpass         : internal/linux internal/linux/raw
internal/sdsocket       : internal/linux internal/linux/raw
internal/testenv        : internal/linux internal/linux/raw
internal/structure      : libcontainer/wire

libcontainer/wire       :
libcontainer/jsontext   :
libcontainer/spec       : libcontainer/jsontext
libcontainer/seccomp    :
libcontainer/seccomp/*  :
libcontainer/plan       : libcontainer/wire libcontainer/spec libcontainer/jsontext libcontainer/seccomp

libcontainer/inside     : libcontainer/wire internal/linux/raw

libcontainer/hooks         : internal/linux internal/linux/raw
libcontainer/host/launch   : internal/linux internal/linux/raw libcontainer/plan libcontainer/wire libcontainer/spec libcontainer/jsontext libcontainer/seccomp
libcontainer/host/cgroup   : internal/linux internal/linux/raw libcontainer/spec libcontainer/jsontext
libcontainer/host/probe    : internal/linux internal/linux/raw libcontainer/host/cgroup libcontainer/host/exeseal libcontainer/spec libcontainer/jsontext
libcontainer/host/statedir : internal/linux internal/linux/raw libcontainer/jsontext
libcontainer/host/*        : internal/linux internal/linux/raw

libcontainer            : internal/* internal/linux/raw libcontainer/wire libcontainer/jsontext libcontainer/spec libcontainer/seccomp libcontainer/plan libcontainer/hooks libcontainer/host/*
.                       : internal/* internal/linux/raw libcontainer libcontainer/* libcontainer/host/*
tests/...               : tests/...
`

type layer struct {
	pattern string
	reach   []string
}

func parseLayers(t *testing.T) []layer {
	t.Helper()
	var out []layer
	for _, line := range strings.Split(layers, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, reach, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("layers: no colon in %q", line)
		}
		out = append(out, layer{strings.TrimSpace(name), strings.Fields(reach)})
	}
	return out
}

func matches(t *testing.T, pattern, name string) bool {
	t.Helper()
	if dir, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(name, dir)
	}
	ok, err := path.Match(pattern, name)
	if err != nil {
		t.Fatalf("layers: %q: %v", pattern, err)
	}
	return ok
}

// TestLayers holds the imports of every package against the policy.
func TestLayers(t *testing.T) {
	list := modulePackages(t)
	direct := func(name string) []string {
		for _, p := range list {
			if p.Path == name {
				return p.Imports
			}
		}
		return nil
	}
	rules := parseLayers(t)
	used := make([]bool, len(rules))
	for _, p := range list {
		i := slices.IndexFunc(rules, func(l layer) bool { return matches(t, l.pattern, p.Path) })
		if i < 0 {
			t.Errorf("%s: no line in the policy: say what it may reach", p.Path)
			continue
		}
		used[i] = true
		for _, way := range reachable(p.Path, direct) {
			to := way[len(way)-1]
			if !slices.ContainsFunc(rules[i].reach, func(q string) bool { return matches(t, q, to) }) {
				t.Errorf("%s must not reach %s: %s", p.Path, to, strings.Join(way, " → "))
			}
		}
	}
	for i, u := range used {
		if !u && !mayBeMissing(rules[i].pattern) {
			t.Errorf("layers: no package matches %q: the rule guards nothing", rules[i].pattern)
		}
	}
}

// mayBeMissing are lines for packages that exist only at some stages of the
// repository.
func mayBeMissing(pattern string) bool {
	return pattern == "internal/testenv" || strings.HasPrefix(pattern, "tests/") || strings.HasSuffix(pattern, "/*")
}

// reachable returns one way from a package to every package of this module
// that it reaches.
func reachable(from string, direct func(string) []string) [][]string {
	seen := []string{from}
	var ways [][]string
	queue := [][]string{{from}}
	for len(queue) > 0 {
		way := queue[0]
		queue = queue[1:]
		for _, imported := range direct(way[len(way)-1]) {
			to := below(imported)
			if to == "" || slices.Contains(seen, to) {
				continue
			}
			seen = append(seen, to)
			next := append(slices.Clone(way), to)
			ways = append(ways, next)
			queue = append(queue, next)
		}
	}
	return ways
}

// TestReachable proves that the walk sees what is reached through others.
func TestReachable(t *testing.T) {
	graph := func(name string) []string {
		switch name {
		case "a":
			return []string{"fmt", modulePath + "/b"}
		case "b":
			return []string{modulePath + "/c", modulePath + "/a"}
		}
		return nil
	}
	var got []string
	for _, way := range reachable("a", graph) {
		got = append(got, strings.Join(way, " "))
	}
	if want := []string{"a b", "a b c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSides states the one rule that everything else serves, apart from the
// policy, so that a careless line there does not undo it.
func TestSides(t *testing.T) {
	list := modulePackages(t)
	direct := func(name string) []string {
		for _, p := range list {
			if p.Path == name {
				return p.Imports
			}
		}
		return nil
	}
	for _, p := range list {
		host, in := strings.HasPrefix(p.Path, "libcontainer/host/"), strings.HasPrefix(p.Path, "libcontainer/inside")
		for _, way := range reachable(p.Path, direct) {
			to := way[len(way)-1]
			if host && strings.HasPrefix(to, "libcontainer/inside") || in && strings.HasPrefix(to, "libcontainer/host/") {
				t.Errorf("two sides of the process line meet: %s", strings.Join(way, " → "))
			}
			if p.Path == "libcontainer/host/launch" && to == "libcontainer" {
				t.Errorf("launch must not know containers: %s", strings.Join(way, " → "))
			}
		}
	}
}
