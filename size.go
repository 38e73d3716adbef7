package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseSize reads a number of bytes as people write it: 512, 100M, 1.5g, 64 KiB.
// Every unit is a power of 1024, with and without the i. -1 is no limit.
func parseSize(text string) (int64, error) {
	if text == "-1" {
		return -1, nil
	}
	refuse := func(cause string) (int64, error) { return 0, fmt.Errorf("invalid size %q: %s", text, cause) }
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := strings.ToLower(strings.TrimPrefix(text[len(digits):], " "))
	if digits == "" || strings.Trim(digits, "0123456789.") != "" {
		return refuse("want a number, and k, M, G, T or P behind it")
	}
	shift := 0
	if unit != "" && unit != "b" {
		power := strings.IndexByte("kmgtp", unit[0])
		switch rest := unit[1:]; {
		case power < 0, rest != "" && rest != "b" && rest != "ib" && rest != "i":
			return refuse("units are k, M, G, T and P")
		}
		shift = 10 * (power + 1)
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		if n > math.MaxInt64>>shift {
			return refuse("too large")
		}
		return n << shift, nil
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return refuse("want a number, and k, M, G, T or P behind it")
	}
	n *= float64(int64(1) << shift)
	if n >= math.MaxInt64 {
		return refuse("too large")
	}
	return int64(n), nil
}
