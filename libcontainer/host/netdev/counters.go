// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

package netdev

import (
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// Counters are what has gone through a network device, as the container sees
// it. The names are those that readers of `runc events` know.
type Counters struct {
	Name string

	RxBytes, RxPackets, RxErrors, RxDropped uint64
	TxBytes, TxPackets, TxErrors, TxDropped uint64
}

// Count reads the counters of all devices in the network namespace of a process,
// but for the loopback device, in the kernel's order.
func Count(pid int) ([]Counters, error) {
	text, err := linux.ReadKernelFile("/proc/" + strconv.Itoa(pid) + "/net/dev")
	if err != nil {
		return nil, err
	}
	return parseCounters(string(text)), nil
}

// parseCounters reads the table of /proc/net/dev: two lines of headings, then
// one a device with eight numbers for what came and eight for what went.
func parseCounters(table string) []Counters {
	var list []Counters
	for line := range strings.Lines(table) {
		name, numbers, ok := strings.Cut(line, ":")
		fields := strings.Fields(numbers)
		name = strings.TrimSpace(name)
		if !ok || len(fields) < 16 || name == "lo" {
			continue
		}
		c := Counters{Name: name}
		for i, to := range map[int]*uint64{
			0: &c.RxBytes, 1: &c.RxPackets, 2: &c.RxErrors, 3: &c.RxDropped,
			8: &c.TxBytes, 9: &c.TxPackets, 10: &c.TxErrors, 11: &c.TxDropped,
		} {
			*to, _ = strconv.ParseUint(fields[i], 10, 64)
		}
		list = append(list, c)
	}
	return list
}
