package inside

import (
	"fmt"
	"os"
)

// runHelper is the copy of the test binary that a test starts for what would
// change the test's own process.
func runHelper(name string) {
	fmt.Fprintln(os.Stderr, "no such helper:", name)
	os.Exit(2)
}
