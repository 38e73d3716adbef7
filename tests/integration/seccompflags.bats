load lib

setup() {
	begin
	bundle "$(script 'grep ^Seccomp: /proc/self/status')" '.process.noNewPrivileges=true'
}

# flags LIST-AS-JSON is a filter with these flags.
flags() {
	echo ".linux.seccomp={defaultAction:\"SCMP_ACT_ALLOW\",flags:$1,syscalls:[{names:[\"mkdir\"],action:\"SCMP_ACT_ERRNO\"}]}"
}

supported() { "$RUNTIME" features | jq -r '.linux.seccomp.supportedFlags[]'; }

# covers: linux.seccomp.flags
@test "seccomp flags: each that features promises" {
	needs_runc 1.2 "flags in features"
	local flag
	for flag in $(supported); do
		edit "$(flags "[\"$flag\"]")"
		run_payload
		equal "$(tr -d ' \t' <<<"$output")" Seccomp:2 "with $flag"
	done
	edit "$(flags '[]')"
	run_payload
	edit "$(flags '["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_SPEC_ALLOW"]')"
	run_payload
}

@test "seccomp flags: unknown ones" {
	edit "$(flags '["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_NONE"]')"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" 'linux.seccomp.flags[1]: unknown flag "SECCOMP_FILTER_FLAG_NONE"'
	nothing_left
}

@test "seccomp flags: WAIT_KILLABLE_RECV, with an agent" {
	needs_runc 1.5 "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
	[[ $(supported) == *WAIT_KILLABLE_RECV* ]] || skip "Kernel(5.19): SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
	spawn agent seccompagent -errno 28 "$T/agent"
	await -limit 10s file "$T/agent"
	edit "$(flags '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]')" "$(args mkdir /tmp/x)" \
		".linux.seccomp.listenerPath=\"$T/agent\"" '.linux.seccomp.syscalls=[{names:["mkdir","mkdirat"],action:"SCMP_ACT_NOTIFY"}]'
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "No space left on device"
}

# covers: linux.seccomp.syscalls.errnoRet
@test "seccomp: an errno for an action that has none" {
	differs_from_runc "the runtime-spec has it fail"
	edit "$(flags '[]')" '.linux.seccomp.syscalls[0]={names:["mkdir"],action:"SCMP_ACT_LOG",errnoRet:5}' \
		'.linux.seccomp.defaultErrnoRet=1'
	call create --bundle "$B" "$ID"
	fails 1 "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_LOG takes no errno" "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno"
	nothing_left
	edit "$(flags '[]')" '.linux.seccomp.syscalls[0]={names:["mkdir"],action:"SCMP_ACT_ERRNO",errnoRet:5000}'
	call create --bundle "$B" "$ID"
	fails 1 "linux.seccomp.syscalls[0].errnoRet: 5000 is above 4095"
	nothing_left
}
