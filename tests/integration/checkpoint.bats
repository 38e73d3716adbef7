load lib
load criu

@test "checkpoint and restore: under the same id" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	gone "$ID"
	ended
	present "$IMAGES/inventory.img"
	present "$WORK/dump.log"
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	is running
	counts "$B" "$n"
	PID=$(pid_of)
	equal "$(field_of bundle)" "$B"
	call exec "$ID" cat /proc/1/cmdline
	ok
	contains "$(tr '\0' ' ' <"$OUT")" "sh -c"
	call kill "$ID" KILL
	ok
	ended
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "checkpoint: of a restored container" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint "$ID"
	restore --bundle "$B" "$ID"
	IMAGES=$T/second
	local n
	n=$(counted "$B")
	await text "$B/rootfs/log" "n$((n + 2))."
	there_and_back
}

@test "checkpoint and restore: the directories are named by symbolic links" {
	needs_criu
	mkdir "$T/images-there" "$T/work-there"
	IMAGES=$T/images-link WORK=$T/work-link
	ln -s images-there "$IMAGES"
	ln -s "$T/work-there" "$WORK"
	counting
	running
	await text "$B/rootfs/log" n3.
	there_and_back
	present "$T/images-there/inventory.img"
	present "$T/work-there/restore.log"
}

@test "checkpoint --leave-running" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	checkpoint --leave-running "$ID"
	is running
	equal "$(pid_of)" "$PID"
	counts "$B" "$(counted "$B")"
}

@test "checkpoint: into the directory checkpoint, where the log is too" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	cd "$WORK"
	call checkpoint "$ID"
	ok
	present "$WORK/checkpoint/inventory.img"
	present "$WORK/checkpoint/dump.log"
	call restore --detach --bundle "$B" "$ID"
	exited 0
	present "$WORK/checkpoint/restore.log"
	is running
}

@test "checkpoint --pre-dump: a chain" {
	needs_criu
	needs_feature mem_dirty_track
	counting
	running
	await text "$B/rootfs/log" n3.
	IMAGES=$T/pre
	checkpoint --pre-dump "$ID"
	is running
	absent "$T/pre/descriptors.json"
	IMAGES=$T/images
	checkpoint --parent-path ../pre "$ID"
	gone "$ID"
	equal "$(readlink "$IMAGES/parent")" ../pre
	local n
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
}

@test "checkpoint --pre-dump: on a kernel that does not track memory" {
	needs_criu
	differs_from_runc "says the same in other words"
	! criu check --feature mem_dirty_track >"$T/io/feature" 2>&1 || skip "this kernel does"
	counting
	running
	await text "$B/rootfs/log" n3.
	call checkpoint --pre-dump --image-path "$IMAGES" "$ID"
	fails 1 "criu pre-dump: this kernel does not track changes of memory"
	is running
}

@test "checkpoint --parent-path: has to be relative, and a directory" {
	needs_criu
	counting
	running
	mkdir "$T/pre"
	call checkpoint --image-path "$IMAGES" --parent-path "$T/pre" "$ID"
	fails 1 "--parent-path must be relative"
	call checkpoint --image-path "$IMAGES" --parent-path ../nowhere "$ID"
	fails 1 "invalid --parent-path" "no such file or directory"
	touch "$T/file"
	call checkpoint --image-path "$IMAGES" --parent-path ../file "$ID"
	fails 1 "invalid --parent-path" "not a directory"
	is running
}

@test "checkpoint: a container that does not run" {
	needs_criu
	bundle
	created
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "cannot be checkpointed in created state"
	is created
	call start "$ID"
	ended
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "cannot be checkpointed in stopped state"
	call checkpoint --image-path "$IMAGES" "$ID-unknown"
	fails 1 "does not exist"
}

@test "checkpoint: a paused container" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	call pause "$ID"
	ok
	local n
	n=$(counted "$B")
	checkpoint "$ID"
	gone "$ID"
	restore --bundle "$B" "$ID"
	# How criu has found it: frozen on v1, going on v2.
	call resume "$ID"
	is running
	counts "$B" "$n"
}

@test "checkpoint --tcp-established" {
	needs_criu
	connected
	running
	await text "$B/rootfs/up" x
	checkpoint_tcp
	restore --tcp-established --bundle "$B" "$ID"
	: >"$B/rootfs/up"
	await text "$B/rootfs/up" x
}

@test "checkpoint: a failure names the first error of criu, and changes nothing" {
	needs_criu
	differs_from_runc "criu's first error is on the first line"
	connected
	running
	await text "$B/rootfs/up" x
	call checkpoint --image-path "$IMAGES" --work-path "$WORK" "$ID"
	exited 1
	matches "$error" 'criu dump: [^:]+.*\(criu/[-a-z_]+\.c:[0-9]+\)'
	contains "$error" "log file: $WORK/dump.log"
	equal "$(wc -l <<<"$error")" 1 "lines on stderr"
	is running
}

@test "checkpoint --page-server" {
	needs_criu
	counting
	running
	await text "$B/rootfs/log" n3.
	mkdir "$IMAGES"
	local n port=$((20000 + RANDOM % 10000))
	spawn server criu page-server --images-dir "$IMAGES" --port "$port" -v4 --log-file "$WORK/server.log"
	await text "$WORK/server.log" "Starting page server"
	checkpoint --page-server "127.0.0.1:$port" "$ID"
	reap server "$SPAWNED_PID"
	exited 0
	present "$IMAGES"/pages-*.img
	n=$(counted "$B")
	restore --bundle "$B" "$ID"
	counts "$B" "$n"
	call checkpoint --page-server nowhere --image-path "$IMAGES" "$ID"
	exited 1
	is running
}

@test "checkpoint and restore --lazy-pages" {
	needs_criu
	differs_from_runc "one that is killed leaves mounts behind"
	needs_feature uffd-noncoop
	counting
	running
	await text "$B/rootfs/log" n3.
	local n dumper pages port=$((20000 + RANDOM % 10000))
	mkfifo "$T/status"
	spawn dump sh -c 'exec 3>"$1" && shift && exec "$@"' sh "$T/status" "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" checkpoint --lazy-pages \
		--page-server "127.0.0.1:$port" --status-fd 3 --image-path "$IMAGES" --work-path "$WORK" "$ID"
	dumper=$SPAWNED_PID
	# A byte when the pages can be fetched; end of file if it failed.
	equal "$(timeout $((20 * ${PATIENCE:-1})) head -c 1 "$T/status" | od -An -tx1 | tr -d ' ')" 00 "status"
	n=$(counted "$B")
	mkdir "$T/lazy"
	spawn pages criu lazy-pages --page-server --address 127.0.0.1 --port "$port" --images-dir "$IMAGES" --work-dir "$T/lazy" -v4 --log-file lazy.log
	pages=$SPAWNED_PID
	await file "$T/lazy/lazy-pages.socket"
	local log=$WORK/dump.log
	WORK=$T/lazy
	jq ".linux.cgroupsPath=\"$(cgroups_path "$ID-lazy")\"" "$B/config.json" >"$T/config.new"
	mv "$T/config.new" "$B/config.json"
	timeout -k 2 $((15 * ${PATIENCE:-1})) "$RUNTIME" "${FLAGS[@]}" --root "$ROOT" restore --detach --lazy-pages --image-path "$IMAGES" --work-path "$WORK" --bundle "$B" "$ID-lazy" \
		</dev/null >"$T/io/lazy" 2>&1 3>&- 4>&- || status=$?
	! grep "page-pipe: splice: -1: Bad file descriptor" "$log" || skip "$(criu --version | head -n 1): cannot serve lazy pages here"
	exited 0
	counts "$B" "$n"
	reap pages "$pages"
	exited 0
	reap dump "$dumper"
	exited 0
	gone "$ID"
}

@test "checkpoint: a container whose readiness was waited for" {
	needs_criu
	differs_from_runc "it is not restored"
	counting "$(script "$AWAY; sdhelper send \"\$NOTIFY_SOCKET\" READY=1; i=0; while :; do i=\$((i+1)); echo \"n\$i.\" >>/log; sleep 0.05; done")"
	cp "$RUNG_TEST_BUILD/bin/sdhelper" "$B/rootfs/bin/sdhelper"
	spawn notify sdhelper notify "$T/n"
	await file "$T/n"
	export NOTIFY_SOCKET=$T/n
	running
	unset NOTIFY_SOCKET
	await text "$B/rootfs/log" n3.
	there_and_back
}

@test "checkpoint and restore: no criu in PATH" {
	counting
	running
	await text "$B/rootfs/log" n3.
	local path=$PATH
	WRAP='env PATH=/nowhere' call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "criu"
	differs_from_runc "says it in other words"
	WRAP='env PATH=/nowhere' call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 'exec: "criu": executable file not found in $PATH'
	absent "$IMAGES"
	WRAP='env PATH=/nowhere' call restore --detach --bundle "$B" --image-path "$IMAGES" "$ID-other"
	fails 1 'exec: "criu": executable file not found in $PATH'
	is running
}

@test "checkpoint: options that criu is to read from a file" {
	needs_criu
	counting ".annotations={\"org.criu.config\":\"$T/criu.conf\"}"
	echo "log-file other.log" >"$T/criu.conf"
	running
	await text "$B/rootfs/log" n3.
	checkpoint --leave-running "$ID"
	contains "$(cat "$WORK"/*.log)" "Version:"
	present "$WORK/other.log"
}

@test "checkpoint: a filter that asks an agent is refused by name" {
	needs_criu
	differs_from_runc "criu refuses it in its log"
	spawn agent seccompagent -state "$T/states" "$T/agent"
	await file "$T/agent"
	counting ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",listenerPath:\"$T/agent\",syscalls:[{names:[\"chroot\"],action:\"SCMP_ACT_NOTIFY\"}]}"
	running
	call checkpoint --image-path "$IMAGES" "$ID"
	fails 1 "linux.seccomp: criu cannot checkpoint a filter that asks an agent"
	is running
}
