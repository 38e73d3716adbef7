// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package launch

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/oci-rung/rung/internal/linux"
)

// idRange is ids from first on.
type idRange struct{ first, count uint64 }

func (r idRange) String() string {
	if r.count == 1 {
		return strconv.FormatUint(r.first, 10)
	}
	return fmt.Sprintf("%d-%d", r.first, r.first+r.count-1)
}

func listRanges(list []idRange) string {
	if len(list) == 0 {
		return "none"
	}
	words := make([]string, len(list))
	for i, r := range list {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}

func hostRange(m specs.LinuxIDMapping) idRange { return idRange{uint64(m.HostID), uint64(m.Size)} }

func insideRanges(list []specs.LinuxIDMapping) []idRange {
	out := make([]idRange, len(list))
	for i, m := range list {
		out[i] = idRange{uint64(m.ContainerID), uint64(m.Size)}
	}
	return out
}

// uncovered are the parts of want that no range in have holds.
func uncovered(want idRange, have []idRange) []idRange {
	have = slices.Clone(have)
	slices.SortFunc(have, func(a, b idRange) int { return cmp.Compare(a.first, b.first) })
	var out []idRange
	next, end := want.first, want.first+want.count
	for _, h := range have {
		if h.count == 0 || h.first+h.count <= next || h.first >= end {
			continue
		}
		if h.first > next {
			out = append(out, idRange{next, h.first - next})
		}
		next = h.first + h.count
	}
	if next < end {
		out = append(out, idRange{next, end - next})
	}
	return out
}

// mostSubIDs bounds what is read of the file: it has a line a user.
const mostSubIDs = 4 << 20

// advice says what is missing for the mappings, to the letter if it is a line
// in the file of ranges.
func (k *idKind) advice(list []specs.LinuxIDMapping) string {
	id := os.Getuid()
	own := id
	if k == &groupIDs {
		own = os.Getgid()
	}
	name := userName(id)
	text, err := linux.ReadFile(k.ranges, mostSubIDs)
	if err != nil {
		text = nil // it has no line for anybody
	}
	have := subIDs(string(text), name, id)
	var lines []string
	for _, m := range list {
		if m.Size == 1 && m.HostID == uint32(own) {
			continue // that one is always allowed
		}
		for _, gap := range uncovered(hostRange(m), have) {
			lines = append(lines, fmt.Sprintf("%s:%d:%d", name, gap.first, gap.count))
		}
	}
	switch {
	case len(lines) == 1:
		return fmt.Sprintf("add this line to %s: %s", k.ranges, lines[0])
	case len(lines) > 1:
		return fmt.Sprintf("add these lines to %s: %s", k.ranges, strings.Join(lines, " and "))
	}
	return fmt.Sprintf("%s allows these ids: %s has to be set-user-id root, or have cap_set%s, on a file system without nosuid, and its caller must not have no-new-privileges", k.ranges, k.program, k.word)
}

// subIDs are the ranges that the text of /etc/subuid has for a user, by name
// or by number.
func subIDs(text, name string, id int) []idRange {
	var out []idRange
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) != 3 || parts[0] != name && parts[0] != strconv.Itoa(id) {
			continue
		}
		first, err := strconv.ParseUint(parts[1], 10, 32)
		count, countErr := strconv.ParseUint(parts[2], 10, 32)
		if err == nil && countErr == nil {
			out = append(out, idRange{first, count})
		}
	}
	return out
}

// userName is the name of a user, or the number where /etc/passwd has none: it
// may come from a directory service, and the file of ranges takes numbers too.
func userName(id int) string {
	number := strconv.Itoa(id)
	text, err := linux.ReadFile("/etc/passwd", mostSubIDs)
	if err != nil {
		return number
	}
	for line := range strings.Lines(string(text)) {
		if parts := strings.Split(line, ":"); len(parts) > 2 && parts[2] == number {
			return parts[0]
		}
	}
	return number
}
