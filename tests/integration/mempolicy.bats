load lib

setup() {
	begin
	needs_runc 1.4 "linux.memoryPolicy"
	[[ -e /sys/devices/system/node/node0 ]] || skip "this kernel knows no NUMA"
	bundle "$(args /bin/probe)"
}

policy() { echo ".linux.memoryPolicy=$1"; }

# has VALUE compares mode, flags and nodes that the payload reported.
has() { equal "$(jq -c '.memoryPolicy|[.mode,.flags,.nodes]' <<<"$output")" "$1"; }

@test "memoryPolicy: every mode" {
	local mode expect
	while read -r mode expect; do
		edit "$(policy "$mode")"
		run_payload
		has "$expect"
	done <<-'END'
		{mode:"MPOL_DEFAULT"} [0,0,[]]
		{mode:"MPOL_PREFERRED",nodes:"0"} [1,0,[0]]
		{mode:"MPOL_BIND",nodes:"0"} [2,0,[0]]
		{mode:"MPOL_INTERLEAVE",nodes:"0-0"} [3,0,[0]]
		{mode:"MPOL_LOCAL"} [4,0,[]]
		{mode:"MPOL_PREFERRED_MANY",nodes:"0,0"} [5,0,[0]]
	END
}

@test "memoryPolicy: weighted interleave" {
	[[ $(printf '%s\n' 6.9 "$(uname -r)" | sort -V | head -n 1) == 6.9 ]] || skip "Kernel(6.9): MPOL_WEIGHTED_INTERLEAVE"
	edit "$(policy '{mode:"MPOL_WEIGHTED_INTERLEAVE",nodes:"0"}')"
	run_payload
	has '[6,0,[0]]'
}

@test "memoryPolicy: flags" {
	edit "$(policy '{mode:"MPOL_INTERLEAVE",nodes:"0",flags:["MPOL_F_STATIC_NODES"]}')"
	run_payload
	has '[3,32768,[0]]'
	edit "$(policy '{mode:"MPOL_BIND",nodes:"0",flags:["MPOL_F_NUMA_BALANCING","MPOL_F_RELATIVE_NODES"]}')"
	run_payload
	has '[2,24576,[0]]'
}

@test "memoryPolicy: of exec is the container's" {
	edit "$(args sleep 100)" "$(policy '{mode:"MPOL_BIND",nodes:"0"}')"
	running
	call exec "$ID" /bin/probe
	ok
	has '[2,0,[0]]'
}

@test "memoryPolicy: a node that is not there" {
	[[ ! -e /sys/devices/system/node/node63 ]] || skip "this machine has node 63"
	edit "$(policy '{mode:"MPOL_BIND",nodes:"63"}')"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || fails 1 "linux.memoryPolicy: set_mempolicy: invalid argument"
	nothing_left
}

@test "memoryPolicy: a filter may refuse the call to the payload" {
	edit "$(policy '{mode:"MPOL_BIND",nodes:"0"}')" '.process.noNewPrivileges=false' \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["set_mempolicy","personality"],action:"SCMP_ACT_ERRNO"}]}' \
		'.linux.personality={domain:"LINUX32"}'
	run_payload
	has '[2,0,[0]]'
}

@test "memoryPolicy: wrong ones" {
	edit "$(policy '{mode:"MPOL_LOCAL",nodes:"0",flags:["MPOL_F_X"]}')"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || fails 1 "linux.memoryPolicy.nodes: " "linux.memoryPolicy.flags[0]: "
	nothing_left
}
