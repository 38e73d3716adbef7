package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// listProblem says what is wrong with a list of CPUs or memory nodes in the
// kernel's notation (0-3,7, or 0-31:1/4 for one of every four), or returns "".
func listProblem(list string) string {
	if list == "" {
		return ""
	}
	for entry := range strings.SplitSeq(list, ",") {
		ranges, group, grouped := strings.Cut(entry, ":")
		first, last, isRange := strings.Cut(ranges, "-")
		from, ok := listNumber(first)
		to := from
		if isRange && ok {
			to, ok = listNumber(last)
		}
		if ok && grouped {
			ok = isRange && listGroup(group)
		}
		if !ok {
			return fmt.Sprintf("%q is not a list like 0-3,7", list)
		}
		if to < from {
			return fmt.Sprintf("%q: the range %s runs backwards", list, ranges)
		}
	}
	return ""
}

// listGroup checks the used/size part of a list entry.
func listGroup(group string) bool {
	used, size, ok := strings.Cut(group, "/")
	if !ok {
		return false
	}
	u, okUsed := listNumber(used)
	n, okSize := listNumber(size)
	return okUsed && okSize && u <= n && n > 0
}

// listNumber parses a plain decimal number.
func listNumber(s string) (uint64, bool) {
	if s == "" || digits(s) != len(s) {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return n, err == nil
}
