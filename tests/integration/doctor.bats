load lib

# What the doctor says of a host, and that it says what fallback.bats sees.

setup() {
	begin
	[[ $RUNTIME_KIND == rung ]] || skip "runc has no doctor"
}

# state NAME and field NAME FIELD read the last answer in JSON.
field() { jq -r --arg name "$1" ".findings[]|select(.name==\$name)|.$2" <<<"$output"; }

# without WHAT ERROR asks where a call is missing.
without() {
	WRAP="denysys $1 $2 --"
	invoke doctor --format json
	WRAP=""
}

@test "doctor: table" {
	requires isolated
	invoke doctor
	ok
	matches "$(head -n 1 "$OUT")" '^AREA +THING +STATE +WAY$'
	equal "$(tail -n 1 "$OUT")" "Containers can run here."
	matches "$output" 'kernel +version +ok +Linux [0-9]'
}

@test "doctor: json, and nothing is left" {
	requires isolated
	invoke doctor --format json
	ok
	nothing_left
	equal "$(jq -r .able <<<"$output")" true
	# Each line that is not ok says why, and each has a way.
	equal "$(jq '[.findings[]|select(.way=="" or (.state!="ok" and (.why//"")==""))]|length' <<<"$output")" 0
	equal "$(jq -r '[.findings[].state]|unique|map(select(.!="ok" and .!="without" and .!="fallback" and .!="bad"))|length' <<<"$output")" 0
	equal "$(field mount_setattr state)" ok
	equal "$(field "unwritable binary" way)" "read-only mount"
	matches "$(field "mapped owners (idmap)" way)" tmpfs
}

@test "doctor: wrong words" {
	invoke doctor --format yaml
	fails 1 "invalid format option"
	invoke doctor now
	exited 1
}

@test "doctor: names the next way for each call that is missing" {
	requires isolated
	local name way error_number
	while IFS=: read -r name way; do
		for error_number in ENOSYS EPERM; do
			without "$name" "$error_number"
			ok
			equal "$(field "$name" state)" fallback "$name"
			contains "$(field "$name" way)" "$way"
			contains "$(field "$name" why)" "seccomp filter"
			contains "$(field "$name" hint)" "allow $name"
			equal "$(jq -r .able <<<"$output")" true
		done
	done <<-END
		clone3:cgroup.procs
		close_range:fcntl
		faccessat2:faccessat
		fchmodat2:fchmodat
		mount_setattr:mount on the attached tree
		openat2:a walk
		pidfd_open:directory in /proc
		pidfd_send_signal:kill
		fsconfig:mount at its place
		fsmount:mount at its place
		fsopen:mount at its place
		move_mount:mount at its place
		open_tree:mount at its place
		statx:newfstatat
	END
	without setns-pidfd EINVAL
	without clone-into-cgroup E2BIG
	equal "$(field "clone3 CLONE_INTO_CGROUP" state)" fallback
	without close_range-cloexec EINVAL
	equal "$(field "close_range CLOSE_RANGE_CLOEXEC" state)" fallback
	equal "$(field close_range state)" ok
	without waitid-pidfd EINVAL
	equal "$(field "waitid P_PIDFD" state)" fallback
	without mount_setattr ENOSYS
	equal "$(field "unwritable binary" state)" fallback
}

@test "doctor: of a user, and in a user namespace" {
	requires isolated
	install -m 755 "$RUNTIME" "$T/rung"
	chmod 755 "$T"
	RUNTIME=$T/rung WRAP="setpriv --reuid 12345 --regid 12345 --clear-groups" invoke doctor --format json
	ok
	equal "$(field privilege way)" "user 12345"
	contains "$(field "subordinate uids" hint)" "add a line such as"
	WRAP="unshare --user --map-root-user --mount" invoke doctor --format json
	ok
	equal "$(field privilege way)" "root of a user namespace"
	equal "$(field "mapped owners (idmap)" state)" without
}

@test "doctor: a /proc that is mounted over" {
	requires isolated
	WRAP="unshare --mount sh -c 'mount --bind /dev/null /proc/meminfo; exec \"\$0\" \"\$@\"'" invoke doctor --format json
	ok
	contains "$(field "procfs of init" why)" /proc/meminfo
	WRAP="unshare --mount sh -c 'mount -t tmpfs tmpfs /proc; exec \"\$0\" \"\$@\"'" invoke doctor --format json
	exited 1
	equal "$(field "procfs of init" state)" bad
	contains "$(field "procfs of init" hint)" "mount a proc filesystem"
	equal "$(jq -r .able <<<"$output")" false
	WRAP="unshare --mount sh -c 'mount -t tmpfs tmpfs /proc; exec \"\$0\" \"\$@\"'" invoke doctor
	exited 1
	contains "$(tail -n 1 "$OUT")" "No container can run here"
}
