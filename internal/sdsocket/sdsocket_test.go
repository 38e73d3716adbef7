package sdsocket

import (
	"slices"
	"strings"
	"testing"
)

func TestReadActivation(t *testing.T) {
	tests := []struct {
		name  string
		env   map[string]string
		want  Activation
		words string
	}{
		{"nothing passed", nil, Activation{}, ""},
		{"for us", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}, Activation{2, "a:b"}, ""},
		{"for another process", map[string]string{"LISTEN_PID": "43", "LISTEN_FDS": "2"}, Activation{}, ""},
		{"pid is missing", map[string]string{"LISTEN_FDS": "2"}, Activation{}, ""},
		{"pid with a sign", map[string]string{"LISTEN_PID": "+42", "LISTEN_FDS": "2"}, Activation{}, ""},
		{"none", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "0"}, Activation{}, ""},
		{"not a number", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "two"}, Activation{}, "LISTEN_FDS=two: "},
		{"negative", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "-1"}, Activation{}, "LISTEN_FDS=-1: "},
		{"absurd", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "4294967296"}, Activation{}, "LISTEN_FDS=4294967296: "},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ReadActivation(func(k string) string { return tc.env[k] }, 42)
			if tc.words == "" && err != nil || tc.words != "" && (err == nil || !strings.Contains(err.Error(), tc.words)) {
				t.Fatalf("got error %v want %q", err, tc.words)
			}
			if got != tc.want {
				t.Errorf("got %+v want %+v", got, tc.want)
			}
		})
	}
}

func TestActivationEnv(t *testing.T) {
	tests := []struct {
		in   Activation
		want []string
	}{
		{Activation{}, nil},
		{Activation{Count: 3}, []string{"LISTEN_FDS=3", "LISTEN_PID=1"}},
		{Activation{2, "a:b"}, []string{"LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=a:b"}},
	}
	for _, tc := range tests {
		if got := tc.in.Env(); !slices.Equal(got, tc.want) {
			t.Errorf("%+v: got %q want %q", tc.in, got, tc.want)
		}
	}
}
