// Runs in: parent. Sees: caller's namespaces. Holds: caller's privilege.

// Package statedir keeps what must outlive the command that made a container:
// one directory <root>/<id> with a lock, a state and a copy of config.json.
//
//	<root>/<id>/               mode 0711; its mkdir claims the id, its flock is the lock
//	<root>/<id>/creating.json  state while the container is being created
//	<root>/<id>/state.json     state of a created container, replaced by rename only
//	<root>/<id>/config.json    the configuration as it was read
//	<root>/<id>/updated.json   what of it update has changed, replaced by rename only
//	<root>/<id>/start.sock     where init waits for start; there while status is created
//	<root>/<id>/notify/        directory of NOTIFY_SOCKET, if one is wanted
//
// # Who locks
//
// A creator holds the lock from Create until it is done, hooks and all; start,
// delete, pause, resume and update lock exclusively while they change
// something, and say how long they are willing to wait. state, list, ps and
// kill do not lock at all: state.json changes only by rename, so what they
// read is one whole state, and signals go by pidfd and start time. So nobody
// who only looks or kills waits behind a creator whose hook hangs.
//
// The lock is a flock(2): it ends with the process that holds it, however that
// dies. A creator that dies before Commit therefore leaves a directory without
// state.json and without a lock, and Load says so with ErrIncomplete and what
// the creator had noted until then.
//
// # Paths
//
// <root> is the host's and may hold symbolic links; <id> may not be one, and
// everything below is reached from the descriptor of <root>/<id>, without
// following a last component.
package statedir
