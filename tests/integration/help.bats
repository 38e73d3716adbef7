load lib

setup() {
	begin
	NAME=${RUNTIME##*/}
}

COMMANDS="checkpoint create delete events exec features kill list pause ps restore resume run spec start state update"
[[ ${RUNTIME_KIND:-} == runc ]] || COMMANDS+=" doctor"

@test "help: no command prints it, exit status 0" {
	invoke
	ok
	equal "$(head -n 1 "$OUT")" "NAME:"
	equal "$(sed -n 2p "$OUT")" "   $NAME - Open Container Initiative runtime"
	local command
	for command in $COMMANDS; do matches "$output" $'\n'" +$command"; done
}

@test "help: -h, --help and the command help" {
	local flag first
	invoke
	first=$output
	for flag in -h --help help; do
		invoke $flag
		ok
		equal "$output" "$first" "output of $flag"
	done
}

@test "help: of each command, exit status 0, its name in line 2" {
	local command flag
	for command in $COMMANDS; do
		for flag in -h --help; do
			invoke "$command" $flag
			ok
			equal "$(head -n 1 "$OUT")" "NAME:"
			matches "$(sed -n 2p "$OUT")" "^   $NAME $command - .+"
		done
	done
}

@test "help: under another name the binary uses that name" {
	ln -s "$RUNTIME" "$T/tmp/other"
	RUNTIME=$T/tmp/other invoke state -h
	ok
	matches "$(sed -n 2p "$OUT")" "^   other state - "
	rm "$T/tmp/other"
}

@test "help: lists the flags that callers pass" {
	local flag command
	invoke create --help
	for flag in bundle console-socket pid-file no-pivot no-new-keyring preserve-fds; do contains "$output" "--$flag"; done
	invoke exec --help
	for flag in process detach pid-file console-socket tty cwd env user additional-gids cap no-new-privs preserve-fds cgroup ignore-paused apparmor process-label; do
		contains "$output" "--$flag"
	done
	invoke run --help
	for flag in detach keep no-subreaper; do contains "$output" "--$flag"; done
	invoke events --help
	for flag in interval stats; do contains "$output" "--$flag"; done
	invoke update --help
	for flag in resources memory memory-reservation memory-swap cpu-period cpu-quota cpu-share cpu-rt-period cpu-rt-runtime \
		cpuset-cpus cpuset-mems blkio-weight pids-limit l3-cache-schema mem-bw-schema; do
		contains "$output" "--$flag"
	done
	for command in checkpoint restore; do
		invoke $command --help
		for flag in image-path work-path tcp-established ext-unix-sk shell-job lazy-pages file-locks manage-cgroups-mode empty-ns auto-dedup; do
			contains "$output" "--$flag"
		done
	done
	invoke checkpoint --help
	for flag in parent-path leave-running status-fd page-server pre-dump; do contains "$output" "--$flag"; done
	invoke restore --help
	for flag in bundle detach pid-file console-socket no-subreaper no-pivot lsm-profile lsm-mount-context; do contains "$output" "--$flag"; done
}

@test "version: the lines that callers read" {
	local flag
	for flag in -v --version; do
		invoke $flag
		ok
		matches "$(head -n 1 "$OUT")" '^[a-z]+ version [0-9]+\.[0-9]+\.[0-9]+'
		matches "$output" $'\n''spec: 1\.[0-9]+\.[0-9]+'
	done
}

@test "version: names its commit" {
	invoke --version
	ok
	# A build outside a checkout has none, as runc's own without make.
	[[ $RUNTIME_KIND == runc && $output != *commit* ]] && skip "built without a commit"
	matches "$output" $'\n''commit: .+'
}

@test "usage: too few or too many arguments" {
	local command
	for command in state start delete pause resume create run events update; do
		call "$command"
		exited 1
		equal "$(head -n 1 "$OUT")" "Incorrect Usage."
		matches "$output" "NAME:"$'\n'"   $NAME $command - "
		contains "$error" "\"$command\" requires exactly 1 argument(s)"
		call "$command" a b
		exited 1
		contains "$error" "\"$command\" requires exactly 1 argument(s)"
	done
	for command in exec kill ps; do
		call "$command"
		exited 1
		contains "$error" "\"$command\" requires a minimum of 1 argument(s)"
	done
}

@test "usage: a flag that callers look for by leaving its value out" {
	call restore --lsm-mount-context
	exited 1
	contains "$output$error" "flag needs an argument: -lsm-mount-context"
}

@test "usage: an unknown flag of a command" {
	call state --bogus "$ID"
	exited 1
	equal "$(head -n 1 "$OUT")" "Incorrect Usage: flag provided but not defined: -bogus"
	contains "$output" "NAME:"
	contains "$error" "flag provided but not defined: -bogus"
}

@test "usage: an unknown flag after the id" {
	call state "$ID" --bogus
	exited 1
	# runc takes it for a second argument.
	matches "$error" 'flag provided but not defined: -bogus|requires exactly 1 argument'
	contains "$output" "NAME:"
}

@test "usage: an unknown global flag" {
	call --bogus list
	exited 1
	contains "$output" "flag provided but not defined: -bogus"
	contains "$error" "flag provided but not defined: -bogus"
}

@test "usage: a flag without its value" {
	call create --pid-file
	exited 1
	contains "$output" "flag needs an argument: -pid-file"
	contains "$error" "flag needs an argument: -pid-file"
	invoke --root
	exited 1
	contains "$error" "flag needs an argument: -root"
}

@test "usage: an unknown command" {
	call bogus
	exited 3
	contains "$error" "No help topic for 'bogus'"
	call bogus -h
	exited 3
	contains "$error" "No help topic for 'bogus'"
}

@test "usage: a flag twice, the last value wins" {
	bundle "$(args echo fine)"
	invoke --root "$T/none" --root "$ROOT" run --bundle "$T/none" --bundle "$B" "$ID"
	ok
	stdout fine
	call --systemd-cgroup=false --systemd-cgroup=false run --bundle "$B" "$ID"
	ok
	rm -rf "$T/none"
}

@test "usage: boolean flags take a value" {
	bundle "$(args echo fine)"
	call --rootless=false run --bundle="$B" --no-pivot=false --detach=false "$ID"
	ok
	stdout fine
}

@test "usage: long flags with one dash" {
	bundle "$(args echo fine)"
	invoke -root "$ROOT" -systemd-cgroup=false run -bundle="$B" "$ID"
	ok
	stdout fine
}

@test "usage: flags of older runtimes are accepted, and not shown" {
	bundle "$(args sleep 100)"
	call --criu /no/such/criu run --bundle "$B" --detach "$ID"
	exited 0
	call update --kernel-memory 64M --kernel-memory-tcp 64M "$ID"
	exited 0
	call kill --all "$ID" 0
	exited 0
	call kill -a "$ID" KILL
	exited 0
	differs_from_runc "does not show them"
	invoke --help
	lacks "$output" "--criu"
	invoke update --help
	lacks "$output" "--kernel-memory"
	invoke kill --help
	lacks "$output" "--all"
}

@test "usage: short flags do not bundle" {
	bundle "$(args sleep 100)"
	running
	call exec -td "$ID" true
	exited 1
	contains "$error" "flag provided but not defined: -td"
}

@test "global: --root / is refused" {
	needs_runc 1.2 "--root /"
	invoke --root / list
	fails 1 "Option --root argument should not be set to /"
}

@test "global: a relative --root" {
	bundle
	cd "$T"
	invoke --root root create --bundle bundle "$ID"
	ok
	is created
}

@test "global: --log-format" {
	call --log-format x list
	fails 1 "invalid log-format: x"
}

@test "global: --log text" {
	call --log "$T/log" state "$ID"
	exited 1
	# The bare text on stderr, without time and level.
	matches "$(<"$ERR")" '^[^=]*container does not exist$|^container [^=]*does not exist$'
	matches "$(<"$T/log")" '^time="20[-0-9T:]+(Z|[+-][0-9:]+)" level=error msg=".*does not exist"$'
}

@test "global: --log with --log-format json: exactly one object" {
	call --log "$T/log" --log-format json state "$ID"
	exited 1
	equal "$(jq -sc 'length' "$T/log")" 1
	equal "$(jq -c 'keys_unsorted' "$T/log")" '["level","msg","time"]'
	equal "$(jq -r '.level' "$T/log")" error
	contains "$(jq -r .msg "$T/log")" "container does not exist"
	matches "$(jq -r .time "$T/log")" '^20[0-9-]+T[0-9:]+(Z|[+-][0-9:]+)$'
	equal "$(<"$ERR")" "$(jq -r .msg "$T/log")"
	equal "$(stat -c %a "$T/log")" 644
}

@test "global: --log-format json on stderr" {
	call --log-format json state "$ID"
	exited 1
	equal "$(jq -r .level "$ERR")" error
	contains "$(jq -r .msg "$ERR")" "does not exist"
}

@test "global: --log appends" {
	call --log "$T/log" state "$ID"
	call --log "$T/log" state "$ID"
	equal "$(wc -l <"$T/log")" 2
}

@test "global: --log of a start that fails: one JSON object" {
	bundle "$(args /no/such/file)"
	call --log "$T/log" --log-format json run --bundle "$B" "$ID"
	exited 1
	equal "$(jq -sc 'length' "$T/log")" 1
	contains "$(jq -r .msg "$T/log")" "no such file or directory"
	# What the caller reads on stderr is the same text.
	contains "$(<"$ERR")" "no such file or directory"
}

@test "global: --log that cannot be written" {
	call --log "$T/none/log" list
	exited 1
	contains "$error" "no such file or directory"
}

@test "global: success writes nothing into the log" {
	bundle
	call --log "$T/log" --log-format json run --bundle "$B" "$ID"
	ok
	[[ ! -s $T/log ]] || flunk "in the log: $(<"$T/log")"
}

@test "global: --debug goes to the log, not to stderr" {
	bundle "$(args echo fine)"
	call --debug --log "$T/log" --log-format json run --bundle "$B" "$ID"
	ok
	stdout fine
	[[ $(jq -s '[.[]|select(.level=="debug")]|length' "$T/log") -gt 0 ]] || flunk "no debug lines in the log"
}

@test "global: --debug without log goes to stderr" {
	bundle "$(args echo fine)"
	call --debug run --bundle "$B" "$ID"
	exited 0
	stdout fine
	contains "$error" "level=debug"
}

@test "global: --systemd-cgroup without systemd" {
	requires isolated
	bundle ".linux.cgroupsPath=\"system.slice:rung:$ID\""
	WRAP="unshare --mount sh -c 'umount -l /run/systemd 2>/dev/null; exec \"\$0\" \"\$@\"'" \
		call --systemd-cgroup run --bundle "$B" "$ID"
	fails 1 "systemd not running on this host, cannot use systemd cgroups manager"
	nothing_left
	# At use, not when it is parsed.
	call --systemd-cgroup list
	ok
}

@test "global: the environment of the caller is not looked into" {
	bundle "$(args echo fine)"
	XDG_RUNTIME_DIR=$T/none call list
	ok
	absent "$T/none"
}

@test "global: output and log are not mixed" {
	bundle "$(args sleep 100)"
	running
	call --debug --log /dev/null state "$ID"
	ok
	equal "$(jq -r .id "$OUT")" "$ID"
}
