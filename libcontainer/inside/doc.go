// Runs in: init. Sees: container namespaces. Holds: what the step table says at each step.

// Package inside is init: it maps the program that the parent left in a memfd
// and runs step after step until the last one becomes the payload. It decides
// nothing; what it does was decided by package plan, in the parent.
//
// It runs without a started Go runtime (entry_amd64.s, entry_arm64.s), so all
// of it is written in a subset of Go: no allocation, no defer, no goroutine,
// no panic on purpose, no map, no interface, no closure. Everything it needs
// is in one static struct and in the mapped program. A structure test walks
// the linked binary and fails when something of the runtime becomes reachable.
//
// One file a subject; a function that runs a step returns whether it did, and
// leaves the reason in the stage where it did not.
package inside
