package netdev

import (
	"os"
	"slices"
	"testing"
)

const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:   11      12    13   14    15     16         17        18       19      20    21   22    23    24      25         26
  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
a-long-name1:18446744073709551615 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0
broken: 1 2
`

func TestParseCounters(t *testing.T) {
	want := []Counters{
		{Name: "eth0", RxBytes: 1, RxPackets: 2, RxErrors: 3, RxDropped: 4, TxBytes: 9, TxPackets: 10, TxErrors: 11, TxDropped: 12},
		{Name: "a-long-name1", RxBytes: 1<<64 - 1, TxBytes: 7},
	}
	if got := parseCounters(table); !slices.Equal(got, want) {
		t.Errorf("got %+v want %+v", got, want)
	}
	if got := parseCounters(""); got != nil {
		t.Errorf("got %+v want none", got)
	}
}

func TestCount(t *testing.T) {
	if _, err := Count(os.Getpid()); err != nil {
		t.Error(err)
	}
	if _, err := Count(1 << 30); err == nil {
		t.Error("a process that is not there has devices")
	}
}
