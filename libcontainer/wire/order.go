package wire

import "fmt"

// CheckOrder returns the first steps that stand in the wrong order: by the
// step table, and by what depends on how the filter is loaded.
func CheckOrder(steps []Step) error {
	rules := Rules()
	var seen [kinds]int // index+1 of the first step of each kind
	for i, s := range steps {
		if s.Kind == None || s.Kind >= kinds {
			return fmt.Errorf("step %d (%s): no step of kind %d", i, s.Field, s.Kind)
		}
		for _, later := range rules[s.Kind-1].Before {
			if j := seen[later]; j != 0 {
				return fmt.Errorf("step %d %s (%s) stands after step %d %s: %s has to come first",
					i, s.Kind.Name(), s.Field, j-1, later.Name(), s.Kind.Name())
			}
		}
		if err := checkFilter(i, s, &seen); err != nil {
			return err
		}
		if err := checkPriorities(i, s, steps[:i]); err != nil {
			return err
		}
		if seen[s.Kind] == 0 {
			seen[s.Kind] = i + 1
		}
	}
	return nil
}

// checkFilter is for the two places that a filter may have. Loading it takes
// CAP_SYS_ADMIN unless no-new-privs is set: so without that it stands before
// the capabilities go; with it, it stands last, so that it need not allow what
// init does. Each has been wrong in another runtime.
func checkFilter(i int, s Step, seen *[kinds]int) error {
	if s.Kind == Seccomp && seen[NoNewPrivs] == 0 {
		for _, gone := range [...]Kind{User, Caps} {
			if j := seen[gone]; j != 0 {
				return fmt.Errorf("step %d seccomp (%s) stands after step %d %s: without no-new-privs that step takes the right to load a filter",
					i, s.Field, j-1, gone.Name())
			}
		}
	}
	if j := seen[Seccomp]; j != 0 && seen[NoNewPrivs] != 0 && s.Kind != Exec && s.Kind != Seccomp {
		return fmt.Errorf("step %d %s (%s) stands after step %d seccomp: with no-new-privs only exec may, or the filter would have to allow it",
			i, s.Kind.Name(), s.Field, j-1)
	}
	return nil
}

// checkPriorities is for the one request whose place matters: the parent may
// set the priorities of a process of its own owner, and with SCHED_DEADLINE
// there is no fork after it.
func checkPriorities(i int, s Step, before []Step) error {
	asks := func(s Step) bool { return s.Kind == Ask && len(s.Args) > 0 && s.Args[0] == uint64(Priorities) }
	for j, b := range before {
		if b.Kind == User && asks(s) {
			return fmt.Errorf("step %d ask priorities (%s) stands after step %d user: the parent may be nobody to that user", i, s.Field, j)
		}
		if (s.Kind == Fork || s.Kind == Join) && asks(b) {
			return fmt.Errorf("step %d %s (%s) stands after step %d ask priorities: the policy may forbid it", i, s.Kind.Name(), s.Field, j)
		}
	}
	return nil
}
