# A real client: containerd and its shim use the runtime as they do in daily
# life. The image is made here, from busybox; nothing is downloaded.

load lib

setup_file() {
	prepare_client
	cat >"$C/config.toml" <<-END
		version = 2
		root = "$C/root"
		state = "$C/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$C/sock"
		[debug]
		  level = "debug"
	END
	daemon containerd containerd --config "$C/config.toml"
	await -limit 30s file "$C/sock"
	archive "$C/image.tar" localhost/busybox:test
	ctr --address "$C/sock" images import "$C/image.tar" >"$C/import.log" 2>&1 || {
		cat "$C/import.log" "$C/containerd.log"
		return 1
	}
	# What the first container makes for all, so that no check is blamed for it.
	ctr --address "$C/sock" run --rm --runc-binary "$RUNTIME" localhost/busybox:test first true >>"$C/import.log" 2>&1 || true
}

teardown_file() {
	undaemon containerd
	# The parent of the containers' cgroups stays when they go.
	find /sys/fs/cgroup -maxdepth 2 -type d -name default -exec rmdir {} + 2>/dev/null || true
	! grep "$C" /proc/self/mountinfo
}

# client ARG… calls ctr.
client() { tell ctr --address "$C/sock" "$@"; }

# ctr chooses the parent of cgroups, but their names are ours.
left_cgroups() {
	find /sys/fs/cgroup -type d -name "*$ID*" -printf 'cgroup: %p\n' 2>/dev/null || true
}

# start NAME FLAG… -- COMMAND… is ctr run with the runtime under test.
start() {
	local flags=()
	while [[ $1 != -- ]]; do
		flags+=("$1")
		shift
	done
	shift
	! by_systemd || flags+=(--runc-systemd-cgroup --cgroup "$(parent):ctr:$ID")
	client run --runc-binary "$RUNTIME" --runc-root "$ROOT" "${flags[@]}" localhost/busybox:test "$ID" "$@"
}

task_status() {
	client task ls
	awk -v id="$ID" '$1 == id {print $3}' "$OUT"
}

# stopped waits until containerd knows that the task has ended: kill returns
# before, and ctr has no verb to wait.
stopped() {
	local n
	for n in {1..200}; do
		[[ $(task_status) != STOPPED ]] || return 0
	done
	flunk "the task does not stop"
}

teardown() {
	client task kill --signal KILL "$ID"
	client task delete --force "$ID"
	client container delete "$ID"
	shims_gone
	# containerd makes the directory of its namespace below the root.
	rmdir "$ROOT/default" 2>/dev/null || true
	settle
}

@test "containerd: run, output and exit status" {
	start --rm -- sh -c 'echo out; echo err >&2; exit 7'
	exited 7
	stdout out
	contains "$error" err
}

@test "containerd: the payload is what a payload is" {
	start --rm -- /bin/probe
	exited 0
	equal "$(jq -c '[.pid,.uid,(.fds|keys)]' <<<"$output")" '[1,0,["0","1","2"]]'
	differ "$(jq -r .namespaces.net <<<"$output")" "$(readlink /proc/self/ns/net)"
	# ctr's default capabilities are Docker's.
	equal "$(jq -r .caps.bounding <<<"$output")" 00000000a80425fb
}

@test "containerd: on a terminal" {
	spawn run ptyrun -- ctr --address "$C/sock" run --rm --tty --runc-binary "$RUNTIME" --runc-root "$ROOT" \
		localhost/busybox:test "$ID" sh -c 'tty; exit 5'
	reap run "$SPAWNED_PID"
	exited 5
	contains "$output" /dev/pts/0
}

@test "containerd: exec, its output and exit status" {
	start --detach -- sleep 100
	exited 0
	# ctr loses what a process says that has ended before ctr listens.
	spawn exec ctr --address "$C/sock" task exec --exec-id one "$ID" sh -c 'echo inside; until test -e /tmp/heard; do sleep 0.02; done; exit 9'
	await text "$T/exec.out" inside
	client task exec --exec-id two "$ID" touch /tmp/heard
	exited 0
	reap exec "$SPAWNED_PID"
	exited 9
	equal "$output" inside
}

@test "containerd: exec on a terminal" {
	start --detach -- sleep 100
	exited 0
	spawn exec ptyrun -step 'expect:#' -step 'send:tty\n' -step expect:/dev/pts/ -step 'send:exit 4\n' \
		-- ctr --address "$C/sock" task exec --tty --exec-id one "$ID" sh
	reap exec "$SPAWNED_PID"
	exited 4
}

@test "containerd: exec of a command that does not exist" {
	start --detach -- sleep 100
	exited 0
	client task exec --exec-id one "$ID" nosuch
	exited 1
	contains "$error" 'executable file not found in $PATH'
	equal "$(task_status)" RUNNING
}

@test "containerd: pause and resume" {
	start --detach -- sh -c 'while :; do sleep 0.1; done'
	exited 0
	client task pause "$ID"
	exited 0
	equal "$(task_status)" PAUSED
	client task resume "$ID"
	exited 0
	equal "$(task_status)" RUNNING
}

@test "containerd: ps lists the container's processes" {
	start --detach -- sleep 100
	exited 0
	client task ps "$ID"
	exited 0
	equal "$(tail -n +2 "$OUT" | wc -l)" 1
}

@test "containerd: kill and delete" {
	start --detach -- sleep 100
	exited 0
	equal "$(ls "$ROOT/default")" "$ID"
	client task kill --signal KILL "$ID"
	exited 0
	stopped
	client task delete "$ID"
	exited 0
	contains "$error" "exit code 137"
	client container delete "$ID"
	exited 0
	equal "$(ls "$ROOT/default")" ""
	equal "$(left_cgroups)" ""
}

@test "containerd: kill --all" {
	start --detach -- sh -c 'sleep 100 & sleep 100'
	exited 0
	client task kill --all --signal KILL "$ID"
	exited 0
	stopped
	client task delete "$ID"
	exited 0
	contains "$error" "exit code 137"
}

@test "containerd: TERM reaches the payload" {
	start --detach -- sh -c 'trap "exit 3" TERM; sleep 100 & wait'
	exited 0
	# Until the shell has set its trap, init of a PID namespace ignores TERM.
	client task exec --exec-id one "$ID" sh -c 'until grep -q "SigCgt:.*4[0-9a-f]\{3\}$" /proc/1/status; do sleep 0.02; done'
	client task kill --signal TERM "$ID"
	exited 0
	stopped
	client task delete "$ID"
	exited 0
	contains "$error" "exit code 3"
}

@test "containerd: a command that does not exist" {
	start --rm -- nosuch
	exited 1
	contains "$error" 'exec: "nosuch": executable file not found in $PATH'
	equal "$(ls "$ROOT/default" 2>/dev/null)" ""
	equal "$(left_cgroups)" ""
}

@test "containerd: limits" {
	start --detach --memory-limit 67108864 -- sleep 100
	exited 0
	PID=$(jq -r .init_process_pid "$ROOT/default/$ID/state.json" 2>/dev/null || true)
	[[ $PID =~ ^[0-9]+$ ]] || PID=$("$RUNTIME" --root "$ROOT/default" state "$ID" | jq .pid)
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
}

@test "containerd: a read-only root, a bind mount, an environment" {
	echo text >"$T/given"
	start --rm --read-only --env A=b --mount "type=bind,src=$T/given,dst=/etc/given,options=rbind:ro" -- \
		sh -c 'cat /etc/given; echo $A; touch /x'
	exited 1
	equal "$output" $'text\nb'
	contains "$error" "Read-only file system"
}

@test "containerd: the runtime is named by BinaryName through the shim" {
	# The same option that containerd's config.toml and Docker's daemon.json set.
	start --rm --runtime io.containerd.runc.v2 -- hostname
	exited 0
}

@test "containerd: the default seccomp filter" {
	start --rm --seccomp -- /bin/probe
	exited 0
	equal "$(jq -c '[.seccomp,.noNewPrivileges]' <<<"$output")" '[2,1]'
}

@test "containerd: several at once" {
	local n pids=()
	for n in 1 2 3; do
		spawn "run$n" ctr --address "$C/sock" run --rm --runc-binary "$RUNTIME" --runc-root "$ROOT" \
			localhost/busybox:test "$ID-$n" echo "number $n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3; do
		reap "run$n" "${pids[n - 1]}"
		exited 0
		equal "$output" "number $n"
	done
}

@test "containerd: metrics" {
	start --detach --memory-limit 67108864 -- sleep 100
	exited 0
	client task metrics --format json "$ID"
	exited 0
	if cgroup2; then
		equal "$(jq -r .pids.current "$OUT")" 1
		equal "$(jq -r .memory.usage_limit "$OUT")" 67108864
	else
		equal "$(jq -r .pids.current "$OUT")" 1
		equal "$(jq -r .memory.usage.limit "$OUT")" 67108864
	fi
}

@test "containerd: a start that fails leaves nothing" {
	start --rm -- /etc/passwd
	exited 1
	contains "$error" "permission denied"
	start --rm --mount "type=bind,src=$T/nosuch,dst=/in,options=rbind" -- true
	exited 1
	contains "$error" "no such file or directory"
	start --rm --cwd /etc/passwd -- true
	exited 1
	contains "$error" "not a directory"
	equal "$(ls "$ROOT/default" 2>/dev/null)" ""
	equal "$(left_cgroups)" ""
}

@test "containerd: namespaces of others" {
	start --detach -- sleep 100
	exited 0
	PID=$("$RUNTIME" --root "$ROOT/default" state "$ID" | jq .pid)
	client run --rm --runc-binary "$RUNTIME" --runc-root "$ROOT" --with-ns "network:/proc/$PID/ns/net" --with-ns "ipc:/proc/$PID/ns/ipc" \
		localhost/busybox:test "$ID-2" sh -c 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc'
	exited 0
	stdout "$(readlink "/proc/$PID/ns/net" "/proc/$PID/ns/ipc")"
}

@test "containerd: privileged, with the host's network and PID namespace" {
	start --rm --privileged --net-host -- readlink /proc/self/ns/net
	exited 0
	stdout "$(readlink /proc/self/ns/net)"
}

@test "containerd: checkpoint and restore" {
	needs_criu
	start --detach -- sh -c 'n=0; while :; do n=$((n+1)); echo $n >/tmp/n; sleep 0.05; done'
	exited 0
	client container checkpoint --rw --task "$ID" "localhost/$ID:test"
	exited 0
	client task kill --signal KILL "$ID"
	stopped
	client task delete "$ID"
	client container delete "$ID"
	client container restore --rw --live "$ID" "localhost/$ID:test"
	exited 0
	equal "$(task_status)" RUNNING
}
