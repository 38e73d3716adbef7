load lib

setup() {
	begin
	needs_runc 1.1 "SCMP_ACT_NOTIFY"
	bundle "$(args mkdir /tmp/x)" '.process.noNewPrivileges=true'
}

# notify NAMES-AS-JSON is a filter that asks the agent about these calls.
notify() {
	echo ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",listenerPath:\"$T/agent\",listenerMetadata:\"meta \\\"data\\\"\",
		syscalls:[{names:$1,action:\"SCMP_ACT_NOTIFY\"}]}"
}

MKDIR='["mkdir","mkdirat"]'

# agent FLAG… starts one and waits until it listens.
agent() {
	# The connection has to end with the state; that of older runcs lasts longer.
	[[ $RUNTIME_KIND != runc ]] || set -- -early "$@"
	spawn agent seccompagent -state "$T/states" "$@" "$T/agent"
	AGENT=$SPAWNED_PID
	await -limit 10s file "$T/agent"
}

state() { jq -rc "$1" "$T/states"; }

no_new_privileges() { edit ".process.noNewPrivileges=$1"; }

@test "seccomp agent: answers the payload's calls" {
	agent -errno 28
	edit "$(notify "$MKDIR")"
	local nnp
	for nnp in true false; do
		no_new_privileges $nnp
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "No space left on device"
	done
}

@test "seccomp agent: lets the kernel do the payload's calls" {
	agent
	edit "$(notify "$MKDIR")" "$(script 'mkdir /tmp/x && ls -d /tmp/x')"
	run_payload
	stdout /tmp/x
	[[ -s $T/agent.out ]] || flunk "the agent was not asked"
}

@test "seccomp agent: gets the state of container and process" {
	agent
	edit "$(notify "$MKDIR")" "$(args sleep 100)" '.annotations={a:"b"}'
	running
	equal "$(state '[.fds,.metadata]')" '[["seccompFd"],"meta \"data\""]'
	equal "$(state .pid)" "$PID"
	equal "$(state '[.state.id,.state.pid,.state.bundle,.state.annotations]')" "[\"$ID\",$PID,\"$B\",{\"a\":\"b\"}]"
	equal "$(state '[.ociVersion,.state.ociVersion]')" "[\"$(field_of ociVersion)\",\"$(field_of ociVersion)\"]"
	matches "$(state .state.status)" '^creat(ing|ed)$'
	equal "$(wc -l <"$T/states")" 1
}

@test "seccomp agent: without metadata there is none in the state" {
	agent
	edit "$(notify "$MKDIR")" 'del(.linux.seccomp.listenerMetadata)' "$(args true)"
	run_payload
	equal "$(state 'has("metadata")')" false
}

@test "seccomp agent: create and start" {
	agent -errno 28
	edit "$(notify "$MKDIR")"
	created
	call start "$ID"
	exited 0
	ended
	contains "$(cat "$CTERR")" "No space left on device"
	equal "$(state .pid)" "$PID"
}

@test "seccomp agent: exec has a listener of its own" {
	agent -errno 28
	edit "$(notify "$MKDIR")" "$(args sleep 100)"
	running
	call exec --pid-file "$T/pid" "$ID" mkdir /tmp/y
	exited 1
	contains "$error" "No space left on device"
	equal "$(wc -l <"$T/states")" 2
	equal "$(jq -rs '.[1]|[.pid,.state.pid,.state.status]|join(" ")' "$T/states")" "$(<"$T/pid") $PID running"
}

@test "seccomp agent: the calls by which the payload is started" {
	agent
	edit "$(notify '["execve","execveat","close","close_range","prctl","capset","setgroups","setresuid","setresgid","prlimit64","openat","read"]')" "$(args echo fine)"
	local nnp
	for nnp in true false; do
		no_new_privileges $nnp
		run_payload
		stdout fine
	done
	call create --bundle "$B" "$ID"
	ok
	call start "$ID"
	ok
}

@test "seccomp agent: a startContainer hook is under its eyes with an early filter" {
	agent -errno 28
	edit "$(notify "$MKDIR")" "$(args true)" \
		'.hooks={startContainer:[{path:"/bin/busybox",args:["mkdir","/tmp/x"]}]}' '.process.noNewPrivileges=false'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "No space left on device"
	nothing_left
}

@test "seccomp agent: none is there" {
	edit "$(notify "$MKDIR")"
	call run --bundle "$B" "$ID"
	fails 1 "failed to connect with seccomp agent"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.seccomp.listenerPath: "
	nothing_left
}

@test "seccomp agent: none is there any more when the container starts" {
	differs_from_runc "the agent is reached by start"
	edit "$(notify "$MKDIR")"
	created
	call start "$ID"
	fails 1 "failed to connect with seccomp agent"
	is created
	agent -errno 28
	call start "$ID"
	exited 0
	ended
	contains "$(cat "$CTERR")" "No space left on device"
}

@test "seccomp agent: one that hangs up is an error, and the end of the container" {
	differs_from_runc "runc says nothing"
	mkdir "$T/sync"
	agent -refuse "$T/sync/refused"
	# The hook comes after the connection, and before the filter.
	cp "$RUNG_TEST_BUILD/bin/await" "$B/rootfs/bin/"
	edit "$(notify "$MKDIR")" "$(args sleep 100)" "$(mount_at /sync bind "$T/sync" bind)" \
		'.hooks={startContainer:[{path:"/bin/await",args:["await","file","/sync/refused"]}]}'
	created
	call start "$ID"
	fails 1 "linux.seccomp.listenerPath: hand over to the seccomp agent: "
	is stopped
	call delete "$ID"
	ok
	rm "$T/sync/refused"
	call run --bundle "$B" "$ID"
	fails 1 "linux.seccomp.listenerPath: hand over to the seccomp agent: "
	nothing_left
}

@test "seccomp agent: without the listener the calls fail" {
	agent -hangup
	edit "$(notify "$MKDIR")"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Function not implemented"
}

@test "seccomp agent: exec without one" {
	agent
	edit "$(notify "$MKDIR")" "$(args sleep 100)"
	running
	kill "$AGENT"
	await -limit 10s exit "$AGENT"
	call exec --pid-file "$T/pid" "$ID" true
	fails 255 "failed to connect with seccomp agent"
	absent "$T/pid"
}

@test "seccomp agent: a path relative to the bundle" {
	differs_from_runc "there it is relative to the directory of the call"
	agent
	edit "$(notify "$MKDIR")" '.linux.seccomp.listenerPath="../agent"' "$(args true)"
	run_payload
	equal "$(wc -l <"$T/states")" 1
}

@test "seccomp agent: a path is ignored when nobody is asked" {
	edit "$(notify '[]')" "$(args true)"
	run_payload
}

@test "seccomp agent: calls that cannot be left to one" {
	edit "$(notify '["write"]')"
	call create --bundle "$B" "$ID"
	fails 1 "SCMP_ACT_NOTIFY cannot be used for the write syscall"
	edit "$(notify "$MKDIR")" '.linux.seccomp.defaultAction="SCMP_ACT_NOTIFY"'
	call create --bundle "$B" "$ID"
	fails 1 "SCMP_ACT_NOTIFY cannot be used as default action"
	nothing_left
	[[ $RUNTIME_KIND == runc ]] && return
	edit "$(notify '["mkdir","sendmsg"]')"
	call create --bundle "$B" "$ID"
	fails 1 "linux.seccomp: sendmsg has to be allowed beside SCMP_ACT_NOTIFY"
	nothing_left
}

@test "seccomp agent: what is wrong in the config" {
	differs_from_runc "messages name the field"
	edit "$(notify "$MKDIR")" 'del(.linux.seccomp.listenerPath)'
	call create --bundle "$B" "$ID"
	fails 1 "linux.seccomp.listenerMetadata: must not be set without listenerPath"
	edit 'del(.linux.seccomp.listenerMetadata)'
	call create --bundle "$B" "$ID"
	fails 1 "linux.seccomp.listenerPath: required with SCMP_ACT_NOTIFY"
	nothing_left
}

@test "seccomp agent: the payload does not get the listener" {
	agent
	probe "$(notify "$MKDIR")"
	want '.fds|keys' '["0","1","2"]'
}
