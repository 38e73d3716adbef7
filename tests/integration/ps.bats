load lib

@test "ps: table as ps -ef makes it, reduced to the container" {
	bundle "$(args sleep 100)"
	running
	call ps "$ID"
	ok
	matches "$(head -n 1 "$OUT")" '^UID +PID +PPID +C +STIME +TTY +TIME +CMD$'
	equal "$(wc -l <"$OUT")" 2
	matches "$(tail -n 1 "$OUT")" "^root +$PID .*sleep 100$"
}

@test "ps --format json: host pids" {
	bundle "$(args sleep 100)"
	running
	call exec --detach --pid-file "$T/pid" "$ID" sleep 100
	ok
	call ps --format json "$ID"
	ok
	equal "$(jq -c sort "$OUT")" "$(jq -nc "[$PID,$(<"$T/pid")]|sort")"
	equal "$(wc -l <"$OUT")" 1 "lines"
}

@test "ps --format json: null when there is none" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call ps -f json "$ID"
	ok
	stdout null
}

@test "ps: only the header for a stopped container" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call ps "$ID"
	ok
	equal "$(wc -l <"$OUT")" 1
}

@test "ps: arguments for ps" {
	bundle "$(args sleep 100)"
	running
	call ps "$ID" -eo comm,pid
	ok
	matches "$output" "^COMMAND +PID"$'\n'"sleep +$PID$"
	call ps "$ID" -o pid,ppid -e
	ok
	matches "$(tail -n 1 "$OUT")" "^ *$PID +"
}

@test "ps: arguments without a PID column are an error" {
	bundle "$(args sleep 100)"
	running
	call ps "$ID" -eo comm
	fails 1 "PID"
}

@test "ps: works on created and paused containers" {
	bundle "$(args sleep 100)"
	created
	call ps -f json "$ID"
	ok
	stdout "[$PID]"
	call start "$ID"
	ok
	call pause "$ID"
	ok
	call ps -f json "$ID"
	ok
	stdout "[$PID]"
	call resume "$ID"
	ok
}

@test "ps: an unknown format" {
	bundle "$(args sleep 100)"
	running
	call ps --format xml "$ID"
	fails 1 "invalid format option"
}

@test "ps: an unknown container" {
	call ps "$ID"
	fails 1 "container does not exist"
}
