load lib

# payload_at PATH makes a bundle whose payload is PATH.
payload_at() {
	bundle "$(args "$1")"
}

# run_fails TEXT… wants run to fail with the words and to leave nothing.
run_fails() {
	call run --bundle "$B" "$ID"
	fails 1 "$@"
	nothing_left
}

@test "start fails: a name that is not in PATH" {
	payload_at nosuch
	run_fails 'exec: "nosuch": executable file not found in $PATH'
}

@test "start fails: a path that does not exist" {
	payload_at /no/such/file
	run_fails "/no/such/file: no such file or directory"
}

@test "start fails: both are found by create already" {
	payload_at nosuch
	call create --bundle "$B" "$ID"
	fails 1 'exec: "nosuch": executable file not found in $PATH'
	nothing_left
	edit "$(args /no/such/file)"
	call create --bundle "$B" "$ID"
	fails 1 "/no/such/file: no such file or directory"
	nothing_left
}

@test "start fails: a file that is not executable" {
	payload_at /bin/plain
	: >"$B/rootfs/bin/plain"
	run_fails "permission denied"
	edit "$(args plain)"
	call run --bundle "$B" "$ID"
	exited 1
	matches "$error" 'permission denied|executable file not found in \$PATH'
	nothing_left
}

@test "start fails: a directory" {
	needs_runc 1.2 "the words for a directory"
	payload_at /etc
	run_fails "is a directory"
	differs_from_runc "both words: Docker 20.10 knows 126 by the second"
	run_fails "is a directory: permission denied"
	lacks "$error" "no such file"
}

@test "start fails: a file below a file" {
	payload_at /etc/passwd/x
	run_fails "not a directory"
}

@test "start fails: a symbolic link that dangles or loops" {
	payload_at /bin/dangling
	ln -s /no/such "$B/rootfs/bin/dangling"
	run_fails "no such file or directory"
	edit "$(args /bin/loop)"
	ln -s loop "$B/rootfs/bin/loop"
	run_fails "too many levels of symbolic links"
}

@test "start fails: a directory on the way that the user may not enter" {
	bundle '.process.user={uid:1000,gid:1000}' "$(args /root/program)"
	cp "$B/rootfs/bin/busybox" "$B/rootfs/root/program"
	run_fails "permission denied"
}

@test "start fails: a missing ELF interpreter is named" {
	payload_at /bin/dynamic
	cp /bin/ls "$B/rootfs/bin/dynamic"
	local interpreter
	interpreter=$(readelf -l /bin/ls 2>/dev/null | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	[[ -n $interpreter ]] || interpreter=$(grep -ao '/lib[^ ]*/ld-linux[a-z0-9_.-]*' /bin/ls | head -n 1)
	differs_from_runc "a missing interpreter is an error of start that names the interpreter"
	run_fails "no such file or directory" "$interpreter"
}

@test "start fails: a missing #! interpreter is named" {
	payload_at /bin/script
	printf '#!/no/such/shell -x\necho\n' >"$B/rootfs/bin/script"
	chmod 755 "$B/rootfs/bin/script"
	differs_from_runc "a missing interpreter is an error of start that names the interpreter"
	run_fails "no such file or directory" "/no/such/shell"
}

@test "start fails: another machine's program" {
	payload_at /bin/other
	cp "$B/rootfs/bin/busybox" "$B/rootfs/bin/other"
	# e_machine of the ELF header: SPARC.
	printf '\x02\x00' | dd of="$B/rootfs/bin/other" bs=1 seek=18 conv=notrunc status=none
	differs_from_runc "a program that cannot be executed is an error of start that says why"
	run_fails "exec format error"
	matches "$error" '[Ss][Pp][Aa][Rr][Cc]|machine'
}

@test "start fails: neither ELF nor #!" {
	payload_at /bin/text
	echo 'echo text' >"$B/rootfs/bin/text"
	chmod 755 "$B/rootfs/bin/text"
	differs_from_runc "a program that cannot be executed is an error of start that says why"
	run_fails "exec format error"
}

@test "start fails: an empty program" {
	payload_at /bin/empty
	: >"$B/rootfs/bin/empty"
	chmod 755 "$B/rootfs/bin/empty"
	differs_from_runc "a program that cannot be executed is an error of start that says why"
	run_fails "exec format error"
}

@test "start fails: a program on a mount with noexec" {
	mkdir "$T/v"
	cp "$RUNG_TEST_BUILD/rootfs/bin/busybox" "$T/v/busybox"
	bundle "$(mount_at /mnt bind "$T/v" bind noexec)" "$(args /mnt/busybox true)"
	run_fails "permission denied"
}

@test "start fails: create then start: reported by start, then stopped, then gone" {
	payload_at /bin/script
	printf '#!/no/such/shell\n' >"$B/rootfs/bin/script"
	chmod 755 "$B/rootfs/bin/script"
	differs_from_runc "a program that cannot be executed is an error of start that says why"
	created
	call start "$ID"
	fails 1 "no such file or directory" "/no/such/shell"
	[[ ! -d /proc/$PID ]] || ended
	call delete --force "$ID"
	ok
	nothing_left
}

@test "start fails: no poststart hook for a payload that did not run" {
	payload_at /bin/script
	printf '#!/no/such/shell\n' >"$B/rootfs/bin/script"
	chmod 755 "$B/rootfs/bin/script"
	edit ".hooks={poststart:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"echo ran >'$T/ran'\"]}]}"
	differs_from_runc "poststart hooks run in start, after the payload's execve, not in create"
	call run --bundle "$B" "$ID"
	exited 1
	absent "$T/ran"
	nothing_left
}

@test "start fails: detached as well" {
	payload_at /no/such/file
	call run --bundle "$B" --detach --pid-file "$T/pid" "$ID"
	fails 1 "no such file or directory"
	absent "$T/pid"
	nothing_left
}

@test "start fails: with a terminal" {
	bundle '.process.terminal=true' "$(args /no/such/file)"
	spawn run ptyrun -- "$RUNTIME" --root "$ROOT" run --bundle "$B" "$ID"
	reap run "$SPAWNED_PID"
	exited 1
	contains "$output" "no such file or directory"
	equal "$error" "terminal restored"
	nothing_left
}

@test "start fails: exec of each kind" {
	bundle "$(args sleep 100)"
	printf '#!/no/such/shell\n' >"$B/rootfs/bin/script"
	echo text >"$B/rootfs/bin/text"
	chmod 755 "$B/rootfs/bin/script" "$B/rootfs/bin/text"
	running
	differs_from_runc "a program that cannot be executed is an error of exec that says why"
	call exec "$ID" script
	fails 255 "no such file or directory" "/no/such/shell"
	call exec "$ID" text
	fails 255 "exec format error"
	is running
}

@test "start fails: words that mean something else to callers do not slip in" {
	# "permission denied" and "no such file" turn into exit codes of callers.
	bundle '.process.rlimits=[{type:"RLIMIT_NOSUCH",soft:1,hard:1}]'
	call run --bundle "$B" "$ID"
	exited 1
	lacks "$error" "permission denied"
	lacks "$error" "no such file"
	config '.linux.namespaces += [{type:"ipc"}]'
	call run --bundle "$B" "$ID"
	exited 1
	lacks "$error" "permission denied"
	lacks "$error" "no such file"
	lacks "$error" "operation not permitted"
}

@test "start fails: the message is short and on one line" {
	payload_at /no/such/file
	call --log "$T/log" run --bundle "$B" "$ID"
	exited 1
	equal "$(wc -l <"$ERR")" 1
	[[ ${#error} -lt 400 ]] || flunk "${#error} characters: $error"
}

@test "start fails: the filter does not let init execute anything" {
	differs_from_runc "runc cannot tell, and says nothing"
	local action
	for action in SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_ERRNO SCMP_ACT_TRAP; do
		bundle ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",syscalls:[{names:[\"execve\",\"sendmsg\"],action:\"$action\"}]}"
		call run --bundle "$B" "$ID"
		fails 1 "init: ended before it became the payload" "linux.seccomp has to allow execve"
		nothing_left
		# What start says depends on who reaps init first.
		created
		call start "$ID"
		ended
		is stopped
		call delete "$ID"
		ok
	done
}

@test "start fails: the filter does not let init tell why" {
	differs_from_runc "runc cannot tell, and says nothing"
	bundle '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sendmsg"],action:"SCMP_ACT_ERRNO"}]}' "$(args /bin/text)"
	printf '%s\n' "no program" >"$B/rootfs/bin/text"
	chmod +x "$B/rootfs/bin/text"
	call run --bundle "$B" "$ID"
	fails 1 "init: ended before it became the payload, exited with status 1"
	nothing_left
}

@test "start: a payload that ends at once did start" {
	bundle '.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sendmsg"],action:"SCMP_ACT_ERRNO"}]}' "$(args true)"
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		call run --bundle "$B" "$ID"
		ok
		call create --bundle "$B" "$ID"
		ok
		call start "$ID"
		ok
		call delete --force "$ID"
		ok
	done
}

@test "start: init is known by its name in ps until then" {
	differs_from_runc "the name is runc's own there"
	bundle "$(args sleep 100)"
	created
	equal "$(cat "/proc/$PID/comm")" "rung: init"
	call start "$ID"
	ok
	equal "$(cat "/proc/$PID/comm")" sleep
}
