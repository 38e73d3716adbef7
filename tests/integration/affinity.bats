load lib

setup() {
	begin
	[[ $(nproc --all) -gt 1 ]] || skip "only one CPU"
	needs_runc 1.3 "execCPUAffinity, and that affinity is reset"
	bundle "$(args sleep 100)"
}

cpus() { jq -c .affinity <<<"$output"; }

# every is all CPUs that this machine has.
every() { jq -nc "[range($(nproc --all))]"; }

# process FIELDS writes a process that runs the probe to $T/process.json.
process() { jq -n "{args:[\"/bin/probe\"],cwd:\"/\",user:{uid:0,gid:0}} + $1" >"$T/process.json"; }

# remembers: Kernel(6.2), a cgroup narrows what a process had, and does not replace it.
remembers() { [[ $(printf '%s\n' 6.2 "$(uname -r)" | sort -V | head -n 1) == 6.2 ]]; }

@test "affinity: run has all CPUs, whatever the caller has" {
	edit "$(args /bin/probe)"
	WRAP="taskset -c 0" call run --bundle "$B" "$ID"
	ok
	equal "$(cpus)" "$(every)"
}

@test "affinity: run has the CPUs of linux.resources.cpu.cpus, whatever the caller has" {
	requires controller=cpuset
	edit "$(args /bin/probe)" '.linux.resources.cpu={cpus:"1",mems:"0"}'
	WRAP="taskset -c 0" call run --bundle "$B" "$ID"
	ok
	equal "$(cpus)" "[1]"
}

@test "affinity: exec has all CPUs of the cgroup, whatever the caller has" {
	requires controller=cpuset
	edit '.linux.resources.cpu={cpus:"1",mems:"0"}'
	running
	WRAP="taskset -c 0" call exec "$ID" /bin/probe
	ok
	equal "$(cpus)" "[1]"
}

@test "execCPUAffinity: not for the container's own process" {
	edit "$(args /bin/probe)" '.process.execCPUAffinity={initial:"0",final:"0"}'
	run_payload
	equal "$(cpus)" "$(every)"
}

@test "execCPUAffinity: of the config, for exec" {
	edit '.process.execCPUAffinity={initial:"0",final:"1"}'
	running
	call exec "$ID" /bin/probe
	ok
	equal "$(cpus)" "[1]"
}

@test "execCPUAffinity: exec --process has its own, or else the config's" {
	edit '.process.execCPUAffinity={final:"1"}'
	running
	process '{execCPUAffinity:{initial:"1",final:"0"}}'
	call exec --process "$T/process.json" "$ID"
	ok
	equal "$(cpus)" "[0]"
	process '{}'
	call exec --process "$T/process.json" "$ID"
	ok
	equal "$(cpus)" "[1]"
}

@test "execCPUAffinity: what only initial says is left to the kernel" {
	remembers || skip "Kernel(6.2): before, a new cgroup replaces the affinity"
	differs_from_runc "with initial alone runc resets the affinity, which the runtime-spec advises against"
	running
	process '{execCPUAffinity:{initial:"1"}}'
	WRAP="taskset -c 0" call exec --process "$T/process.json" "$ID"
	ok
	equal "$(cpus)" "[1]"
}

@test "execCPUAffinity: CPUs that are not there" {
	running
	local field
	for field in initial final; do
		process "{execCPUAffinity:{$field:\"8000\"}}"
		call exec --pid-file "$T/pid" --process "$T/process.json" "$ID"
		fails 255 "process.execCPUAffinity.$field: sched_setaffinity: invalid argument"
		absent "$T/pid"
	done
}

@test "execCPUAffinity: no list" {
	edit '.process.execCPUAffinity={initial:"x",final:"3-1"}'
	call create --bundle "$B" "$ID"
	fails 1 "process.execCPUAffinity.initial: " "process.execCPUAffinity.final: "
	nothing_left
}
