package main

import (
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		in   string
		want int64
	}{
		{"-1", -1}, {"0", 0}, {"512", 512}, {"512b", 512}, {"512B", 512},
		{"1k", 1 << 10}, {"1K", 1 << 10}, {"1kb", 1 << 10}, {"1 KiB", 1 << 10}, {"1Ki", 1 << 10},
		{"64M", 64 << 20}, {"64mb", 64 << 20}, {"1.5G", 3 << 29}, {"2t", 2 << 40}, {"1P", 1 << 50}, {".5m", 1 << 19},
		{"9223372036854775807", 1<<63 - 1},
	} {
		if got, err := parseSize(test.in); err != nil || got != test.want {
			t.Errorf("%q: got %d, %v want %d", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{"", " ", "-2", "-1k", "k", "1x", "1kk", "1kib2", "1e3", "0x10", "1.2.3", "+1", "1_0", "9223372036854775808", "9000P", "1 2", "1  k", "M1"} {
		if got, err := parseSize(in); err == nil || !strings.Contains(err.Error(), "invalid size") {
			t.Errorf("%q: got %d, %v want an error", in, got, err)
		}
	}
}
