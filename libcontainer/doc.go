// Package libcontainer is the life of a container: create, load, start, exec,
// signal, pause, delete, and the rules in which order. How each is done is in
// the packages below: spec reads the config, plan decides, host/launch starts
// init and serves it, inside is init.
//
// It runs in the parent. Between two commands nothing of it runs: what the
// next command has to know is in the state directory, everything else is asked
// of the kernel.
//
// Only the command line of rung is promised to stay; this API may change.
package libcontainer
