load lib

@test "start: lets the payload go" {
	bundle "$(script 'echo started; sleep 100')"
	created
	call start "$ID"
	ok
	is running
	await text "$CTOUT" started
	equal "$(pid_of)" "$PID" "pid after start"
}

@test "start: the payload's program runs when it returns" {
	differs_from_runc "start returns after the payload's execve, not before it"
	bundle "$(args sleep 100)"
	created
	call start "$ID"
	ok
	equal "$(tr '\0' ' ' <"/proc/$PID/cmdline")" "sleep 100 "
}

@test "start: prints nothing" {
	bundle
	created
	call start "$ID"
	ok
	stdout ""
}

@test "start: twice is an error without effect" {
	bundle "$(args sleep 100)"
	created
	call start "$ID"
	ok
	call start "$ID"
	fails 1 "cannot start an already running container"
	is running
	equal "$(pid_of)" "$PID"
}

@test "start: after the end is an error" {
	bundle
	created
	call start "$ID"
	ok
	ended
	call start "$ID"
	fails 1 "cannot start a container that has stopped"
	is stopped
}

@test "start: an unknown container" {
	call start "$ID"
	fails 1 "container does not exist"
}

@test "start: a container whose init was killed before" {
	bundle
	created
	kill -KILL "$PID"
	ended
	call start "$ID"
	fails 1 "cannot start a container that has stopped"
	is stopped
}

@test "start: only one of two at the same time wins" {
	differs_from_runc "of two starts at the same time one succeeds and one fails"
	bundle "$(script 'echo started; sleep 100')"
	created
	spawn one "$RUNTIME" --root "$ROOT" start "$ID"
	local one=$SPAWNED_PID
	spawn two "$RUNTIME" --root "$ROOT" start "$ID"
	local two=$SPAWNED_PID won=0
	reap one "$one"
	[[ $status == 0 ]] && won=$((won + 1))
	reap two "$two"
	[[ $status == 0 ]] && won=$((won + 1))
	is running
	equal "$won" 1 "starts that succeeded"
	await text "$CTOUT" started
	equal "$(grep -c started "$CTOUT")" 1 "times the payload ran"
}
