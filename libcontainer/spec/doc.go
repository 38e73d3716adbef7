// Package spec turns the bytes of a config.json into a checked runtime-spec
// value, and holds the vocabulary of that file: mount options, capability,
// rlimit, namespace and sysctl names with the numbers the kernel wants.
//
// It runs in the parent, before any process or file of the container exists.
// It is pure: it knows nothing of this host, so whatever depends on the kernel
// or the file tree (does a path exist, is this namespace file the host's own)
// is left to the packages that may look. What it accepts, a plan can be built
// from; what it refuses, it names by its JSON path.
package spec
