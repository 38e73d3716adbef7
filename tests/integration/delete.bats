load lib

@test "delete: a stopped container" {
	bundle "$(args sleep 100)"
	running
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ok
	stdout ""
	nothing_left
	call state "$ID"
	fails 1 "container does not exist"
}

@test "delete: a created container" {
	bundle
	created
	call delete "$ID"
	ok
	[[ ! -d /proc/$PID ]] || ended
	nothing_left
}

@test "delete: a running container is an error without effect" {
	bundle "$(args sleep 100)"
	running
	call delete "$ID"
	fails 1 "cannot delete container $ID that is not stopped: running"
	is running
	equal "$(pid_of)" "$PID"
}

@test "delete: a paused container is an error without effect" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	call delete "$ID"
	fails 1 "cannot delete container $ID that is not stopped: paused"
	is paused
	call resume "$ID"
	ok
}

@test "delete --force: a running container" {
	bundle "$(args sleep 100)"
	running
	call delete --force "$ID"
	ok
	stdout ""
	nothing_left
}

@test "delete --force: a paused container" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	call delete -f "$ID"
	ok
	nothing_left
}

@test "delete --force: after the id" {
	bundle "$(args sleep 100)"
	running
	call delete "$ID" --force
	ok
	nothing_left
}

@test "delete: an unknown container, with and without --force" {
	call delete "$ID"
	fails 1 "container does not exist"
	call delete --force "$ID"
	ok
	stdout ""
}

@test "delete --force: a name that is no id" {
	call delete --force ../x
	exited 1
	contains "$error" "invalid container ID format"
}

@test "delete: twice" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call delete "$ID"
	ok
	call delete "$ID"
	fails 1 "container does not exist"
}

@test "delete: the id is free again" {
	bundle
	local n
	for n in 1 2 3; do
		created
		call delete --force "$ID"
		ok
	done
}

@test "delete --force: every process without PID namespace" {
	needs_runc 1.2 "no warning when the cgroup is busy"
	bundle "$(no_ns pid)" "$(script 'sleep 101 & sleep 102 & echo ready; wait')"
	running
	await text "$CTOUT" ready
	call delete --force "$ID"
	ok
	nothing_left
}

@test "delete: what init left running without PID namespace" {
	needs_runc 1.2 "no warning when the cgroup is busy"
	bundle "$(no_ns pid)" "$(script 'sleep 101 & exit 0')"
	running
	[[ $PID == 0 ]] || ended
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "delete: removes sub-cgroups that the container made" {
	bundle "$(args sleep 100)"
	running
	local dir
	dir=$(cgroup_dir pids)
	mkdir -p "$dir/a/b" "$dir/c"
	call delete --force "$ID"
	ok
	nothing_left
}

@test "delete: removes only what create made" {
	mkdir -p "$T/volume"
	echo kept >"$T/volume/file"
	bundle "$(mount_at /mnt bind "$T/volume" rbind)"
	run_payload
	equal "$(<"$T/volume/file")" kept
	present "$B/config.json"
	present "$B/rootfs/bin/busybox"
}

@test "delete: a container whose bundle is gone" {
	bundle "$(args sleep 100)"
	running
	rm -rf "$B"
	call delete --force "$ID"
	ok
	nothing_left
}

@test "delete: a container whose cgroup is gone" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} +
	call delete "$ID"
	ok
	nothing_left
}

@test "delete --force: a container whose creator was killed half-way (runc 4534)" {
	differs_from_runc "delete --force cleans up after a create that was killed at any point"
	bundle ".hooks={createRuntime:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"echo here >'$T/hook'; exec sleep 100\"]}]}"
	spawn create "$RUNTIME" --root "$ROOT" create --bundle "$B" "$ID"
	await file "$T/hook"
	local hook
	hook=$(pgrep -P "$SPAWNED_PID" -x sleep || true)
	kill -KILL "$SPAWNED_PID"
	wait "$SPAWNED_PID" 2>/dev/null || true
	[[ -z $hook ]] || kill -KILL "$hook"
	call delete --force "$ID"
	ok
	left_processes >"$T/left"
	# The hook is the host's own process and may live on; init may not.
	! grep -v 'sleep 100' "$T/left" || flunk "init is left"
	pkill -KILL -x -f 'sleep 100' || true
	nothing_left
}

@test "delete: at the same time from two sides, one wins" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	spawn one "$RUNTIME" --root "$ROOT" delete "$ID"
	local one=$SPAWNED_PID two won=0
	spawn two "$RUNTIME" --root "$ROOT" delete "$ID"
	two=$SPAWNED_PID
	reap one "$one"
	[[ $status != 0 ]] || won=$((won + 1))
	reap two "$two"
	[[ $status != 0 ]] || won=$((won + 1))
	[[ $won -ge 1 ]] || flunk "none succeeded"
	nothing_left
}
