// Command startup is the measure for the time that rung takes to reach main: a
// program that imports only fmt and os. With stamp.go it ends where main would
// begin. The benchmark adds the same stamp.go to rung's package main and starts
// both in turn.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "startup: came past the stamp")
	os.Exit(1)
}
