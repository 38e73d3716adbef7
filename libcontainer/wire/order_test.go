package wire

import (
	"slices"
	"strings"
	"testing"
)

func program(list ...Kind) []Step {
	steps := make([]Step, len(list))
	for i, k := range list {
		steps[i] = Step{Kind: k, Field: "f"}
	}
	return steps
}

// everything is the longest start there can be, in the order of the kinds but
// for the filter, whose two places exclude each other.
func everything() []Kind {
	var out []Kind
	for k := None + 1; k < kinds; k++ {
		out = append(out, k)
	}
	return out
}

// withNNP and withoutNNP are the ends of a start as plan makes them.
var (
	withNNP = []Kind{Rootfs, Mount, Pivot, Session, Console, Mask, Personality, Stdio, Home, Chdir, Bounding, User, Caps, Ambient,
		Chdir, Find, Ask, Wait, Umask, Rlimit, NoNewPrivs, CloseFDs, Seccomp, Exec}
	withoutNNP = []Kind{Rootfs, Mount, Pivot, Session, Console, Mask, Personality, Stdio, Home, Chdir, Chdir, Find, Ask, Wait,
		CloseFDs, Seccomp, Bounding, User, Caps, Ambient, Umask, Rlimit, Exec}
)

func TestOrderAccepts(t *testing.T) {
	for name, list := range map[string][]Kind{
		"everything": everything(), "no-new-privs": withNNP, "without no-new-privs": withoutNNP, "nothing": nil,
	} {
		if err := CheckOrder(program(list...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOrderTable turns every row of the step table around.
func TestOrderTable(t *testing.T) {
	for _, r := range Rules() {
		for _, later := range r.Before {
			err := CheckOrder(program(later, r.Kind))
			if err == nil {
				t.Errorf("%s, %s: accepted", later.Name(), r.Name)
				continue
			}
			for _, word := range []string{r.Name, later.Name(), "f"} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s, %s: %v does not name %s", later.Name(), r.Name, err, word)
				}
			}
			if err = CheckOrder(program(r.Kind, later)); err != nil {
				t.Errorf("the right way round: %v", err)
			}
			if slices.Contains(Rules()[later-1].Before, r.Kind) {
				t.Errorf("%s and %s each have to come first", r.Name, later.Name())
			}
		}
	}
}

// swapped is list with the last a and the last b exchanged.
func swapped(t *testing.T, list []Kind, a, b Kind) []Kind {
	t.Helper()
	out := slices.Clone(list)
	last := func(k Kind) int {
		for i := len(out) - 1; i >= 0; i-- {
			if out[i] == k {
				return i
			}
		}
		t.Fatalf("no %s in the list", k.Name())
		return -1
	}
	i, j := last(a), last(b)
	out[i], out[j] = out[j], out[i]
	return out
}

// TestOrderOfHistory exchanges steps that runtimes had the wrong way round.
func TestOrderOfHistory(t *testing.T) {
	for _, test := range []struct {
		name string
		list []Kind
		a, b Kind
	}{
		{"filter after the capabilities that loading it takes", withoutNNP, Seccomp, Caps},
		{"filter after the user that may not load it", withoutNNP, Seccomp, User},
		{"filter before what it need not allow", withNNP, Seccomp, CloseFDs},
		{"filter before no-new-privs that lets it load", withNNP, Seccomp, NoNewPrivs},
		{"personality under the filter", withNNP, Personality, Seccomp},
		{"personality under the early filter", withoutNNP, Personality, Seccomp},
		{"filter before the report", withNNP, Seccomp, Ask},
		{"close before the report", withNNP, CloseFDs, Ask},
		{"close before the report, early filter", withoutNNP, CloseFDs, Ask},
		{"filter before the report, early filter", withoutNNP, Seccomp, Ask},
		{"capset before the bounding set, which takes CAP_SETPCAP", withNNP, Caps, Bounding},
		{"user before the bounding set", withNNP, User, Bounding},
		{"ambient before it is permitted", withNNP, Ambient, Caps},
		{"user after capset, without CAP_SETUID", withNNP, User, Caps},
		{"working directory of the host", withNNP, Chdir, Pivot},
		{"program found on the host", withNNP, Find, Pivot},
		{"missing program reported by start only", withNNP, Find, Wait},
		{"masks before everything is mounted", withNNP, Mask, Mount},
		{"mount on the host's root", withNNP, Mount, Rootfs},
		{"mount after pivot", withNNP, Mount, Pivot},
		{"terminal without a session", withNNP, Console, Session},
		{"terminal on the host's devpts", withNNP, Console, Pivot},
		{"streams given away by somebody who may not", withNNP, Stdio, User},
		{"limit of files before the report", withNNP, Rlimit, Wait},
		{"descriptors opened after the last close", withNNP, CloseFDs, Exec},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := CheckOrder(program(test.list...)); err != nil {
				t.Fatalf("before the exchange: %v", err)
			}
			if err := CheckOrder(program(swapped(t, test.list, test.a, test.b)...)); err == nil {
				t.Error("accepted")
			} else {
				t.Log(err)
			}
		})
	}
}

func TestOrderOfNamespaces(t *testing.T) {
	for _, test := range []struct {
		name string
		list []Kind
		ok   bool
	}{
		{"user namespace, then the rest", []Kind{Setns, Unshare, Ask, Root, Unshare, Ask, Fork, Join, Keyring, Rootfs}, true},
		{"keyring of the process that goes away", []Kind{Keyring, Fork}, false},
		{"session of the process that goes away", []Kind{Session, Fork}, false},
		{"files made with ids nobody mapped", []Kind{Rootfs, Root}, false},
		{"cgroup joined while the parent fills it", []Kind{Rootfs, Mount, Ask, Join, Unshare, Mount}, true},
		{"hook outside of the cgroup", []Kind{Hook, Join}, false},
		{"cgroup joined as somebody else", []Kind{User, Join}, false},
		{"joined mount namespace after the root tree", []Kind{Rootfs, Setns}, false},
		{"sysctl through a masked procfs", []Kind{Mask, Sysctl}, false},
		{"sysctl through a read-only procfs", []Kind{Readonly, Sysctl}, false},
		{"caller's signals reach a hook", []Kind{Hook, Signals}, false},
	} {
		if err := CheckOrder(program(test.list...)); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestOrderOfPriorities(t *testing.T) {
	ask := Step{Kind: Ask, Field: "f", Args: []any{uint64(Priorities)}}
	ready := Step{Kind: Ask, Field: "f", Args: []any{uint64(Ready)}}
	for _, k := range []Kind{Fork, Join} {
		if err := CheckOrder([]Step{{Kind: k}, ask}); err != nil {
			t.Errorf("%s, priorities: %v", k.Name(), err)
		}
		if err := CheckOrder([]Step{ask, {Kind: k}}); err == nil {
			t.Errorf("priorities, %s: accepted", k.Name())
		}
	}
	if err := CheckOrder([]Step{{Kind: User}, ask}); err == nil {
		t.Error("user, priorities: accepted")
	}
	if err := CheckOrder([]Step{ask, {Kind: User}, ready}); err != nil {
		t.Errorf("priorities, user, ready: %v", err)
	}
}

func TestOrderOfNoStep(t *testing.T) {
	for _, k := range []Kind{None, kinds, 1<<16 - 1} {
		if err := CheckOrder(program(Signals, k)); err == nil {
			t.Errorf("kind %d: accepted", k)
		}
	}
}
