package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestApplyUserCVE202630892(t *testing.T) {
	const refused = 1<<32 - 1
	for _, tc := range []struct {
		text     string
		uid, gid uint32
	}{
		{"1", 1, 50}, {"1:2", 1, 2}, {"0", 0, 50}, {"0:0", 0, 0}, {"01", 1, 50}, {"1:01", 1, 1},
		{"2147483648", 1 << 31, 50}, {"4294967294", 1<<32 - 2, 50}, {"5:4294967294", 5, 1<<32 - 2},
		{"", refused, 0}, {":", refused, 0}, {":2", refused, 0}, {"1:", refused, 0}, {"1:2:3", refused, 0}, {"1::2", refused, 0},
		{"+1", refused, 0}, {"-1", refused, 0}, {"1 ", refused, 0}, {" 1", refused, 0}, {"1x", refused, 0}, {"0x1", refused, 0},
		{"1:-2", refused, 0}, {"1:x", refused, 0}, {"root", refused, 0}, {"1e3", refused, 0}, {"1_0", refused, 0}, {"１", refused, 0},
		{"4294967295", refused, 0}, {"4294967296", refused, 0}, {"18446744073709551617", refused, 0}, {"1:4294967295", refused, 0},
		{"1\n", refused, 0}, {"1\x00", refused, 0},
	} {
		user := specs.User{UID: 40, GID: 50}
		err := applyUser(&user, tc.text)
		if tc.uid == refused {
			if err == nil || user.UID != 40 || user.GID != 50 {
				t.Errorf("%q: got %d:%d, %v want an error and nothing changed", tc.text, user.UID, user.GID, err)
			}
			continue
		}
		if err != nil || user.UID != tc.uid || user.GID != tc.gid {
			t.Errorf("%q: got %d:%d, %v want %d:%d", tc.text, user.UID, user.GID, err, tc.uid, tc.gid)
		}
	}
}

// Nothing becomes root that does not say so.
func FuzzApplyUser(f *testing.F) {
	for _, seed := range []string{"0", "1:2", "00:1", "-0", "+0", "4294967296", "1:", ":0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		user := specs.User{UID: 40, GID: 50}
		if applyUser(&user, text) != nil {
			if user.UID != 40 || user.GID != 50 {
				t.Errorf("%q: an error, and the user is %d:%d", text, user.UID, user.GID)
			}
			return
		}
		uid, gid, both := strings.Cut(text, ":")
		if n, err := strconv.ParseUint(uid, 10, 32); err != nil || uint32(n) != user.UID {
			t.Errorf("%q: got uid %d", text, user.UID)
		}
		if n, err := strconv.ParseUint(gid, 10, 32); both && (err != nil || uint32(n) != user.GID) {
			t.Errorf("%q: got gid %d", text, user.GID)
		}
	})
}
