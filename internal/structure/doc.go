// Package structure holds the rules of this repository as tests: which package
// may import which, which process a file runs in, how large files, functions
// and the binary may grow, what init can reach of Go's runtime, and that the
// tables in ARCHITECTURE.md are those of the code.
//
// It has no code of its own. A rule that is in the way is changed here, with
// its reason, in the commit that needs the change; it is never widened only to
// make a build pass. The go command caches the result of tests that look at
// other files, so run these with -count=1:
//
//	go test -count=1 ./internal/structure
package structure
