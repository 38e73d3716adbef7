load lib

@test "run: the exit status is the payload's" {
	local code
	bundle
	for code in 0 3 255; do
		edit "$(script "exit $code")"
		call run --bundle "$B" "$ID"
		exited $code
		equal "$error" "" "stderr"
		nothing_left
	done
}

@test "run: a payload killed by signal N gives 128+N" {
	bundle
	local n
	for n in 9 15; do
		# Init of a PID namespace ignores what it does not handle, so it has
		# to come from outside: the parent's KILL, or a child that is killed.
		edit "$(script "sh -c 'kill -$n \$\$'; exit \$?")"
		call run --bundle "$B" "$ID"
		exited $((128 + n))
	done
}

@test "run: init killed from outside gives 128+N" {
	bundle "$(script 'echo started; exec sleep 100')"
	spawn run "$RUNTIME" --root "$ROOT" run --bundle "$B" --pid-file "$T/pid" "$ID"
	# The pid file is there before the program runs.
	await text "$T/run.out" started
	kill -KILL "$(<"$T/pid")"
	reap run "$SPAWNED_PID"
	exited 137
	nothing_left
}

@test "run: stdin, stdout and stderr are the caller's" {
	bundle "$(script 'cat; echo to stderr >&2')"
	printf 'line one\nline two' >"$T/in"
	IN=$T/in call run --bundle "$B" "$ID"
	exited 0
	equal "$output" $'line one\nline two'
	equal "$error" "to stderr"
}

@test "run: the bundle is the current directory by default" {
	bundle "$(args echo here)"
	cd "$B"
	call run "$ID"
	ok
	stdout here
}

@test "run: flags may come after the id" {
	bundle "$(args echo here)"
	call run "$ID" --bundle "$B"
	ok
	stdout here
}

@test "run: a bundle may be given relative to the current directory" {
	bundle "$(args echo here)"
	cd "$T"
	call run --bundle bundle "$ID"
	ok
	stdout here
}

@test "run: forwards signals to the payload" {
	bundle "$(script 'trap "echo got TERM; exit 5" TERM; echo ready; sleep 100 & wait')"
	spawn run "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	await text "$T/run.out" ready
	kill -TERM "$SPAWNED_PID"
	reap run "$SPAWNED_PID"
	exited 5
	contains "$output" "got TERM"
	nothing_left
}

@test "run: forwards what ^C sends" {
	bundle "$(script 'trap "echo got INT; exit 7" INT; echo ready; sleep 100 & wait')"
	spawn run "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	await text "$T/run.out" ready
	kill -INT "$SPAWNED_PID"
	reap run "$SPAWNED_PID"
	exited 7
}

@test "run: forwards user signals too" {
	bundle "$(script 'trap "echo got USR1; exit 6" USR1; echo ready; sleep 100 & wait')"
	spawn run "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	await text "$T/run.out" ready
	kill -USR1 "$SPAWNED_PID"
	reap run "$SPAWNED_PID"
	exited 6
}

@test "run: the container is visible while it runs" {
	bundle "$(args sleep 100)"
	spawn run "$RUNTIME" --root "$ROOT" run --bundle "$B" --pid-file "$T/pid" "$ID"
	local runner=$SPAWNED_PID
	await file "$T/pid"
	equal "$(pid_of)" "$(<"$T/pid")"
	call kill "$ID" KILL
	ok
	reap run "$runner"
	exited 137
	nothing_left
}

@test "run --detach: returns while the payload runs" {
	bundle "$(script 'echo out; echo err >&2; sleep 100')"
	running
	is running
	await text "$CTOUT" out
	await text "$CTERR" err
}

@test "run --detach: the payload's end leaves a stopped container" {
	bundle "$(script 'exit 3')"
	running
	[[ $PID == 0 ]] || ended
	is stopped
	call delete "$ID"
	ok
	nothing_left
}

@test "run --pid-file: digits only, complete, no newline" {
	bundle "$(args sleep 100)"
	running --pid-file "$T/pid"
	equal "$(od -An -c "$T/pid" | tr -d ' \n')" "$PID"
	equal "$(stat -c %s "$T/pid")" "${#PID}" "size of the pid file"
	absent "$T/.pid"
}

@test "run --pid-file: an existing file is replaced" {
	bundle "$(args sleep 100)"
	echo "something long that was there before" >"$T/pid"
	running --pid-file "$T/pid"
	equal "$(<"$T/pid")" "$PID"
}

@test "run --pid-file: a file that cannot be written fails the run and leaves nothing" {
	bundle "$(args sleep 100)"
	call run --bundle "$B" --detach --pid-file "$T/no/such/pid" "$ID"
	fails 1 "no such file or directory"
	nothing_left
}

@test "run --pid-file: none is left after a failed start" {
	bundle "$(args /no/such/file)"
	call run --bundle "$B" --detach --pid-file "$T/pid" "$ID"
	exited 1
	absent "$T/pid"
	nothing_left
}

@test "run --keep: leaves the stopped container" {
	needs_runc 1.1 "run --keep"
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	is stopped
	equal "$(pid_of)" 0 "pid of the stopped container"
	call delete "$ID"
	ok
	nothing_left
}

@test "run --keep: the id stays taken" {
	bundle
	call run --bundle "$B" --keep "$ID"
	ok
	call run --bundle "$B" "$ID"
	fails 1 "container with given ID already exists"
}

@test "run --pidfd-socket: sends one message with the pidfd of init" {
	needs_runc 1.2 "run --pidfd-socket"
	bundle "$(args sleep 100)"
	spawn pidfd pidfdrecv "$T/s"
	await file "$T/s"
	running --pidfd-socket "$T/s"
	reap pidfd "$SPAWNED_PID"
	exited 0
	equal "$(jq -c '[.fds,.more,.pid,(.data|length>0)]' <<<"$output")" "[1,0,$PID,true]"
}

@test "run --pidfd-socket: nobody listening is an error that leaves nothing" {
	needs_runc 1.2 "run --pidfd-socket"
	differs_from_runc "a pidfd socket that cannot be reached fails without leaving state"
	bundle "$(args sleep 100)"
	call run --bundle "$B" --detach --pidfd-socket "$T/none" "$ID"
	fails 1 "no such file or directory"
	nothing_left
}

@test "run --preserve-fds: descriptors keep their numbers" {
	bundle "$(script 'readlink /proc/self/fd/3; readlink /proc/self/fd/4; cat <&3; ls /proc/self/fd | wc -l')"
	echo three >"$T/three"
	echo four >"$T/four"
	PASS=2 call run --bundle "$B" --preserve-fds 2 "$ID" 3<"$T/three" 4<"$T/four"
	ok
	# 0 1 2 3 4 and the one that ls itself opens
	stdout "$(printf '%s\n' "$T/three" "$T/four" three 6)"
}

@test "run --preserve-fds: a missing descriptor is an error that names it" {
	bundle
	PASS=1 call run --bundle "$B" --preserve-fds 60 "$ID" 3</dev/null
	exited 1
	matches "$error" 'fd[^0-9]*[0-9]+|[0-9]+.*fd'
}

@test "run --preserve-fds: what the runtime itself has open is not handed over (runc 5474)" {
	differs_from_runc "--preserve-fds counts only descriptors of the caller"
	bundle "$(script 'ls -l /proc/self/fd')"
	PASS=1 call run --bundle "$B" --preserve-fds 2 "$ID" 3</dev/null
	exited 1
	matches "$error" 'fd[^0-9]*4|4.*fd'
	nothing_left
	call run --bundle "$B" --preserve-fds 8 "$ID"
	exited 1
	matches "$error" 'fd[^0-9]*3|3.*fd'
	nothing_left
}

@test "run: descriptors that were not asked for do not reach the payload" {
	bundle "$(args /bin/probe)"
	PASS=3 call run --bundle "$B" "$ID" 3<"$T" 4</dev/null 5<"$HERE/lib.bash"
	ok
	equal "$(jq -c '.fds|keys' <<<"$output")" '["0","1","2"]'
}

@test "run --no-pivot: runs without pivot_root" {
	bundle "$(script "ls / | head -n 1; test ! -e '$HERE' && readlink /proc/self/root")"
	call run --bundle "$B" --no-pivot "$ID"
	ok
	stdout $'bin\n/'
}

@test "run: the session keyring is the container's own" {
	probe
	matches "$(got .keyringName)" "_ses\.$ID"
	differ "$(got .keyring)" "$("$RUNG_TEST_BUILD/bin/probe" | jq .keyring)" "keyring serial"
}

@test "run --no-new-keyring: keeps the caller's" {
	bundle "$(args /bin/probe)"
	run_payload --no-new-keyring
	equal "$(jq .keyring <<<"$output")" "$("$RUNG_TEST_BUILD/bin/probe" | jq .keyring)" "keyring serial"
}

@test "run: the payload's timers are as exact as the caller's" {
	bundle "$(args cat /proc/self/timerslack_ns)"
	call run --bundle "$B" "$ID"
	ok
	stdout "$(cat /proc/self/timerslack_ns)"
}

@test "run --no-subreaper: accepted" {
	bundle "$(args echo fine)"
	call run --bundle "$B" --no-subreaper "$ID"
	ok
	stdout fine
}

@test "run -no-subreaper: a long flag may have one dash" {
	bundle "$(args echo fine)"
	call run -bundle "$B" -no-subreaper "$ID"
	ok
	stdout fine
}

@test "run: an orphan of the container without PID namespace does not hold the run up" {
	bundle "$(no_ns pid)" "$(script 'sleep 100 & exit 4')"
	call run --bundle "$B" "$ID"
	exited 4
	nothing_left
}

@test "run: LISTEN_FDS of the caller reach the payload" {
	bundle "$(script 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; cat <&4; ls /proc/self/fd | wc -l')"
	WRAP="sdhelper listen 2 --" call run --bundle "$B" "$ID"
	ok
	stdout $'2 1\nlisten fd 3\nlisten fd 4\n6'
}

@test "run: LISTEN_FDNAMES goes with LISTEN_FDS" {
	differs_from_runc "LISTEN_FDNAMES is passed on too"
	bundle "$(script 'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"')"
	WRAP="sdhelper listen 2 -names web:admin --" call run --bundle "$B" "$ID"
	ok
	stdout "2 1 web:admin"
}

@test "run: LISTEN_FDS meant for another process are not passed" {
	bundle "$(script 'echo "[$LISTEN_FDS$LISTEN_PID]"; ls /proc/self/fd | wc -l')"
	PASS=1 WRAP="env LISTEN_FDS=1 LISTEN_PID=1" call run --bundle "$B" "$ID" 3</dev/null
	ok
	stdout $'[]\n4'
}

@test "run --preserve-fds: come after those of LISTEN_FDS" {
	bundle "$(script 'echo "$LISTEN_FDS"; cat <&3; cat <&4')"
	echo "listened" >"$T/three"
	echo "preserved" >"$T/four"
	# The runtime's own pid has to be in LISTEN_PID: a shell that execs it.
	PASS=2 WRAP="sh -c 'LISTEN_FDS=1 LISTEN_PID=\$\$ exec \"\$0\" \"\$@\"'" \
		call run --bundle "$B" --preserve-fds 1 "$ID" 3<"$T/three" 4<"$T/four"
	ok
	stdout $'1\nlistened\npreserved'
}

@test "run: NOTIFY_SOCKET relays READY and tells MAINPID and a barrier" {
	needs_runc 1.2 "the barrier"
	bundle
	cp "$RUNG_TEST_BUILD/bin/sdhelper" "$B/rootfs/bin/sdhelper"
	edit "$(script 'echo "$NOTIFY_SOCKET"; sdhelper send "$NOTIFY_SOCKET" READY=1; sleep 100')"
	spawn notify sdhelper notify "$T/n"
	local notify=$SPAWNED_PID
	await file "$T/n"
	export NOTIFY_SOCKET=$T/n
	running
	unset NOTIFY_SOCKET
	reap notify "$notify"
	equal "$(jq -r .data <<<"$output" | grep .)" "$(printf 'READY=1\nMAINPID=%s\nBARRIER=1' "$PID")"
	equal "$(jq -c .fds <<<"$output" | tail -n 1)" 1 "descriptors with the barrier"
	equal "$(<"$CTOUT")" /run/notify/notify.sock
}

@test "run: without NOTIFY_SOCKET the payload has none" {
	bundle "$(script 'echo "[$NOTIFY_SOCKET]"; ls /run')"
	run_payload
	stdout "[]"
}

@test "run: a Docker-sized bundle" {
	mkdir "$B"
	cp -a "$RUNG_TEST_BUILD/rootfs" "$B/rootfs"
	local profile=()
	[[ ! -e $(seccomp_profile) ]] || profile=(-seccomp "$(seccomp_profile)")
	dockerbundle "${profile[@]}" -cgroup "/$ID" "$B" "$B/rootfs" /bin/probe
	equal "$(jq '.mounts|length' "$B/config.json")" 20 "mounts in the bundle"
	run_payload
	cp "$OUT" "$T/probe.json"
	want .caps.bounding 00000000a80425fb
	want .caps.ambient 0000000000000000
	want '.groups|sort' '[0,10]'
	want .hostname 0123456789ab
	local target
	while read -r target; do
		contains "$(got '[.mounts[].target]|join(" ")') " "$target "
	done < <(jq -r '.mounts[].destination' "$B/config.json")
	want '[.mounts[]|select(.target=="/srv/plugins")|.options[0]]|join(" ")' ro
	[[ ${#profile[@]} == 0 ]] || want .seccomp 2
}

@test "run: a Debian root filesystem" {
	requires debian
	mkdir "$B"
	config ".root={path:\"$(debian_rootfs)\",readonly:true}" \
		"$(script 'dpkg --version | head -n 1; . /etc/os-release; echo "$ID"; perl -e "print 6*7"')"
	run_payload
	contains "$output" "package management program"
	contains "$output" debian
	contains "$output" 42
}
