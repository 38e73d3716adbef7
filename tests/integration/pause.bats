load lib

@test "pause and resume" {
	bundle "$(script 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done')"
	running
	await text "$CTOUT" 2
	call pause "$ID"
	ok
	stdout ""
	is paused
	local before
	before=$(wc -c <"$CTOUT")
	# Long enough for ten more lines if it still ran.
	sleep 0.2
	equal "$(wc -c <"$CTOUT")" "$before" "output while paused"
	call resume "$ID"
	ok
	stdout ""
	is running
	await text "$CTOUT" "$(($(tail -n 1 "$CTOUT") + 1))"
}

@test "pause: a paused container" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	call pause "$ID"
	fails 1 "container not running"
	is paused
	call resume "$ID"
	ok
}

@test "resume: a running container" {
	bundle "$(args sleep 100)"
	running
	call resume "$ID"
	fails 1 "container not paused"
	is running
}

@test "pause: a created container" {
	bundle
	created
	call pause "$ID"
	ok
	is paused
	call resume "$ID"
	ok
	is created
	call start "$ID"
	ok
	ended
}

@test "pause and resume: a stopped container" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call pause "$ID"
	fails 1 "container not running"
	call resume "$ID"
	fails 1 "container not paused"
	is stopped
}

@test "pause and resume: an unknown container" {
	call pause "$ID"
	fails 1 "container does not exist"
	call resume "$ID"
	fails 1 "container does not exist"
}

@test "pause: every process of the container" {
	bundle "$(args sleep 100)"
	running
	call exec --detach "$ID" sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done'
	exited 0
	local out=$OUT before
	await text "$out" 2
	call pause "$ID"
	ok
	before=$(wc -c <"$out")
	sleep 0.2
	equal "$(wc -c <"$out")" "$before" "output while paused"
	call resume "$ID"
	ok
}

@test "pause: delete --force ends it" {
	bundle "$(args sleep 100)"
	running
	call pause "$ID"
	ok
	call delete --force "$ID"
	ok
	nothing_left
}

@test "pause and resume: need no PATH nor any other variable" {
	bundle "$(args /bin/sleep 100)"
	running
	WRAP="env -i" call pause "$ID"
	ok
	is paused
	WRAP="env -i" call resume "$ID"
	ok
	is running
}
