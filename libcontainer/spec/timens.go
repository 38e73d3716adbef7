package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Limits of the kernel on the offsets of a time namespace.
const (
	maxNanosecs = 999_999_999
	maxSecs     = (1<<63 - 1) / 1_000_000_000 / 2 // KTIME_SEC_MAX / 2
)

func checkTimeOffsets(p *problems, s *specs.Spec) {
	if len(s.Linux.TimeOffsets) == 0 {
		return
	}
	const at = "linux.timeOffsets"
	switch ns, ok := FindNamespace(s, specs.TimeNamespace); {
	case !ok:
		p.add(at, "needs a time namespace in linux.namespaces")
	case ns.Path != "":
		// The kernel freezes the offsets when the first process enters.
		p.add(at, "needs a new time namespace: the offsets of one that is joined are fixed")
	}
	for _, clock := range sortedKeys(s.Linux.TimeOffsets) {
		offset := s.Linux.TimeOffsets[clock]
		if clock != "monotonic" && clock != "boottime" {
			p.addf(member(at, clock), "unknown clock %q: monotonic and boottime have offsets", clock)
		}
		if offset.Secs > maxSecs || offset.Secs < -maxSecs {
			p.addf(member(at, clock)+".secs", "%d is outside -%d to %d", offset.Secs, maxSecs, maxSecs)
		}
		if offset.Nanosecs > maxNanosecs {
			p.addf(member(at, clock)+".nanosecs", "%d is more than %d", offset.Nanosecs, maxNanosecs)
		}
	}
}
