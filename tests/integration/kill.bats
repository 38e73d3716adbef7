load lib

# trapper NAME makes a payload that tells of the signal and ends.
trapper() {
	bundle "$(script "trap 'echo got $1; exit 11' $1; echo ready; sleep 100 & wait")"
	running
	await text "$CTOUT" ready
}

@test "kill: TERM by default" {
	trapper TERM
	call kill "$ID"
	ok
	ended
	contains "$(<"$CTOUT")" "got TERM"
	is stopped
}

@test "kill: prints nothing" {
	bundle "$(args sleep 100)"
	running
	call kill "$ID" KILL
	ok
	stdout ""
	ended
}

@test "kill: a signal by number" {
	trapper USR1
	call kill "$ID" 10
	ok
	ended
	contains "$(<"$CTOUT")" "got USR1"
}

@test "kill: a signal by name, with and without SIG, in any case" {
	local name
	for name in HUP SIGHUP hup sighup SigHup; do
		trapper HUP
		call kill "$ID" "$name"
		ok
		ended
		contains "$(<"$CTOUT")" "got HUP"
		call delete "$ID"
		ok
		rm -rf "$B"
	done
}

@test "kill: a real-time signal by number" {
	trapper 36
	call kill "$ID" 36
	ok
	ended
	contains "$(<"$CTOUT")" "got 36"
}

@test "kill: signal 0 asks without effect" {
	bundle "$(args sleep 100)"
	running
	call kill "$ID" 0
	ok
	is running
}

@test "kill: an unknown signal" {
	bundle "$(args sleep 100)"
	running
	local name
	for name in FOO SIGFOO KILLL 9x SIG; do
		call kill "$ID" "$name"
		exited 1
	done
	call kill "$ID" FOO
	fails 1 'unknown signal "FOO"'
	is running
}

@test "kill: an unknown container" {
	call kill "$ID" KILL
	fails 1 "container does not exist"
}

@test "kill: a stopped container" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call kill "$ID" KILL
	fails 1 "container not running"
	is stopped
}

@test "kill --all: a stopped container is no error" {
	needs_runc 1.2 "kill --all of a stopped container"
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call kill --all "$ID" 9
	ok
	call kill -a "$ID" 9
	ok
	is stopped
}

@test "kill --all: flags may come after the id" {
	bundle "$(args sleep 100)"
	running
	call kill "$ID" KILL --all
	ok
	ended
}

@test "kill: a created container" {
	bundle
	created
	call kill "$ID" KILL
	ok
	ended
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "kill: TERM ends a created container" {
	bundle
	created
	call kill "$ID" TERM
	ok
	# Init of a PID namespace ignores TERM as long as it does not handle it;
	# runc is one more such init, so its answer may be either.
	call kill "$ID" KILL
	[[ $status == 0 || $error == *"container not running"* ]] || flunk "kill after kill: $error"
	ended
}

@test "kill: a paused container" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	call kill "$ID" KILL
	ok
	ended
	is stopped
}

@test "kill: only init gets the signal" {
	bundle "$(script 'sh -c "trap \"echo child\" USR1; echo child ready; sleep 100 & wait" &
		trap "echo init; exit 0" USR1; echo init ready; sleep 100 & wait')"
	running
	await text "$CTOUT" "child ready"
	await text "$CTOUT" "init ready"
	call kill "$ID" USR1
	ok
	ended
	lacks "$(<"$CTOUT")" $'\nchild\n'
}

@test "kill: KILL without PID namespace reaches every process" {
	needs_runc 1.2 "kill of a container without PID namespace"
	bundle "$(no_ns pid)" "$(script 'sleep 101 & sleep 102 & echo ready; wait')"
	running
	await text "$CTOUT" ready
	local pids pid
	mapfile -t pids <"$(cgroup_dir pids)/cgroup.procs"
	[[ ${#pids[@]} -ge 3 ]] || flunk "only ${#pids[@]} processes"
	call kill "$ID" KILL
	ok
	for pid in "${pids[@]}"; do ended "$pid"; done
}

@test "kill: TERM without PID namespace reaches init alone" {
	bundle "$(no_ns pid)" "$(script 'sleep 101 & trap "exit 0" TERM; echo ready; sleep 100 & wait')"
	running
	await text "$CTOUT" ready
	local others
	others=$(grep -lx "sleep" /proc/[0-9]*/comm 2>/dev/null | wc -l)
	call kill "$ID" TERM
	ok
	ended
	[[ $others -gt 0 ]] || flunk "no child was there"
	is stopped
}

@test "kill: needs no PATH nor any other variable" {
	bundle "$(args /bin/sleep 100)"
	running
	WRAP="env -i" call kill "$ID" KILL
	ok
	ended
}

@test "kill: at the same time from many sides" {
	bundle "$(args sleep 100)"
	running
	local n pids=() won=0
	for n in 1 2 3 4; do
		spawn "kill$n" "$RUNTIME" --root "$ROOT" kill "$ID" KILL
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3 4; do
		reap "kill$n" "${pids[n - 1]}"
		[[ $status != 0 ]] || won=$((won + 1))
		[[ $status == 0 || $error == *"container not running"* ]] || flunk "unexpected: $error"
	done
	[[ $won -ge 1 ]] || flunk "no kill succeeded"
	ended
}
