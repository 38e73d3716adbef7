// Package schema holds what rung prints against the JSON schemas that come with
// the runtime-spec module. It is a module of its own, so that the validator is
// no requirement of rung.
package schema
