load lib

setup() {
	begin
	bundle "$(script 'uname -m; cat /proc/self/personality')"
}

personality() { echo ".linux.personality=$1"; }

@test "personality: the kernel's default" {
	run_payload
	stdout "$(uname -m)"$'\n00000000'
}

@test "personality: LINUX32" {
	needs_runc 1.2 "linux.personality"
	edit "$(personality '{domain:"LINUX32"}')"
	run_payload
	stdout "$(setarch linux32 uname -m)"$'\n00000008'
}

@test "personality: LINUX, from any caller" {
	[[ $RUNTIME_KIND != runc ]] || needs_runc 1.4 "personality of its own"
	edit "$(personality '{domain:"LINUX"}')"
	WRAP="setarch linux32 --addr-no-randomize" run_payload
	stdout "$(uname -m)"$'\n00000000'
}

@test "personality: of exec is the container's" {
	needs_runc 1.2 "personality in exec"
	edit "$(args sleep 100)" "$(personality '{domain:"LINUX32"}')"
	running
	call exec "$ID" cat /proc/self/personality
	ok
	stdout 00000008
}

@test "personality: unknown ones" {
	differs_from_runc "flags are refused, of which the runtime-spec has none"
	edit "$(personality '{domain:"SVR4",flags:["ADDR_NO_RANDOMIZE"]}')"
	call create --bundle "$B" "$ID"
	fails 1 'linux.personality.domain: unknown domain "SVR4"' 'linux.personality.flags[0]: unknown flag "ADDR_NO_RANDOMIZE"'
	nothing_left
}
