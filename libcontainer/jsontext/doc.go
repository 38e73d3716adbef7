// Package jsontext reads and writes JSON text by hand: no reflection, no
// tables, next to no allocation.
//
// It runs in the parent, at every command. There encoding/json has a price of
// its own: before it reads or writes the first value of a type it takes the
// type apart, which costs a process that lives for two milliseconds one to two
// tenths of one for a state, and most of one for a config.json. Where nobody
// waits, encoding/json is the right tool.
//
// It is pure: text in, values out.
package jsontext
