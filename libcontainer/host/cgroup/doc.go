// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package cgroup makes, fills, joins, changes, watches, freezes, kills and
// removes the cgroup of a container, under cgroup v1, v2 and the mixture of
// both.
//
// It runs in the parent and in every later command, with the caller's
// privileges, and assumes that /sys/fs/cgroup is the host's and that its own
// files there are named by the state directory, which only root can write.
// What a value means in a kernel file is the business of
// github.com/opencontainers/cgroups, which this package alone imports; this
// package decides where the group is, what belongs in it, and in which order.
//
// Order: New touches nothing. MakeBirthplace makes the directory in which init
// is born through Dir and CLONE_INTO_CGROUP, on v2 and in the v2 hierarchy of
// a mixed host. Make makes the others and, on v1, sets the device rules; it may
// run while the kernel makes init. Then init goes where it was not born, into
// the v1 hierarchies, by writing 0 to each of Tasks. Limit may run at the same
// time. If any of it does not work out, Undo takes back what was made.
//
// A later command gets the group by Load. Update changes what is set in it, as
// a whole or not at all; Stats and WatchOOM tell what becomes of it.
//
// With systemd there is no birthplace: it makes a scope only with a process in
// it. So init is born where the caller is and waits, before it has anything to
// do, for StartUnit, which is MakeBirthplace and more; then come Make and Limit
// as ever. The connection to systemd is made while the kernel makes init. The
// directory is systemd's then; limits are ours, and systemd is told of those
// that it would overwrite; the device rules of v2 are ours alone.
//
// Measured on kernel 6.18, after the machine was idle for 0.3 s: a pid written
// from outside costs 6 to 15 milliseconds, to tasks as well as to
// cgroup.procs, because the kernel then waits until no process is in the
// middle of a fork (a grace period). A process that writes 0 to tasks, which
// means itself, needs no such wait: 0.1 milliseconds for nine hierarchies. One
// that is born in a cgroup costs 0.03 more than one that is not.
package cgroup
