# A real client: containerd and its shim use the runtime as they do in daily
# life. The image is made here, from busybox; nothing is downloaded.

load ../integration/lib

setup_file() {
	prepare
	export PATH=$RUNG_TEST_BUILD/bin:$PATH
	export C=$BATS_FILE_TMPDIR
	mkdir -p "$C/tmp"
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
	TMPDIR=$C/tmp containerd --config "$C/config.toml" >"$C/containerd.log" 2>&1 3>&- 4>&- &
	echo $! >"$C/pid"
	await -limit 20s file "$C/sock"
	image
	ctr --address "$C/sock" images import "$C/image.tar" >"$C/import.log" 2>&1 || {
		cat "$C/import.log" "$C/containerd.log"
		return 1
	}
}

teardown_file() {
	local pid
	pid=$(<"$C/pid")
	kill -TERM "$pid"
	await -limit 20s exit "$pid"
	# The parent of the containers' cgroups stays when they go.
	find /sys/fs/cgroup -maxdepth 2 -type d -name default -exec rmdir {} + 2>/dev/null || true
	! grep "$C" /proc/self/mountinfo
}

# image writes a Docker image archive with one layer, the busybox root.
image() {
	local dir=$C/image diff
	mkdir -p "$dir/layer"
	tar -C "$RUNG_TEST_BUILD/rootfs" --numeric-owner -cf "$dir/layer/layer.tar" .
	diff=$(sha256sum <"$dir/layer/layer.tar" | cut -d' ' -f1)
	jq -n --arg diff "sha256:$diff" --arg arch "$(go env GOARCH)" '{architecture:$arch,os:"linux",
		config:{Env:["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],Cmd:["sh"]},
		rootfs:{type:"layers",diff_ids:[$diff]}}' >"$dir/config.json"
	jq -n '[{Config:"config.json",RepoTags:["localhost/busybox:test"],Layers:["layer/layer.tar"]}]' >"$dir/manifest.json"
	tar -C "$dir" -cf "$C/image.tar" manifest.json config.json layer/layer.tar
}

# client ARG… calls ctr, as call does the runtime.
client() {
	CALLS=$((CALLS + 1))
	OUT=$T/io/$CALLS.out
	ERR=$T/io/$CALLS.err
	status=0
	timeout --foreground -k 2 60 ctr --address "$C/sock" "$@" </dev/null >"$OUT" 2>"$ERR" 3>&- 4>&- || status=$?
	output=$(<"$OUT")
	error=$(<"$ERR")
}

# start NAME FLAG… -- COMMAND… is ctr run with the runtime under test.
start() {
	local flags=()
	while [[ $1 != -- ]]; do
		flags+=("$1")
		shift
	done
	shift
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

# gone waits for the shim, which ends on its own a moment after the task.
gone() {
	local pid
	for pid in $(pgrep -f -- "-id $ID " || true); do await exit "$pid"; done
}

teardown() {
	client task kill --signal KILL "$ID"
	client task delete --force "$ID"
	client container delete "$ID"
	gone
	# containerd makes the directory of its namespace below the root.
	rmdir "$ROOT/default" 2>/dev/null || true
	SHARED_BEFORE=$(shared_places)
	finish
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
	client task exec --exec-id one "$ID" sh -c 'echo inside; exit 9'
	exited 9
	stdout inside
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
	for n in 1 2 3; do
		for pid in $(pgrep -f -- "-id $ID-$n " || true); do await exit "$pid"; done
	done
}
