load lib

resources() { echo ".linux.resources += $1"; }

up() {
	bundle "$(args sleep 100)" "$@"
	running
}

# same_path_everywhere looks at each hierarchy that is mounted here.
same_path_everywhere() {
	local number controllers path
	while IFS=: read -r number controllers path; do
		if cgroup2; then
			[[ $number == 0 ]] || continue
		else
			[[ -d /sys/fs/cgroup/${controllers#name=} && -n $controllers ]] || continue
		fi
		equal "$path" "$(group_path)" "path for ${controllers:-v2}"
	done <"/proc/$PID/cgroup"
}

@test "cgroups: the path of the config, the same in every hierarchy" {
	up
	same_path_everywhere
}

@test "cgroups: a path of several names, made as needed" {
	bundle "$(args sleep 100)" ".linux.cgroupsPath=\"/$ID-a/b/c\""
	running
	matches "$(cat "/proc/$PID/cgroup")" ":/$ID-a/b/c"
	call delete --force "$ID"
	ok
	# What the path needed on the way stays, as with runc.
	find /sys/fs/cgroup -depth -type d -path "*$ID-a*" -exec rmdir {} +
}

@test "cgroups: a relative path begins at the caller's own cgroup" {
	requires cgroup1
	bundle "$(args sleep 100)" ".linux.cgroupsPath=\"$ID\""
	running
	contains "$(cat "/proc/$PID/cgroup")" "/$ID"
}

@test "cgroups: without a path the id is the name" {
	differs_with_systemd "the name of the unit begins with rung-"
	bundle "$(args sleep 100)" 'del(.linux.cgroupsPath)'
	running
	contains "$(cat "/proc/$PID/cgroup")" "/$ID"
}

@test "cgroups: .. in the path does not lead out" {
	bundle "$(args sleep 100)" ".linux.cgroupsPath=\"/../../../$ID\""
	call run --bundle "$B" --detach "$ID"
	[[ $status != 0 ]] && nothing_left && return
	PID=$(pid_of)
	same_path_everywhere
}

@test "cgroups: memory limit" {
	requires controller=memory
	up "$(resources '{memory:{limit:67108864,reservation:33554432}}')"
	equal "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
	equal "$(cgroup_file memory.soft_limit_in_bytes memory.low)" 33554432
}

@test "cgroups: memory limit is in force" {
	requires controller=memory
	bundle "$(resources '{memory:{limit:20971520,swap:20971520}}')" \
		"$(script 'head -c 60000000 /dev/zero | tail | wc -c')"
	# Without swap accounting only memory can be limited.
	[[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || cgroup2 || edit 'del(.linux.resources.memory.swap)'
	call run --bundle "$B" "$ID"
	lacks "$output" 60000000
	nothing_left
}

@test "cgroups: memory unlimited" {
	requires controller=memory
	up "$(resources '{memory:{limit:-1}}')"
	matches "$(cgroup_file memory.limit_in_bytes memory.max)" '^(max|9[0-9]{18})$'
}

@test "cgroups: swap limit" {
	requires controller=memory
	cgroup2 || [[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || skip "no swap accounting in this kernel"
	up "$(resources '{memory:{limit:33554432,swap:67108864}}')"
	if cgroup2; then
		equal "$(cgroup_file - memory.swap.max)" 33554432
	else
		equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 67108864
	fi
}

@test "cgroups: swappiness" {
	requires cgroup1
	requires controller=memory
	up "$(resources '{memory:{swappiness:17}}')"
	equal "$(cgroup_file memory.swappiness -)" 17
}

@test "cgroups: oom killer off" {
	requires cgroup1
	requires controller=memory
	up "$(resources '{memory:{disableOOMKiller:true}}')"
	matches "$(cgroup_file memory.oom_control -)" 'oom_kill_disable 1'
}

@test "cgroups: a memory limit too small for init is refused" {
	requires controller=memory
	bundle "$(resources '{memory:{limit:4096}}')"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "cgroups: pids limit" {
	requires controller=pids
	up "$(resources '{pids:{limit:13}}')"
	equal "$(cgroup_file pids.max pids.max)" 13
}

@test "cgroups: pids limit is in force" {
	requires controller=pids
	bundle "$(resources '{pids:{limit:5}}')" \
		"$(script 'for i in 1 2 3 4 5 6 7 8 9; do sleep 20 & done; echo not reached')"
	call run --bundle "$B" "$ID"
	matches "$error" "can't fork|Resource temporarily unavailable"
}

@test "cgroups: pids limit -1 is max" {
	requires controller=pids
	up "$(resources '{pids:{limit:-1}}')"
	equal "$(cgroup_file pids.max pids.max)" max
}

@test "cgroups: pids limit 0 lets init be, and no other" {
	requires controller=pids
	needs_runc 1.4 "a pids limit of 0"
	bundle "$(resources '{pids:{limit:0}}')" "$(script 'cat /dev/null | cat; echo not reached')"
	call run --bundle "$B" "$ID"
	lacks "$output" "not reached"
	matches "$error" "can't fork|Resource temporarily unavailable"
}

@test "cgroups: cpu burst and idle" {
	requires controller=cpu
	needs_runc 1.2 "cpu.burst, cpu.idle"
	cgroup2 || [[ -e /sys/fs/cgroup/cpu/cpu.idle || -n $(find /sys/fs/cgroup/cpu/ -mindepth 2 -maxdepth 2 -name cpu.idle) ]] || skip "no cpu.idle in this kernel"
	up "$(resources '{cpu:{quota:50000,burst:20000,idle:1}}')"
	equal "$(cgroup_file cpu.cfs_burst_us cpu.max.burst)" 20000
	equal "$(cgroup_file cpu.idle cpu.idle)" 1
}

@test "cgroups: fields of v1 are refused on v2, all of them named" {
	requires cgroup2
	differs_from_runc "a cgroup v1 field is an error on cgroup v2"
	bundle "$(resources '{memory:{swappiness:17,disableOOMKiller:true},cpu:{realtimeRuntime:1000,realtimePeriod:100000},blockIO:{leafWeight:10},network:{classID:5,priorities:[{name:"lo",priority:1}]}}')"
	call create --bundle "$B" "$ID"
	exited 1
	local field
	for field in memory.swappiness memory.disableOOMKiller cpu.realtimeRuntime cpu.realtimePeriod blockIO.leafWeight network.classID network.priorities; do
		contains "$error" "linux.resources.$field: "
	done
	nothing_left
}

@test "cgroups: without the controller the limit is an error with its path" {
	requires cgroup1
	differs_from_runc "the path of the field is in the error"
	[[ ! -d /sys/fs/cgroup/rdma ]] || skip "this host has the rdma controller"
	bundle "$(resources '{rdma:{mlx5_1:{hcaHandles:3}}}')"
	call create --bundle "$B" "$ID"
	fails 1 "linux.resources.rdma: this host has no rdma controller"
	nothing_left
}

@test "cgroups: memory and swap together, without swap, unlimited" {
	requires controller=memory
	cgroup2 || [[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || skip "no swap accounting in this kernel"
	up "$(resources '{memory:{limit:67108864,swap:67108864}}')"
	if cgroup2; then
		equal "$(cgroup_file - memory.swap.max)" 0
	else
		equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 67108864
	fi
	call delete --force "$ID"
	ok
	config "$(args sleep 100)" "$(resources '{memory:{limit:67108864,swap:-1}}')"
	running
	matches "$(cgroup_file memory.memsw.limit_in_bytes memory.swap.max)" '^(max|9[0-9]{18})$'
}

@test "cgroups: throttling of a device on v2" {
	requires cgroup2
	requires controller=io
	local device
	device=$(cat /sys/block/*/dev | head -n 1)
	[[ -n $device ]] || skip "no block device"
	up "$(resources "{blockIO:{throttleReadBpsDevice:[{major:${device%:*},minor:${device#*:},rate:1048576}],throttleWriteIOPSDevice:[{major:${device%:*},minor:${device#*:},rate:50}]}}")"
	equal "$(cgroup_file - io.max)" "$device rbps=1048576 wbps=max riops=max wiops=50"
}

@test "cgroups: cpu shares, quota and period" {
	requires controller=cpu
	up "$(resources '{cpu:{shares:512,quota:50000,period:200000}}')"
	if cgroup2; then
		equal "$(cgroup_file - cpu.max)" "50000 200000"
		matches "$(cgroup_file - cpu.weight)" '^[0-9]+$'
		differ "$(cgroup_file - cpu.weight)" 100
	else
		equal "$(cgroup_file cpu.shares -)" 512
		equal "$(cgroup_file cpu.cfs_quota_us -)" 50000
		equal "$(cgroup_file cpu.cfs_period_us -)" 200000
	fi
}

@test "cgroups: cpu quota without period, and unlimited" {
	requires controller=cpu
	up "$(resources '{cpu:{quota:30000}}')"
	if cgroup2; then
		equal "$(cgroup_file - cpu.max)" "30000 100000"
	else
		equal "$(cgroup_file cpu.cfs_quota_us -)" 30000
	fi
	call delete --force "$ID"
	ok
	config "$(args sleep 100)" "$(resources '{cpu:{quota:-1}}')"
	running
	cgroup2 || equal "$(cgroup_file cpu.cfs_quota_us -)" -1
}

@test "cgroups: cpuset" {
	requires controller=cpuset
	[[ $(nproc --all) -gt 1 ]] || skip "only one CPU"
	up "$(resources '{cpu:{cpus:"1",mems:"0"}}')"
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 1
	equal "$(cgroup_file cpuset.mems cpuset.mems)" 0
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -c .affinity <<<"$output")" '[1]'
	equal "$(taskset -pc "$PID" | sed 's/.*: //')" 1 "affinity of init"
}

@test "cgroups: cpuset of a CPU that is not there" {
	requires controller=cpuset
	bundle "$(resources '{cpu:{cpus:"4000"}}')"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "cgroups: cpuset is that of the parent by default" {
	requires cgroup1
	requires controller=cpuset
	up
	equal "$(cgroup_file cpuset.cpus -)" "$(</sys/fs/cgroup/cpuset/cpuset.cpus)"
}

@test "cgroups: blkio weight" {
	requires cgroup1
	requires controller=blkio
	[[ -e /sys/fs/cgroup/blkio/blkio.bfq.weight || -e /sys/fs/cgroup/blkio/blkio.weight ]] || skip "no blkio weight in this kernel"
	up "$(resources '{blockIO:{weight:300}}')"
	local dir
	dir=$(cgroup_dir blkio)
	equal "$(cat "$dir/blkio.weight" "$dir/blkio.bfq.weight" 2>/dev/null | head -n 1)" 300
}

@test "cgroups: blkio throttling of a device" {
	requires cgroup1
	requires controller=blkio
	[[ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]] || skip "no throttling in this kernel"
	local device
	device=$(awk '/[vsx]d[a-z]$|nvme[0-9]+n[0-9]+$/{print $1":"$2;exit}' /proc/partitions)
	[[ -n $device ]] || skip "no block device"
	up "$(resources "{blockIO:{throttleReadBpsDevice:[{major:${device%:*},minor:${device#*:},rate:1048576}]}}")"
	equal "$(cgroup_file blkio.throttle.read_bps_device -)" "$device 1048576"
}

# disk prints the number of a disk.
disk() { awk '$4 ~ /^([vsx]d[a-z]+|nvme[0-9]+n[0-9]+|nullb[0-9]+)$/ {print $1":"$2; exit}' /proc/partitions; }

@test "cgroups: all four throttles of a device" {
	cgroup2 && requires controller=io || requires controller=blkio
	cgroup2 || [[ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]] || skip "no throttling in this kernel"
	local device at
	device=$(disk)
	[[ -n $device ]] || skip "no disk"
	at="major:${device%:*},minor:${device#*:}"
	# High enough to slow nobody down. Of two rates the last one counts.
	bundle "$(args sleep 100)" ".linux.resources.blockIO={throttleReadBpsDevice:[{$at,rate:1000},{$at,rate:1000000001}]}" \
		".linux.resources.blockIO += {throttleWriteBpsDevice:[{$at,rate:1000000002}]}" \
		".linux.resources.blockIO += {throttleReadIOPSDevice:[{$at,rate:1000003}], throttleWriteIOPSDevice:[{$at,rate:1000004}]}"
	running
	if cgroup2; then
		equal "$(cgroup_file - io.max)" "$device rbps=1000000001 wbps=1000000002 riops=1000003 wiops=1000004"
		return
	fi
	equal "$(cgroup_file blkio.throttle.read_bps_device -)" "$device 1000000001"
	equal "$(cgroup_file blkio.throttle.write_bps_device -)" "$device 1000000002"
	equal "$(cgroup_file blkio.throttle.read_iops_device -)" "$device 1000003"
	equal "$(cgroup_file blkio.throttle.write_iops_device -)" "$device 1000004"
}

@test "cgroups: a throttle of a device that is not there" {
	cgroup2 && requires controller=io || requires controller=blkio
	cgroup2 || [[ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]] || skip "no throttling in this kernel"
	bundle '.linux.resources.blockIO={throttleWriteBpsDevice:[{major:4000,minor:99,rate:1000}]}'
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.resources.blockIO: "
	nothing_left
}

@test "cgroups: weights, of all devices and of one" {
	cgroup2 && requires controller=io || requires controller=blkio
	local device file dir
	device=$(grep -l '\[bfq\]' /sys/block/*/queue/scheduler 2>/dev/null | head -n 1) || true
	device=$(cat "${device%/queue/*}/dev" 2>/dev/null) || true
	bundle "$(args sleep 100)"
	running
	cgroup2 && dir=$(cgroup_dir -) || dir=$(cgroup_dir blkio)
	file=$(ls "$dir"/{blkio,io}.bfq.weight_device "$dir"/io.{bfq.weight,weight} "$dir"/blkio.weight_device 2>/dev/null | head -n 1) || true
	call delete --force "$ID"
	ok
	[[ -n $file ]] || skip "no weights in this kernel"
	[[ -n $device || $file == */io.weight ]] || skip "no disk with the scheduler bfq"
	[[ -n $device ]] || device=$(disk)
	[[ -n $device ]] || skip "no disk"
	config "$(args sleep 100)" ".linux.resources.blockIO={weight:300,weightDevice:[{major:${device%:*},minor:${device#*:},weight:700}]}"
	running
	# Of BFQ the number itself, of others that of their unit.
	case $file in
	*/io.weight) equal "$(<"$file")" "default 2930"$'\n'"$device 6970" ;;
	*) contains "$(<"$file")" "$device 700" ;;
	esac
	call delete --force "$ID"
	ok
	cgroup2 || return 0
	config ".linux.resources.blockIO={weightDevice:[{major:${device%:*},minor:${device#*:},leafWeight:700}]}"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.resources.blockIO.weightDevice[0].leafWeight: cgroup v2 has nothing like it"
}

@test "cgroups: rdma limits" {
	requires controller=rdma
	local device
	device=$(ls /sys/class/infiniband 2>/dev/null | head -n 1) || true
	[[ -n $device ]] || skip "no RDMA device"
	up "$(resources "{rdma:{\"$device\":{hcaHandles:3,hcaObjects:2000}}}")"
	equal "$(cgroup_file rdma.max rdma.max | sed -n "s/ *$//; /^$device /p")" "$device hca_handle=3 hca_object=2000"
	call delete --force "$ID"
	ok
	config "$(args sleep 100)" "$(resources "{rdma:{\"$device\":{hcaObjects:0}}}")"
	running
	equal "$(cgroup_file rdma.max rdma.max | sed -n "s/ *$//; /^$device /p")" "$device hca_handle=max hca_object=0"
	call delete --force "$ID"
	ok
	config "$(resources "{rdma:{\"$device-none\":{hcaHandles:3}}}")"
	call create --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.resources.rdma: "
	nothing_left
}

@test "cgroups: delegation needs v2" {
	requires cgroup1
	differs_from_runc "crun's annotation"
	bundle '.annotations["run.oci.delegate-cgroup"]="leaf"'
	call create --bundle "$B" "$ID"
	fails 1 "a cgroup handed to the container needs cgroup v2"
	nothing_left
}

@test "cgroups: hugepage limit" {
	requires cgroup1
	requires controller=hugetlb
	up "$(resources '{hugepageLimits:[{pageSize:"2MB",limit:4194304}]}')"
	equal "$(cgroup_file hugetlb.2MB.limit_in_bytes -)" 4194304
}

@test "cgroups: a hugepage size with a path in it is refused (runc 1.1.10)" {
	bundle "$(resources '{hugepageLimits:[{pageSize:"../../../x",limit:1}]}')"
	call run --bundle "$B" "$ID"
	[[ $status == 0 && ! -d /sys/fs/cgroup/hugetlb ]] || exited 1
	nothing_left
}

@test "cgroups: unified keys need v2" {
	requires cgroup1
	bundle "$(resources '{unified:{"memory.max":"100000000"}}')"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

# covers: linux.resources.unified
@test "cgroups: unified keys" {
	requires cgroup2
	requires controller=pids
	up "$(resources '{unified:{"pids.max":"17"}}')"
	equal "$(cgroup_file - pids.max)" 17
}

@test "cgroups: a unified key with a path in it is refused" {
	requires cgroup2
	bundle "$(resources '{unified:{"../pids.max":"17"}}')"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "cgroups: devices are limited, even without rules" {
	requires cgroup1
	requires controller=devices
	up 'del(.linux.resources)'
	equal "$(cgroup_file devices.list - | grep -c 'a \*:\* rwm')" 0 "rules that allow everything"
}

@test "cgroups: device rules as the kernel has them" {
	requires cgroup1
	requires controller=devices
	up "$(resources '{devices:[{allow:false,access:"rwm"},{allow:true,type:"c",major:240,minor:7,access:"r"},{allow:true,type:"b",major:241,access:"rw"}]}')"
	local list
	list=$(cgroup_file devices.list -)
	contains "$list" "c 240:7 r"
	contains "$list" "b 241:* rw"
	contains "$list" "c 1:3 rwm"
	contains "$list" "c 136:* rwm"
}

@test "cgroups: children of the payload are in the same cgroup" {
	bundle "$(script 'sleep 100 & sleep 101 & echo ready; wait')"
	running
	await text "$CTOUT" ready
	local dir
	dir=$(cgroup_dir pids)
	equal "$(wc -l <"$dir/cgroup.procs")" 3
}

@test "cgroups: init is in its cgroup before the hooks run" {
	bundle ".hooks={createRuntime:[{path:\"/bin/sh\",args:[\"sh\",\"-c\",\"cat /proc/\$(jq .pid)/cgroup >'$T/cgroup'\"]}]}"
	created
	contains "$(<"$T/cgroup")" ":$(group_path)"
}

@test "cgroups: one that is there and has processes is refused" {
	needs_runc 1.2 "a cgroup that is not empty"
	differs_with_systemd "systemd's unit is new, or the name is taken"
	local dirs=() dir
	if cgroup2; then
		dirs=("/sys/fs/cgroup/$ID")
	else
		mapfile -t dirs < <(find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d -printf "%p/$ID\n")
	fi
	for dir in "${dirs[@]}"; do
		mkdir "$dir"
		[[ $dir != */cpuset/* ]] || { cat "${dir%/*}/cpuset.cpus" >"$dir/cpuset.cpus"; cat "${dir%/*}/cpuset.mems" >"$dir/cpuset.mems"; }
	done
	spawn other sleep 100
	for dir in "${dirs[@]}"; do echo "$SPAWNED_PID" >"$dir/cgroup.procs"; done
	bundle
	call run --bundle "$B" "$ID"
	fails 1 "container's cgroup is not empty"
	kill -0 "$SPAWNED_PID"
	kill -KILL "$SPAWNED_PID"
	wait "$SPAWNED_PID" 2>/dev/null || true
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} +
}

@test "cgroups: one that is there and empty is used" {
	differs_with_systemd "systemd's unit is new, or the name is taken"
	local dirs=() dir
	if cgroup2; then dirs=("/sys/fs/cgroup/$ID"); else dirs=("/sys/fs/cgroup/memory/$ID" "/sys/fs/cgroup/pids/$ID"); fi
	for dir in "${dirs[@]}"; do mkdir "$dir"; done
	bundle
	run_payload
	# Delete removes what create made. runc does not tell the difference.
	for dir in "${dirs[@]}"; do
		[[ $RUNTIME_KIND == runc ]] || present "$dir"
		[[ ! -d $dir ]] || rmdir "$dir"
	done
}

@test "cgroups: limits hold for exec" {
	requires controller=pids
	up "$(resources '{pids:{limit:4}}')"
	call exec "$ID" sh -c 'sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & echo not reached'
	matches "$error" "can't fork|Resource temporarily unavailable|resource temporarily unavailable"
}

@test "cgroups: nothing of the runtime is charged to the caller's parent" {
	requires cgroup1
	up
	local dir
	dir=$(cgroup_dir memory)
	equal "$(cat "$dir/cgroup.procs")" "$PID"
	equal "$(wc -l <"$dir/tasks")" 1 "threads in the cgroup"
}
