load lib

@test "create: makes a container that waits" {
	bundle "$(script 'echo started')"
	created
	is created
	[[ -d /proc/$PID ]] || flunk "no process $PID"
	equal "$(<"$CTOUT")" "" "output before start"
	call start "$ID"
	ok
	ended
	is stopped
	equal "$(<"$CTOUT")" started
}

@test "create: the namespaces exist when it returns" {
	bundle
	created
	local ns
	for ns in pid net ipc uts mnt; do
		differ "$(readlink "/proc/$PID/ns/$ns")" "$(readlink "/proc/self/ns/$ns")" "$ns namespace"
	done
	equal "$(readlink "/proc/$PID/ns/user")" "$(readlink /proc/self/ns/user)" "user namespace"
}

@test "create: the root filesystem is in place when it returns" {
	bundle
	created
	local targets target
	targets=$(cut -d' ' -f5 "/proc/$PID/mountinfo" | tr '\n' ' ')
	for target in / /proc /dev /dev/pts /dev/shm /dev/mqueue /sys; do contains " $targets" " $target "; done
	present "/proc/$PID/root/bin/busybox"
	absent "/proc/$PID/root$T"
}

@test "create: init is in the container's cgroup when it returns" {
	bundle
	created
	contains "$(cat "/proc/$PID/cgroup")" ":$(group_path)"
	equal "$(cat "$(cgroup_dir memory)/cgroup.procs")" "$PID"
}

@test "create: stdio of the call becomes the container's" {
	bundle "$(script 'cat; echo err >&2')"
	echo "from stdin" >"$T/in"
	IN=$T/in created
	call start "$ID"
	ok
	ended
	equal "$(<"$CTOUT")" "from stdin"
	equal "$(<"$CTERR")" err
}

@test "create: init becomes a child of the nearest subreaper" {
	requires isolated
	bundle
	created
	equal "$(awk '/^PPid:/{print $2}' "/proc/$PID/status")" 1 "parent of init"
}

@test "create: leaves no process of its own behind" {
	bundle
	created
	left_processes >"$T/left"
	equal "$(wc -l <"$T/left")" 1 "processes, $(<"$T/left")"
}

@test "create --pid-file: digits only, no newline, complete on return" {
	bundle
	created --pid-file "$T/pid"
	equal "$(stat -c %s "$T/pid")" "${#PID}" "size of the pid file"
	equal "$(<"$T/pid")" "$PID"
}

@test "create --pid-file: relative to the caller's directory" {
	bundle
	cd "$T"
	created --pid-file here.pid
	equal "$(<"$T/here.pid")" "$PID"
}

@test "create --pid-file: none after a failure" {
	bundle '.root.path="nowhere"'
	call create --bundle "$B" --pid-file "$T/pid" "$ID"
	exited 1
	absent "$T/pid"
	nothing_left
}

@test "create --pidfd-socket: the pidfd of init" {
	needs_runc 1.2 "create --pidfd-socket"
	bundle "$(args sleep 100)"
	spawn pidfd pidfdrecv -kill 9 "$T/s"
	await file "$T/s"
	call create --bundle "$B" --pid-file "$T/pid" --pidfd-socket "$T/s" "$ID"
	ok
	reap pidfd "$SPAWNED_PID"
	exited 0
	equal "$(jq .pid <<<"$output")" "$(<"$T/pid")"
	ended "$(<"$T/pid")"
	is stopped
}

@test "create --preserve-fds: the payload has them after start" {
	bundle "$(script 'cat <&3')"
	echo three >"$T/three"
	PASS=1 created --preserve-fds 1 3<"$T/three"
	call start "$ID"
	ok
	ended
	equal "$(<"$CTOUT")" three
}

@test "create: ids that are allowed" {
	bundle
	local id
	for id in a A9 "$ID+x" "$ID.x" "$ID-x" _ 9 ..a; do
		call create --bundle "$B" "$id"
		ok
		is created "$id"
		call delete --force "$id"
		ok
	done
}

@test "create: ids that are refused" {
	bundle
	local id
	for id in . .. a/b ../a "a b" "a%2fb" "a:b" 'a\b' $'a\nb' "é" ""; do
		call create --bundle "$B" "$id"
		exited 1
		matches "$error" 'invalid container ID format|container id cannot be empty|requires exactly 1'
		nothing_left
	done
}

@test "create: a very long id is refused and leaves nothing" {
	bundle
	call create --bundle "$B" "$(printf 'a%.0s' {1..1025})"
	exited 1
	nothing_left
}

@test "create: an id is unique" {
	bundle
	created
	call create --bundle "$B" "$ID"
	fails 1 "container with given ID already exists"
	is created
	equal "$(pid_of)" "$PID"
}

@test "create: no bundle, no config, no rootfs, each with nothing left" {
	call create --bundle "$T/none" "$ID"
	fails 1 "no such file or directory"
	nothing_left
	mkdir "$B"
	call create --bundle "$B" "$ID"
	fails 1 "config.json"
	nothing_left
	config
	call create --bundle "$B" "$ID"
	fails 1 "no such file or directory"
	nothing_left
}

@test "create: a config that is no JSON" {
	mkdir -p "$B/rootfs"
	echo '{"ociVersion": "1.0.2",' >"$B/config.json"
	call create --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "create: unknown fields are ignored" {
	bundle '.unknown={"a":1}' '.process.unknown=[1,2]' '.linux.unknown="x"'
	created
	is created
}

@test "create: the id's state directory is not in the world's hands" {
	bundle
	created
	local mode
	mode=$(stat -c %a "$ROOT/$ID")
	matches "$mode" '^7[0-5][0-5]$'
	find "$ROOT/$ID" -type f -perm /022 | (! grep .) || flunk "writable by others"
}

@test "create: needs no PATH nor any other variable" {
	bundle "$(args /bin/echo fine)"
	WRAP="env -i" created
	WRAP="env -i" call start "$ID"
	ok
	ended
	equal "$(<"$CTOUT")" fine
	WRAP="env -i" call delete "$ID"
	ok
}
