load lib
load users

# The runtime as an ordinary user on cgroup v2, with a subtree that was handed
# to this user, as systemd does with Delegate=yes, and without.

setup_file() {
	prepare
	make_users
}

teardown_file() { unmake_users; }

setup() {
	requires isolated
	differs_with_systemd "these users have no systemd; systemd.bats has one who has"
	requires cgroup2
	requires program=newuidmap
	begin
	as rt-ben
	rootless
}

teardown() {
	[[ ! -d $TREE ]] || {
		delete_quietly "$ID"
		find "$TREE" -depth -type d -exec rmdir {} + 2>/dev/null || true
	}
	finish
}

TREE=

# delegated [CONTROLLER…] makes a subtree of the user of as, with these
# controllers; calls are made from a group in it.
delegated() {
	TREE=/sys/fs/cgroup/$ID-user
	mkdir "$TREE"
	local c
	for c; do
		echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control
		echo "+$c" >"$TREE/cgroup.subtree_control"
	done
	mkdir "$TREE/caller"
	chown "$USER_ID" "$TREE" "$TREE/caller" "$TREE"/cgroup.{procs,threads,subtree_control} "$TREE"/caller/cgroup.{procs,threads,subtree_control}
	cat >"$T/enter" <<-END
		#!/bin/sh
		echo 0 >$TREE/caller/cgroup.procs || exit
		exec "\$@"
	END
	chmod 755 "$T/enter"
	WRAP="$T/enter $WRAP"
}

@test "rootless cgroups: without a subtree there is none" {
	edit "$(new_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup rw)" "$(script 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/x 2>&1 | grep -o Read-only')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'0::/\nRead-only'
	if [[ $RUNTIME_KIND != runc ]]; then
		edit "$(script 'test -e /sys/fs/cgroup/cgroup.procs && echo shown')"
		call run --bundle "$B" "$ID"
		ok
		stdout shown
	fi
	edit ".linux.cgroupsPath=\"/$ID\""
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "permission denied"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.cgroupsPath: make cgroup /sys/fs/cgroup/$ID: unable to apply cgroup configuration: mkdir"
	nothing_left
	edit 'del(.linux.cgroupsPath)|.linux.resources.pids.limit=10'
	call run --bundle "$B" "$ID"
	fails 1 "rootless needs no limits + no cgrouppath when no permission is granted for cgroups"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.resources.pids: "
	nothing_left
}

@test "rootless cgroups: a subtree, and all that takes a cgroup" {
	delegated
	edit "$(args sleep 100)"
	call create --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(cgroup_dir -)" "$TREE/$ID"
	equal "$(stat -c %u "$TREE/$ID")" $BEN
	call start "$ID"
	ran
	call exec "$ID" cat /proc/self/cgroup
	ran
	contains "$output" "/$ID"
	call ps --format json "$ID"
	ran
	stdout "[$PID]"
	call pause "$ID"
	ran
	is paused
	call resume "$ID"
	ran
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ran
	absent "$TREE/$ID"
}

@test "rootless cgroups: limits of a subtree" {
	requires controller=pids
	requires controller=memory
	delegated pids memory
	edit '.linux.resources={pids:{limit:10},memory:{limit:67108864}}' "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(cat "$TREE/$ID/pids.max" "$TREE/$ID/memory.max" | tr '\n' ' ')" "10 67108864 "
	call update --pids-limit 20 "$ID"
	ok
	equal "$(<"$TREE/$ID/pids.max")" 20
	call events --stats "$ID"
	ok
	equal "$(jq .data.pids.current <<<"$output")" 1
	call delete --force "$ID"
	ran
}

@test "rootless cgroups: a path in the subtree" {
	delegated
	edit ".linux.cgroupsPath=\"${TREE#/sys/fs/cgroup}/a/b\"" "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(cgroup_dir -)" "$TREE/a/b"
	call delete --force "$ID"
	ran
	absent "$TREE/a/b"
}

@test "rootless cgroups: device rules are passed over, none can be set" {
	delegated
	edit '.linux.resources={devices:[{allow:false,access:"rwm"}]}' "$(script 'echo x >/dev/null; head -c 1 /dev/zero | wc -c')"
	call run --bundle "$B" "$ID"
	ran
	stdout 1
}

@test "rootless cgroups: a view of its own" {
	needs_runc 1.2 "flags of a mount that are locked"
	delegated
	edit "$(new_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup ro)" "$(script 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs | head -n 1')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'0::/\n1'
}

@test "rootless cgroups: a view without a namespace" {
	needs_runc 1.2 "flags of a mount that are locked"
	delegated
	edit "$(no_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup ro)" "$(script 'head -n 1 /sys/fs/cgroup/cgroup.procs; ls /sys/fs/cgroup | grep -c cgroup.subtree_control')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'1\n1'
}

@test "rootless cgroups: as root of a user namespace" {
	delegated
	WRAP="$WRAP unshare --user --map-root-user --mount"
	bundle 'del(.linux.cgroupsPath)|.linux.resources={}' '.mounts|=map(if .options then .options-=["gid=5"] else . end)' "$(script 'cat /proc/self/cgroup')"
	own
	call run --bundle "$B" "$ID"
	ran
	contains "$output" "$ID-user/$ID"
}
