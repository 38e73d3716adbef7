load lib

@test "list: empty" {
	call list
	ok
	matches "$output" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$'
	call list --quiet
	ok
	stdout ""
	call list --format json
	ok
	equal "$(od -An -c "$OUT" | tr -d ' \n')" 'null\n' "bytes"
}

@test "list: the default root need not exist" {
	requires isolated
	absent /run/runc
	invoke list --quiet
	ok
	stdout ""
	rmdir /run/runc 2>/dev/null || true
}

@test "list: an explicit root that does not exist is an error and is not made" {
	needs_runc 1.2 "list with a missing root"
	invoke --root "$T/none" list
	fails 1 "no such file or directory"
	absent "$T/none"
}

@test "list: table" {
	bundle "$(args sleep 100)"
	running
	call list
	ok
	equal "$(wc -l <"$OUT")" 2
	local line
	line=$(tail -n 1 "$OUT")
	matches "$line" "^$ID +$PID +running +$B +20[-0-9]+T[0-9:.]+Z +root$"
	# Columns stand below their headings.
	local head
	head=$(head -n 1 "$OUT")
	local before=${head%%STATUS*}
	equal "${line:${#before}:7}" running "word below STATUS"
}

@test "list --format json" {
	bundle '.annotations={"a":"b"}' "$(args sleep 100)"
	running
	call list -f json
	ok
	equal "$(jq -c 'length' "$OUT")" 1
	equal "$(jq -c '.[0]|keys_unsorted' "$OUT")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
	equal "$(jq -rc '.[0]|[.id,.pid,.status,.owner]' "$OUT")" "[\"$ID\",$PID,\"running\",\"root\"]"
	equal "$(wc -l <"$OUT")" 1 "lines"
}

@test "list --quiet: ids, one a line" {
	bundle
	call create --bundle "$B" "$ID-a"
	ok
	config ".linux.cgroupsPath=\"/$ID-b\""
	call create --bundle "$B" "$ID-b"
	ok
	call list -q
	ok
	equal "$(sort "$OUT")" "$ID-a"$'\n'"$ID-b"
}

@test "list: each state" {
	local id
	bundle "$(args sleep 100)"
	for id in created running paused stopped; do
		config ".linux.cgroupsPath=\"/$ID-$id\"" "$(args sleep 100)"
		call create --bundle "$B" "$ID-$id"
		ok
		[[ $id == created ]] || call start "$ID-$id"
		ok
	done
	call pause "$ID-paused"
	ok
	local pid
	pid=$(pid_of "$ID-stopped")
	call kill "$ID-stopped" KILL
	ok
	ended "$pid"
	call list -f json
	ok
	for id in created running paused stopped; do
		equal "$(jq -r ".[]|select(.id==\"$ID-$id\").status" "$OUT")" "$id"
	done
	equal "$(jq -r ".[]|select(.id==\"$ID-stopped\").pid" "$OUT")" 0
	call resume "$ID-paused"
	ok
}

@test "list: an unknown format" {
	call list --format xml
	fails 1 "invalid format option"
}

@test "list: survives a broken entry" {
	bundle
	created
	mkdir "$ROOT/broken" "$ROOT/empty"
	echo '{"id": "bro' >"$ROOT/broken/state.json"
	: >"$ROOT/a-file"
	call list -q
	exited 0
	contains "$output" "$ID"
	call list -f json
	exited 0
	equal "$(jq -r ".[]|select(.id==\"$ID\").status" "$OUT")" created
	rm -r "$ROOT/broken" "$ROOT/empty" "$ROOT/a-file"
}

@test "list: takes no arguments" {
	call list x
	exited 1
	contains "$error" '"list" requires exactly 0 argument(s)'
}
