package spec

import (
	"fmt"
	"strings"
)

// maskBits is how many CPUs or memory nodes a mask can name. No architecture
// is built for more CPUs, and none for more than a fraction of it in nodes.
const maskBits = 8192

const wordBits = 64

// Mask returns the set that a list of CPUs or memory nodes (0-3,7) stands for,
// in words as the kernel takes them, without words of zeros at its end. Blanks
// and empty entries are passed over, as the kernel does.
func Mask(list string) (mask []uint64, err error) {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		first, last, isRange := strings.Cut(entry, "-")
		from, ok := listNumber(first)
		to := from
		if isRange && ok {
			to, ok = listNumber(last)
		}
		switch {
		case !ok:
			return nil, fmt.Errorf("%q is not a list like 0-3,7", list)
		case to < from:
			return nil, fmt.Errorf("%q: the range %s runs backwards", list, entry)
		case to >= maskBits:
			return nil, fmt.Errorf("%q: %d is beyond %d, the largest number there is", list, to, maskBits-1)
		}
		for n := from; n <= to; n++ {
			for uint64(len(mask)) <= n/wordBits {
				mask = append(mask, 0)
			}
			mask[n/wordBits] |= 1 << (n % wordBits)
		}
	}
	return mask, nil
}
