load lib

@test "lifecycle: created, started, killed, deleted" {
	bundle "$(args sleep 100)"
	created
	call start "$ID"
	ok
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ok
	nothing_left
}

@test "lifecycle: created, killed, deleted" {
	bundle
	created
	call kill "$ID" KILL
	ok
	ended
	call start "$ID"
	exited 1
	call delete "$ID"
	ok
	nothing_left
}

@test "lifecycle: verbs in a wrong state are errors without effect" {
	bundle "$(args sleep 100)"
	# created: cannot be resumed
	created
	call resume "$ID"
	exited 1
	is created
	# running: cannot be started, resumed, deleted, created
	call start "$ID"
	ok
	call start "$ID"
	exited 1
	call resume "$ID"
	exited 1
	call delete "$ID"
	exited 1
	call create --bundle "$B" "$ID"
	exited 1
	is running
	equal "$(pid_of)" "$PID"
	# paused: cannot be started, paused, deleted, entered
	call pause "$ID"
	ok
	call start "$ID"
	exited 1
	call pause "$ID"
	exited 1
	call delete "$ID"
	exited 1
	call exec "$ID" true
	exited 255
	is paused
	call resume "$ID"
	ok
	# stopped: nothing but delete
	call kill "$ID" KILL
	ok
	ended
	local verb
	for verb in start pause resume kill; do
		call $verb "$ID"
		exited 1
	done
	call exec "$ID" true
	exited 255
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "lifecycle: an unknown id, each verb" {
	local verb
	for verb in start state kill delete pause resume ps; do
		call $verb "$ID"
		fails 1 "does not exist"
	done
	call exec "$ID" true
	fails 255 "does not exist"
	nothing_left
}

@test "lifecycle: of parallel creates of one id exactly one wins" {
	needs_runc 1.2 "the directory is made in one step"
	bundle
	local n pids=() won=0
	for n in 1 2 3 4 5; do
		spawn "create$n" "$RUNTIME" --root "$ROOT" create --bundle "$B" "$ID"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3 4 5; do
		reap "create$n" "${pids[n - 1]}"
		if [[ $status == 0 ]]; then
			won=$((won + 1))
		else
			contains "$error" "container with given ID already exists"
		fi
	done
	equal "$won" 1 "creates that succeeded"
	is created
	call delete --force "$ID"
	ok
	nothing_left
}

@test "lifecycle: many containers at once" {
	bundle "$(args sleep 100)"
	local n pids=()
	for n in 1 2 3 4 5 6; do
		mkdir "$T/b$n"
		jq ".linux.cgroupsPath=\"/$ID-$n\" | .root.path=\"$B/rootfs\"" "$B/config.json" >"$T/b$n/config.json"
		spawn "run$n" "$RUNTIME" --root "$ROOT" run --detach --bundle "$T/b$n" "$ID-$n"
		pids+=("$SPAWNED_PID")
	done
	for n in 1 2 3 4 5 6; do
		reap "run$n" "${pids[n - 1]}"
		exited 0
	done
	call list -q
	ok
	equal "$(wc -l <"$OUT")" 6
	for n in 1 2 3 4 5 6; do
		spawn "delete$n" "$RUNTIME" --root "$ROOT" delete --force "$ID-$n"
		pids[n - 1]=$SPAWNED_PID
	done
	for n in 1 2 3 4 5 6; do
		reap "delete$n" "${pids[n - 1]}"
		exited 0
	done
	nothing_left
}

@test "lifecycle: the same bundle twice under two names" {
	bundle "$(args sleep 100)"
	running
	edit ".linux.cgroupsPath=\"/$ID-2\""
	call run --bundle "$B" --detach "$ID-2"
	exited 0
	is running
	is running "$ID-2"
}

@test "lifecycle: a change of config.json after create has no effect" {
	bundle "$(args echo first)"
	created
	edit "$(args echo second)" '.process.user={uid:1000,gid:1000}'
	call start "$ID"
	ok
	ended
	equal "$(<"$CTOUT")" first
}

@test "lifecycle: a creator killed at any moment leaves what delete --force removes" {
	differs_from_runc "delete --force cleans up after a create that was killed at any point"
	bundle
	local delay failures=""
	for delay in 0.001 0.003 0.005 0.008 0.012 0.016 0.02 0.03; do
		timeout -s KILL "$delay" "$RUNTIME" --root "$ROOT" create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- || true
		call delete --force "$ID"
		[[ $status == 0 ]] || failures+="after $delay: $error"$'\n'
		leftovers >"$T/left"
		[[ ! -s $T/left ]] || failures+="after $delay: $(<"$T/left")"$'\n'
	done
	equal "$failures" ""
}

@test "lifecycle: a state file that is broken: delete --force removes all or says it did not" {
	differs_from_runc "delete --force of a container with a broken state file removes all of it or fails"
	bundle "$(args sleep 100)"
	running
	cp "$ROOT/$ID/state.json" "$T/state.json"
	echo '{' >"$ROOT/$ID/state.json"
	call state "$ID"
	exited 1
	call delete --force "$ID"
	if [[ $status == 0 ]]; then
		nothing_left
	else
		cp "$T/state.json" "$ROOT/$ID/state.json"
	fi
}

@test "lifecycle: the state directory holds nothing of other users" {
	bundle
	created
	equal "$(stat -c %u "$ROOT/$ID")" 0
	# A fifo or socket to which start comes may be open to root of a user
	# namespace; its directory is not.
	equal "$(find "$ROOT" -perm /o+w ! -type l ! -type p ! -type s)" "" "writable by everyone"
	equal "$(find "$ROOT/$ID" -maxdepth 0 -perm /o+rw)" "" "directory open to everyone"
}

@test "lifecycle: a container survives its runtime's caller" {
	requires isolated
	bundle "$(args sleep 100)"
	# The caller is a session that ends, with everything in it.
	setsid --wait sh -c '"$@" </dev/null >/dev/null 2>&1' - "$RUNTIME" --root "$ROOT" run --detach --bundle "$B" "$ID" 3>&- 4>&-
	is running
}

@test "lifecycle: create, start, delete again and again leaves nothing" {
	bundle
	local n
	for n in {1..25}; do
		call create --bundle "$B" "$ID"
		ok
		call start "$ID"
		ok
		call delete --force "$ID"
		ok
	done
	nothing_left
}

@test "lifecycle: the payload may end before start returns" {
	bundle
	local n
	for n in 1 2 3 4 5; do
		call run --bundle "$B" --detach --pid-file "$T/pid" "$ID"
		ok
		matches "$(<"$T/pid")" '^[0-9]+$'
		ended "$(<"$T/pid")"
		is stopped
		call delete "$ID"
		ok
	done
}
