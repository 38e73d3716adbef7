# shellcheck shell=bash
#
# What the tests of update have in common, beside lib.bash.

up() {
	bundle "$(args sleep 100)" "$@"
	running
}

resources() { echo ".linux.resources += $1"; }

# update_by JSON updates with a resources object on standard input, as
# containerd's shim does.
update_by() {
	echo "$1" >"$T/resources"
	IN=$T/resources call update --resources=- "$ID"
}

# memory_limit, cpu_max and weight want what the kernel has.
memory_limit() { equal "$(cgroup_file memory.limit_in_bytes memory.max)" "$1"; }
cpu_max() {
	local now
	if cgroup2; then
		now=$(cgroup_file - cpu.max)
	else
		now="$(cgroup_file cpu.cfs_quota_us -) $(cgroup_file cpu.cfs_period_us -)"
		now=${now/#-1 /max }
	fi
	equal "$now" "$1"
}
weight() { # SHARES
	if ! cgroup2; then
		equal "$(cgroup_file cpu.shares -)" "$1"
	elif [[ $RUNTIME_KIND == rung ]]; then # runc has changed its mind about the numbers
		equal "$(cgroup_file - cpu.weight)" "$2"
	fi
}

# every_value prints all that an update could have changed.
every_value() {
	local names name file
	cgroup2 && names=- || names=$(cut -d: -f2 "/proc/$PID/cgroup" | cut -d, -f1 | sort -u)
	for name in $names; do
		cgroup2 || [[ -d /sys/fs/cgroup/$name ]] || continue
		for file in "$(cgroup_dir "$name")"/{cpu,cpuset,memory,pids,blkio,io,devices}.*; do
			case ${file##*/} in
			*stat* | *usage* | *current | *failcnt | *peak* | *pressure* | *throttled* | *serviced* | *service_bytes* | *events* | *oom_control | *.force_empty | *.reclaim) ;;
			*) [[ ! -f $file ]] || echo "${file##*/}: $(cat "$file" 2>/dev/null)" ;;
			esac
		done
	done
}
