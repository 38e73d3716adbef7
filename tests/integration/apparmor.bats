load lib

# The real thing; what is refused without AppArmor is in lsm.bats.

setup() {
	begin
	requires apparmor
	bundle "$(args cat /proc/self/attr/current)"
	echo secret >"$B/rootfs/etc/secret"
	PROFILES=()
	profile "$ID-inner" 'deny /etc/secret rw,'
}

teardown() {
	local name
	finish || FAILED=yes
	for name in "${PROFILES[@]}"; do
		apparmor_parser -R "$T/$name" || FAILED=yes
	done
	[[ -z ${FAILED:-} ]]
}

# profile NAME RULES loads a profile that allows all else.
profile() {
	cat >"$T/$1" <<-END
		abi <abi/4.0>,
		profile $1 flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, dbus, userns, io_uring, mqueue, all,
			$2
		}
	END
	if ! apparmor_parser -r "$T/$1" 2>"$T/parser"; then
		# Older parsers know fewer classes of rules.
		cat >"$T/$1" <<-END
			profile $1 flags=(attach_disconnected,mediate_deleted) {
				file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, dbus,
				$2
			}
		END
		apparmor_parser -r "$T/$1"
	fi
	PROFILES+=("$1")
}

confined() { echo ".process.apparmorProfile=\"$1\""; }

@test "AppArmor: the payload is under the profile" {
	local nnp
	for nnp in true false; do
		edit "$(confined "$ID-inner")" ".process.noNewPrivileges=$nnp" "$(script 'cat /proc/self/attr/current /etc/secret')"
		call run --bundle "$B" "$ID"
		exited 1
		equal "$output" "$ID-inner (enforce)"
		contains "$error" "Permission denied"
	done
}

@test "AppArmor: unconfined, and without a profile" {
	run_payload
	stdout unconfined
	edit "$(confined unconfined)"
	run_payload
	stdout unconfined
}

@test "AppArmor: a profile that nobody loaded" {
	edit "$(confined "$ID-none")"
	call create --bundle "$B" "$ID"
	exited 1
	if [[ $RUNTIME_KIND != runc ]]; then
		contains "$error" "process.apparmorProfile: write \`/proc/self/attr/apparmor/exec\`: no profile of this name is loaded"
		lacks "$error" "no such file or directory"
	fi
	nothing_left
}

@test "AppArmor: exec is under the container's profile, or its own" {
	profile "$ID-other" ''
	edit "$(confined "$ID-inner")" "$(args sleep 100)"
	running
	equal "$(cat "/proc/$PID/attr/apparmor/current")" "$ID-inner (enforce)"
	call exec "$ID" cat /proc/self/attr/current
	ok
	stdout "$ID-inner (enforce)"
	call exec --apparmor "$ID-other" "$ID" cat /proc/self/attr/current
	ok
	stdout "$ID-other (enforce)"
	call exec --apparmor "$ID-none" --pid-file "$T/pid" "$ID" true
	exited 255
	absent "$T/pid"
	jq -n '{args:["/bin/cat","/proc/self/attr/current"],cwd:"/",user:{uid:1000,gid:1000},apparmorProfile:"'"$ID"'-other"}' >"$T/process.json"
	call exec --process "$T/process.json" "$ID"
	ok
	stdout "$ID-other (enforce)"
}

@test "AppArmor: in a user namespace, as a user, under an early filter" {
	edit "$(confined "$ID-inner")" "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' '.process.user={uid:1000,gid:1000}' '.process.noNewPrivileges=false' \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["openat2","fsopen"],action:"SCMP_ACT_KILL_PROCESS"}]}'
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout "$ID-inner (enforce)"
}

@test "AppArmor: in a container that has no /proc" {
	edit "$(confined "$ID-inner")" '.mounts |= map(select(.destination!="/proc"))' '.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' "$(args sleep 100)"
	running
	equal "$(cat "/proc/$PID/attr/apparmor/current")" "$ID-inner (enforce)"
}

@test "AppArmor: a runtime that is confined itself" {
	differs_from_runc "runc is refused"
	profile "$ID-outer" 'change_profile -> **,'
	edit "$(confined "$ID-inner")"
	WRAP="aa-exec -p $ID-outer --" call run --bundle "$B" "$ID"
	ok
	contains "$output" "$ID-inner"
	contains "$output" "$ID-outer"
}

# CVE-2019-16884, CVE-2025-52881: the label must not end in a file of the
# container's choice.
@test "AppArmor: exec is under the profile even if the payload has hidden /proc" {
	edit "$(confined "$ID-inner")" '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])' \
		"$(script 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr/apparmor && echo >/proc/self/attr/exec && echo >/proc/self/attr/apparmor/exec && echo hidden; exec sleep 100')"
	running
	await text "$CTOUT" hidden
	call exec --detach --pid-file "$T/pid" "$ID" sleep 101
	ok
	equal "$(cat "/proc/$(<"$T/pid")/attr/apparmor/current")" "$ID-inner (enforce)"
	call exec "$ID" cat /etc/secret
	exited 1
	contains "$error" "Permission denied"
}

@test "AppArmor: a profile that is gone by the time of exec" {
	edit "$(confined "$ID-inner")" "$(args sleep 100)"
	running
	apparmor_parser -R "$T/$ID-inner"
	PROFILES=()
	call exec --pid-file "$T/pid" "$ID" true
	exited 255
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.apparmorProfile: write \`/proc/self/attr/apparmor/exec\`: no profile of this name is loaded"
	absent "$T/pid"
}

@test "AppArmor: a profile in complain mode is applied as it is" {
	cat >"$T/$ID-complain" <<-END
		profile $ID-complain flags=(complain,attach_disconnected) {
		}
	END
	apparmor_parser -r "$T/$ID-complain"
	PROFILES+=("$ID-complain")
	edit "$(confined "$ID-complain")" "$(script 'cat /proc/self/attr/current /etc/secret')"
	run_payload
	contains "$output" secret
	matches "$output" "^$ID-complain.* \(complain\)"
}
