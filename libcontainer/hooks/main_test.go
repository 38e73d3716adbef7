package hooks

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	before := openDescriptors()
	code := m.Run()
	if after := openDescriptors(); code == 0 && after != before {
		fmt.Fprintf(os.Stderr, "descriptors: got %s want %s\n", after, before)
		code = 1
	}
	os.Exit(code)
}

func openDescriptors() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var s []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(to, "anon_inode:[event") {
			s = append(s, e.Name()+"="+to)
		}
	}
	return strings.Join(s, " ")
}
