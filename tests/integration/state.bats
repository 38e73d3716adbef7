load lib

@test "state: the fields, in their order" {
	bundle '.annotations={"org.example.a":"b"}' "$(args sleep 100)"
	running
	call state "$ID"
	ok
	equal "$(jq -rc 'keys_unsorted' "$OUT")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
	equal "$(jq -r .id "$OUT")" "$ID"
	equal "$(jq -r .status "$OUT")" running
	equal "$(jq -r .bundle "$OUT")" "$B"
	equal "$(jq -r .rootfs "$OUT")" "$B/rootfs"
	equal "$(jq -r .owner "$OUT")" ""
	equal "$(jq -c .annotations "$OUT")" '{"org.example.a":"b"}'
	matches "$(jq -r .ociVersion "$OUT")" '^1\.[0-9]+\.[0-9]+'
	[[ -d /proc/$(jq -r .pid "$OUT") ]] || flunk "pid: no such process"
}

@test "state: indented by two blanks, no newline at the end" {
	bundle
	created
	call state "$ID"
	ok
	cmp "$OUT" <(jq --indent 2 . "$OUT" | head -c -1)
}

@test "state: created is a time with nanoseconds" {
	bundle
	created
	call state "$ID"
	ok
	matches "$(jq -r .created "$OUT")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{1,9}Z$'
	local seconds
	seconds=$(($(date +%s) - $(date -d "$(jq -r .created "$OUT")" +%s)))
	((seconds >= 0 && seconds < 60)) || flunk "created is $seconds seconds ago"
}

@test "state: no annotations, no field" {
	bundle
	created
	call state "$ID"
	ok
	equal "$(jq 'has("annotations")' "$OUT")" false
}

@test "state: created, running, paused, stopped" {
	bundle "$(args sleep 100)"
	created
	is created
	call start "$ID"
	ok
	is running
	call pause "$ID"
	ok
	is paused
	call resume "$ID"
	ok
	is running
	call kill "$ID" KILL
	ok
	ended
	is stopped
	equal "$(pid_of)" 0 "pid of a stopped container"
}

@test "state: creating while the hooks of create run" {
	bundle
	edit ".hooks={createRuntime:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"'$RUNTIME' --root '$ROOT' state '$ID' >'$T/state' 2>&1; true\"]}]}"
	differs_from_runc "a hook of create sees the container as creating"
	created
	equal "$(jq -r .status "$T/state")" creating
}

@test "state: the pid is init's" {
	bundle "$(args sleep 100)"
	running --pid-file "$T/pid"
	equal "$PID" "$(<"$T/pid")"
}

@test "state: an unknown container" {
	call state "$ID"
	fails 1 "container does not exist"
	stdout ""
}

@test "state: a name that is no id" {
	call state ../x
	exited 1
	stdout ""
}

@test "state: a pid that another process has got meanwhile is not taken for init" {
	bundle "$(args sleep 100)"
	running
	kill -KILL "$PID"
	ended
	is stopped
}
