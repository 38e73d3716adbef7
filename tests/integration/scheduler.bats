load lib

setup() {
	begin
	needs_runc 1.2 "process.scheduler and ioPriority"
	bundle
}

scheduler() { echo ".process.scheduler=$1"; }

# realtime lets a cgroup of version 1 have processes of SCHED_FIFO and SCHED_RR,
# where the kernel counts their time.
realtime() {
	cgroup2 || [[ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]] || edit '.linux.resources.cpu={realtimePeriod:1000000,realtimeRuntime:1000}'
}

# has FIELD VALUE compares what the payload reported.
has() { equal "$(jq -rc "$1" <<<"$output")" "$2" "$1"; }

# run_as POLICY-NUMBER NICE runs the probe and wants that.
run_as() {
	run_payload
	has .scheduler "$1"
	has .nice "$2"
}

# process FIELDS writes a process that runs the probe to $T/process.json.
process() { jq -n "{args:[\"/bin/probe\"],cwd:\"/\",user:{uid:0,gid:0}} + $1" >"$T/process.json"; }

@test "scheduler: nice, from any caller" {
	edit "$(args /bin/probe)" "$(scheduler '{policy:"SCHED_OTHER",nice:-7}')"
	run_as 0 -7
	edit "$(scheduler '{policy:"SCHED_OTHER"}')"
	WRAP="nice -n 9" run_as 0 0
}

@test "scheduler: batch and idle, with their nice value" {
	edit "$(args /bin/probe)" "$(scheduler '{policy:"SCHED_BATCH",nice:4}')"
	run_as 3 4
	edit "$(scheduler '{policy:"SCHED_IDLE"}')"
	run_as 5 0
	[[ $RUNTIME_KIND == runc ]] && return
	edit "$(scheduler '{policy:"SCHED_IDLE",nice:6}')"
	WRAP="nice -n 9" run_as 5 6
}

@test "scheduler: real time, with priority and reset on fork" {
	edit "$(args /bin/probe)" "$(scheduler '{policy:"SCHED_FIFO",priority:11}')"
	realtime
	run_as 1 0
	has .schedulerPriority 11
	edit "$(scheduler '{policy:"SCHED_RR",priority:99,flags:["SCHED_FLAG_RESET_ON_FORK"]}')"
	run_payload
	has .scheduler $((0x40000002))
	has .schedulerPriority 99
}

@test "scheduler: deadline" {
	edit "$(args /bin/probe)" \
		"$(scheduler '{policy:"SCHED_DEADLINE",runtime:10000000,deadline:100000000,period:200000000,flags:["SCHED_FLAG_RESET_ON_FORK","SCHED_FLAG_RECLAIM"]}')"
	run_payload
	has .scheduler $((0x40000006))
	has .schedulerTimes '[10000000,100000000,200000000]'
}

@test "scheduler: deadline wants all CPUs, and says so" {
	requires controller=cpuset
	[[ $(nproc --all) -gt 1 ]] || skip "only one CPU"
	edit '.linux.resources.cpu={cpus:"0",mems:"0"}' \
		"$(scheduler '{policy:"SCHED_DEADLINE",runtime:10000000,deadline:100000000,period:200000000}')"
	call create --bundle "$B" "$ID"
	fails 1 "process scheduler can't be used together with AllowedCPUs"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.scheduler: sched_setattr: operation not permitted"
	nothing_left
}

@test "scheduler: what no kernel takes is refused by name" {
	differs_from_runc "messages name the field"
	edit "$(scheduler '{policy:"SCHED_FIFO",nice:30,runtime:5,flags:["SCHED_FLAG_NONE"]}')"
	call create --bundle "$B" "$ID"
	fails 1 "process.scheduler.priority: " "process.scheduler.nice: " "process.scheduler.runtime: " "process.scheduler.flags[0]: "
	nothing_left
	edit "$(scheduler '{policy:"SCHED_ISO"}')"
	call create --bundle "$B" "$ID"
	fails 1 "process.scheduler: sched_setattr: invalid argument; this kernel has no SCHED_ISO"
	nothing_left
}

@test "scheduler: exec has the container's, or its own" {
	edit "$(args sleep 100)" "$(scheduler '{policy:"SCHED_BATCH",nice:3}')" '.process.ioPriority={class:"IOPRIO_CLASS_IDLE",priority:5}'
	running
	WRAP="nice -n 5" call exec "$ID" /bin/probe
	ok
	has .scheduler 3
	has .nice 3
	has .ioPriority $((3 << 13 | 5))
	process '{}'
	call exec --process "$T/process.json" "$ID"
	ok
	has .scheduler 3
	process '{scheduler:{policy:"SCHED_OTHER",nice:-2},ioPriority:{class:"IOPRIO_CLASS_BE",priority:1}}'
	call exec --process "$T/process.json" "$ID"
	ok
	has .scheduler 0
	has .nice -2
	has .ioPriority $((2 << 13 | 1))
}

@test "scheduler: in a user namespace, where the container has no right to it" {
	differs_from_runc "runc sets it inside, where it may not"
	edit "$(args /bin/probe)" "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		'.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' '.process.user={uid:1000,gid:1000}' \
		"$(scheduler '{policy:"SCHED_OTHER",nice:-9}')" '.process.ioPriority={class:"IOPRIO_CLASS_RT",priority:0}'
	chown -R 100000:100000 "$B/rootfs"
	run_as 0 -9
	has .ioPriority $((1 << 13))
	has .uid 1000
}

@test "scheduler: with a filter that is loaded early" {
	edit "$(args /bin/probe)" "$(scheduler '{policy:"SCHED_OTHER",nice:1}')" '.process.noNewPrivileges=false' \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["sched_setattr","ioprio_set"],action:"SCMP_ACT_KILL"}]}' \
		'.process.ioPriority={class:"IOPRIO_CLASS_BE",priority:3}'
	run_as 0 1
	has .ioPriority $((2 << 13 | 3))
}

@test "io priority: of every class" {
	local class
	edit "$(args /bin/probe)"
	for class in RT BE IDLE; do
		edit ".process.ioPriority={class:\"IOPRIO_CLASS_$class\",priority:2}"
		run_payload
		case $class in RT) has .ioPriority $((1 << 13 | 2)) ;; BE) has .ioPriority $((2 << 13 | 2)) ;; *) has .ioPriority $((3 << 13 | 2)) ;; esac
	done
}

@test "io priority: wrong ones" {
	edit '.process.ioPriority={class:"IOPRIO_CLASS_XX",priority:9}'
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || fails 1 "process.ioPriority.class: " "process.ioPriority.priority: "
	nothing_left
}

@test "scheduler: the runtime keeps its own" {
	edit "$(args true)" "$(scheduler '{policy:"SCHED_OTHER",nice:15}')"
	WRAP='sh -c "\"\$0\" \"\$@\"; nice >&2"' call run --bundle "$B" "$ID"
	equal "$error" "$(nice)"
}
