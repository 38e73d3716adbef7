package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// applyUser reads UID or UID:GID, in digits alone, into user; without a group
// user keeps the one it has.
//
// CVE-2026-30892: a form that is not understood must be an error and never
// leave the user as it was, which is root. Both numbers are read before either
// is set.
func applyUser(user *specs.User, text string) error {
	first, second, both := strings.Cut(text, ":")
	uid, err := parseID(first)
	if err != nil {
		return fmt.Errorf("--user %q: user id: %w", text, err)
	}
	gid := user.GID
	if both {
		if gid, err = parseID(second); err != nil {
			return fmt.Errorf("--user %q: group id: %w", text, err)
		}
	}
	user.UID, user.GID = uid, gid
	return nil
}

// parseID reads the number of a user or group. The largest number of 32 bits
// is the kernel's word for "none" and nobody's id.
func parseID(text string) (uint32, error) {
	if !isDigits(text) {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%s is not an id, the largest is 4294967294", text)
	}
	return uint32(n), nil
}
