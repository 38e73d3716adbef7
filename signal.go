package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/oci-rung/rung/internal/linux"
)

// parseSignal reads a signal as people and callers write it: a number, or a
// name in any case with or without SIG, or a real-time signal counted from
// either end, as in RTMIN+3 and SIGRTMAX-1. Signal 0 asks whether the process
// is there.
func parseSignal(text string) (int, error) {
	unknown := fmt.Errorf("unknown signal %q", text)
	if isDigits(text) {
		n, err := strconv.Atoi(text)
		if err != nil || n > linux.SIGRTMAX {
			return 0, unknown
		}
		return n, nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if n, ok := linux.SignalByName(name); ok {
		return n, nil
	}
	if n, ok := realTimeSignal(strings.TrimPrefix(name, "SIG")); ok {
		return n, nil
	}
	return 0, unknown
}

// realTimeSignal reads RTMIN, RTMIN+n, RTMAX and RTMAX-n.
func realTimeSignal(name string) (int, bool) {
	base, sign := linux.SIGRTMIN, 1
	rest, ok := strings.CutPrefix(name, "RTMIN")
	if !ok {
		base, sign = linux.SIGRTMAX, -1
		if rest, ok = strings.CutPrefix(name, "RTMAX"); !ok {
			return 0, false
		}
	}
	if rest == "" {
		return base, true
	}
	want := byte('+')
	if sign < 0 {
		want = '-'
	}
	if rest[0] != want || !isDigits(rest[1:]) {
		return 0, false
	}
	offset, err := strconv.Atoi(rest[1:])
	if err != nil || offset > linux.SIGRTMAX-linux.SIGRTMIN {
		return 0, false
	}
	return base + sign*offset, true
}

// isDigits reports whether text is a decimal number without a sign.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
