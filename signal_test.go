package main

import "testing"

func TestParseSignal(t *testing.T) {
	const unknown = -1
	for _, tc := range []struct {
		text string
		want int
	}{
		{"TERM", 15}, {"SIGTERM", 15}, {"term", 15}, {"sigterm", 15}, {"SigTerm", 15},
		{"KILL", 9}, {"HUP", 1}, {"CHLD", 17}, {"CLD", 17}, {"IOT", 6}, {"POLL", 29}, {"SIGSTKFLT", 16},
		{"9", 9}, {"0", 0}, {"015", 15}, {"64", 64},
		{"RTMIN", 34}, {"SIGRTMIN", 34}, {"rtmin+3", 37}, {"SIGRTMIN+30", 64}, {"RTMAX", 64}, {"SIGRTMAX-14", 50}, {"RTMAX-30", 34},
		{"", unknown}, {"FOO", unknown}, {"SIG", unknown}, {"SIGSIGTERM", unknown}, {"TERM ", unknown}, {" 9", unknown},
		{"65", unknown}, {"-9", unknown}, {"+9", unknown}, {"9.0", unknown}, {"0x9", unknown}, {"99999999999999999999", unknown},
		{"RTMIN+31", unknown}, {"RTMIN-1", unknown}, {"RTMAX+1", unknown}, {"RTMIN+", unknown}, {"RTMIN3", unknown}, {"RTMIN+-1", unknown}, {"RTMIN++1", unknown},
		{"RTMIN+99999999999999999999", unknown},
	} {
		got, err := parseSignal(tc.text)
		if tc.want == unknown {
			if err == nil || err.Error() != `unknown signal "`+tc.text+`"` {
				t.Errorf("%q: got %d, %v want it unknown", tc.text, got, err)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%q: got %d, %v want %d", tc.text, got, err, tc.want)
		}
	}
}
