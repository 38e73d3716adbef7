load lib
load update

@test "update: a memory limit" {
	requires controller=memory
	up
	call update --memory 67108864 "$ID"
	ok
	stdout ""
	memory_limit 67108864
}

@test "update: flags after the id, with suffixes" {
	requires controller=memory
	up
	local size
	for size in 64M 64m 64MB 64mb 64MiB 65536k 0.0625G; do
		call update "$ID" --memory 32M
		ok
		memory_limit 33554432
		call update "$ID" --memory "$size"
		ok
		memory_limit 67108864
	done
}

@test "update: values that are none" {
	up
	local flag
	for flag in memory memory-swap memory-reservation cpu-period cpu-quota cpu-share cpu-rt-period cpu-rt-runtime; do
		call update "--$flag" 1x "$ID"
		exited 1
		matches "$error" "invalid (value|format)|invalid size"
	done
	call update --pids-limit x "$ID"
	exited 1
	call update --blkio-weight x "$ID"
	exited 1
}

@test "update: cpu-burst and cpu-idle that are no numbers" {
	needs_runc 1.2 "cpu.burst, cpu.idle"
	up
	call update --cpu-burst 1x "$ID"
	fails 1 "invalid value for cpu-burst"
	call update --cpu-idle x "$ID"
	fails 1 "invalid value for cpu-idle"
}

@test "update: nothing" {
	up
	call update "$ID"
	ok
	update_by '{}'
	ok
}

@test "update: the values that are not given stay" {
	requires controller=memory
	requires controller=cpu
	requires controller=pids
	up "$(resources '{memory:{limit:67108864},cpu:{shares:512,quota:50000,period:100000},pids:{limit:20}}')"
	call update --pids-limit 30 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 30
	memory_limit 67108864
	cpu_max "50000 100000"
	call update --cpu-quota 20000 "$ID"
	ok
	cpu_max "20000 100000"
	weight 512 59
	memory_limit 67108864
	equal "$(cgroup_file pids.max pids.max)" 30
}

@test "update: quota, period, weight" {
	requires controller=cpu
	up
	call update --cpu-quota 50000 --cpu-period 50000 --cpu-share 2048 "$ID"
	ok
	cpu_max "50000 50000"
	weight 2048 174
	call update --cpu-period 200000 "$ID"
	ok
	cpu_max "50000 200000"
	call update --cpu-quota -1 "$ID"
	ok
	cpu_max "max 200000"
}

@test "update: quota and period in either direction below a group with a limit" {
	requires cgroup1
	requires controller=cpu
	local parent=/sys/fs/cgroup/cpu/$ID-parent
	mkdir "$parent"
	echo 50000 >"$parent/cpu.cfs_quota_us" # half a CPU
	bundle "$(args sleep 100)" ".linux.cgroupsPath=\"/$ID-parent/$ID\"" "$(resources '{cpu:{quota:50000,period:100000}}')"
	running
	call update --cpu-quota 10000 --cpu-period 20000 "$ID"
	ok
	cpu_max "10000 20000"
	call update --cpu-quota 500000 --cpu-period 1000000 "$ID"
	ok
	cpu_max "500000 1000000"
	call update --cpu-quota 600000 --cpu-period 1000000 "$ID"
	exited 1
	cpu_max "500000 1000000"
	call delete --force "$ID"
	ok
	find /sys/fs/cgroup -depth -type d -path "*$ID-parent*" -exec rmdir {} +
}

@test "update: burst" {
	requires controller=cpu
	needs_runc 1.2 "cpu.burst"
	up "$(resources '{cpu:{quota:50000}}')"
	call update --cpu-burst 20000 "$ID"
	ok
	equal "$(cgroup_file cpu.cfs_burst_us cpu.max.burst)" 20000
	# The burst may not be above the quota at any time.
	call update --cpu-burst 10000 --cpu-quota 15000 "$ID"
	ok
	cpu_max "15000 100000"
	call update --cpu-burst 40000 --cpu-quota 40000 "$ID"
	ok
	equal "$(cgroup_file cpu.cfs_burst_us cpu.max.burst)" 40000
	call update --cpu-burst 0 "$ID"
	ok
	equal "$(cgroup_file cpu.cfs_burst_us cpu.max.burst)" 0
}

@test "update: idle and back" {
	requires controller=cpu
	needs_runc 1.2 "cpu.idle"
	up "$(resources '{cpu:{shares:512}}')"
	call update --cpu-idle 1 "$ID"
	ok
	equal "$(cgroup_file cpu.idle cpu.idle)" 1
	call update --cpu-idle 0 "$ID"
	ok
	equal "$(cgroup_file cpu.idle cpu.idle)" 0
	differs_from_runc "the weight of before is there again"
	weight 512 59
}

@test "update: pids limit, and none" {
	requires controller=pids
	up "$(resources '{pids:{limit:20}}')"
	call update --pids-limit 10 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 10
	call update --pids-limit -1 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" max
}

@test "update: cpuset" {
	requires controller=cpuset
	up
	call update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	ok
	equal "$(cgroup_file cpuset.cpus cpuset.cpus)" 0
	equal "$(cgroup_file cpuset.mems cpuset.mems)" 0
}

@test "update: weight of block I/O" {
	cgroup2 && requires controller=io || requires controller=blkio
	up
	if ! cgroup2 && [[ ! -e $(cgroup_dir blkio)/blkio.bfq.weight && ! -e $(cgroup_dir blkio)/blkio.weight ]]; then
		skip "no weights in this kernel"
	fi
	call update --blkio-weight 500 "$ID"
	ok
	if cgroup2; then
		contains "$(cat "$(cgroup_dir -)"/io.*weight)" "default"
	else
		contains "$(cat "$(cgroup_dir blkio)"/blkio.*weight)" 500
	fi
}

@test "update: reservation" {
	requires controller=memory
	up
	call update --memory-reservation 33554432 "$ID"
	ok
	equal "$(cgroup_file memory.soft_limit_in_bytes memory.low)" 33554432
}

@test "update: memory and swap, up and down, and no limit" {
	requires controller=memory
	requires cgroup1
	up
	local pair
	[[ -e $(cgroup_dir memory)/memory.memsw.limit_in_bytes ]] || skip "no accounting of swap"
	for pair in "64M 128M 67108864 134217728" "256M 512M 268435456 536870912" "32M 32M 33554432 33554432"; do
		# shellcheck disable=SC2086 # words
		set -- $pair
		call update --memory "$1" --memory-swap "$2" "$ID"
		ok
		memory_limit "$3"
		equal "$(cgroup_file memory.memsw.limit_in_bytes -)" "$4"
	done
	call update --memory -1 "$ID"
	ok
	memory_limit 9223372036854771712
	equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 9223372036854771712
}

@test "update: memory and swap on v2, where swap is counted apart" {
	requires cgroup2
	requires controller=memory
	up
	[[ -e $(cgroup_dir -)/memory.swap.max ]] || skip "no accounting of swap"
	call update --memory 64M --memory-swap 96M "$ID"
	ok
	memory_limit 67108864
	equal "$(cgroup_file - memory.swap.max)" 33554432
	# What was for both stays for both.
	call update --memory 80M "$ID"
	ok
	equal "$(cgroup_file - memory.swap.max)" 16777216
	call update --memory 32M --memory-swap 32M "$ID"
	ok
	equal "$(cgroup_file - memory.swap.max)" 0
	call update --memory -1 "$ID"
	ok
	memory_limit max
	equal "$(cgroup_file - memory.swap.max)" max
}

@test "update: swap below memory" {
	requires controller=memory
	up "$(resources '{memory:{limit:67108864}}')"
	call update --memory 64M --memory-swap 32M "$ID"
	exited 1
	memory_limit 67108864
	differs_from_runc "names the field"
	fails 1 "linux.resources.memory.swap: memory+swap limit 33554432 is below the memory limit 67108864"
}

@test "update: the resources as a file, as dockerd has containerd send them" {
	requires controller=memory
	requires controller=cpu
	requires controller=pids
	up
	# docker update --memory 300M --memory-swap 600M --cpus 1.5 --pids-limit 100
	update_by '{"memory":{"limit":314572800,"swap":629145600},"cpu":{"quota":150000,"period":100000},"pids":{"limit":100}}'
	ok
	memory_limit 314572800
	cpu_max "150000 100000"
	equal "$(cgroup_file pids.max pids.max)" 100
	# docker update --cpu-shares 300 --cpuset-cpus 0 --restart always
	update_by '{"cpu":{"shares":300,"cpus":"0"}}'
	ok
	weight 300 39
	# docker update --memory-swap 700M: memory itself is not sent.
	update_by '{"memory":{"swap":734003200}}'
	ok
	memory_limit 314572800
	cgroup2 || equal "$(cgroup_file memory.memsw.limit_in_bytes -)" 734003200
}

@test "update: all resources with the devices, as the CRI plugin sends them" {
	requires controller=memory
	up
	local before
	before=$(cgroup2 || cat "$(cgroup_dir devices)/devices.list")
	update_by '{"devices":[{"allow":false,"access":"rwm"}],"memory":{"limit":67108864,"reservation":0,"swap":0},"cpu":{"shares":256,"quota":0,"period":100000,"realtimeRuntime":0,"realtimePeriod":0,"cpus":"","mems":""}}'
	ok
	memory_limit 67108864
	cgroup2 || equal "$(cat "$(cgroup_dir devices)/devices.list")" "$before"
}

@test "update: a file by name, and from a pipe" {
	requires controller=pids
	up
	echo '{"pids":{"limit":17}}' >"$T/r.json"
	call update -r "$T/r.json" "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 17
	mkfifo "$T/fifo"
	spawn writer sh -c "echo '{\"pids\":{\"limit\":18}}' >'$T/fifo'"
	call update --resources "$T/fifo" "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 18
}

@test "update: flags beside a file are ignored" {
	requires controller=pids
	requires controller=memory
	up
	echo '{"pids":{"limit":17}}' >"$T/r.json"
	call update -r "$T/r.json" --memory 64M --pids-limit 5 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 17
	lacks "$(cgroup_file memory.limit_in_bytes memory.max)" 67108864
}

@test "update: a file that is missing, empty, no JSON, of the wrong type" {
	up
	call update -r "$T/none" "$ID"
	fails 1 "no such file or directory"
	IN=/dev/null call update -r - "$ID"
	exited 1
	update_by 'x'
	exited 1
	update_by '{"memory":{"limit":"much"}}'
	exited 1
	differs_from_runc "names the field"
	fails 1 "linux.resources.memory.limit: line 1, column 20: want a number"
}

@test "update: what is wrong is named by its field, all of it at once" {
	differs_from_runc "names the fields"
	up
	update_by '{"memory":{"limit":-2},"cpu":{"period":5,"cpus":"x"},"pids":{"limit":-2}}'
	fails 1 "linux.resources.memory.limit: " "linux.resources.cpu.period: " "linux.resources.cpu.cpus: " "linux.resources.pids.limit: "
}

@test "update: created and paused containers" {
	requires controller=pids
	bundle "$(args sleep 100)"
	created
	call update --pids-limit 11 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 11
	is created
	call start "$ID"
	ok
	call pause "$ID"
	ok
	call update --pids-limit 12 "$ID"
	ok
	equal "$(cgroup_file pids.max pids.max)" 12
	is paused
	call resume "$ID"
	ok
}

@test "update: a stopped container, and one that is not there" {
	up
	call kill "$ID" KILL
	ok
	ended
	call update --pids-limit 11 "$ID"
	exited 1
	differs_from_runc "says that it is not running"
	fails 1 "container not running"
	call update --pids-limit 11 "$ID-none"
	fails 1 "does not exist"
}

@test "update: says what has changed" {
	requires controller=pids
	differs_from_runc "says so in the debug log"
	up "$(resources '{pids:{limit:20}}')"
	call --debug --log "$T/log" update --pids-limit 30 "$ID"
	ok
	matches "$(<"$T/log")" 'changed linux.resources.pids.limit: /sys/fs/cgroup/.*/pids.max: .*30.*, was .*20'
}

@test "update: limits that kernels no longer have are accepted" {
	up
	call update --kernel-memory 16M --kernel-memory-tcp 16M "$ID"
	exited 0
	stdout ""
}
