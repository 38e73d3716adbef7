load lib

up() {
	bundle "$(args sleep 100)" "$@"
	running
}

# stats prints the figures of the container.
stats() {
	call events --stats "$ID"
	ok
	equal "$(wc -l <"$OUT")" 1 "lines"
	jq -e ".data" "$OUT" >"$T/stats"
}

# figure FILTER prints one of them.
figure() { jq -c "$1" "$T/stats"; }

# numbers FILTER wants a number that is above 0.
above0() { [[ $(figure "$1") =~ ^[1-9] ]] || flunk "$1: got $(figure "$1"), want a number above 0"; }

@test "events --stats: one line, its shape" {
	up
	stats
	equal "$(jq -c 'keys_unsorted' "$OUT")" '["type","id","data"]'
	equal "$(jq -r .type "$OUT")" stats
	equal "$(jq -r .id "$OUT")" "$ID"
	equal "$(figure keys_unsorted)" '["cpu","cpuset","memory","pids","blkio","hugetlb","intel_rdt","network_interfaces"]'
	equal "$(figure '.cpu|keys_unsorted|map(select(.!="psi"))')" '["usage","throttling"]'
	equal "$(figure '.cpuset|keys_unsorted|map(select(.!="cpus" and .!="mems"))')" \
		'["cpu_exclusive","mem_hardwall","mem_exclusive","memory_migrate","memory_spread_page","memory_spread_slab","memory_pressure","sched_load_balance","sched_relax_domain_level"]'
	equal "$(figure '.memory|keys_unsorted|map(select(.!="cache" and .!="psi" and .!="raw"))')" '["usage","swap","kernel","kernelTCP"]'
	equal "$(figure '.hugetlb|type')" '"object"'
	equal "$(figure '.intel_rdt')" '{}'
}

@test "events --stats: cpu" {
	cgroup2 || requires controller=cpuacct
	bundle "$(script 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo done; sleep 100')"
	running
	await -limit 25s text "$CTOUT" done
	stats
	above0 .cpu.usage.total
	above0 .cpu.usage.user
	cgroup2 || equal "$(figure '.cpu.usage.percpu|length')" "$(grep -c ^processor /proc/cpuinfo)"
	# All CPUs together.
	cgroup2 || equal "$(figure '.cpu.usage|(.percpu|add)==.total')" true
}

@test "events --stats: throttling" {
	requires controller=cpu
	bundle '.linux.resources.cpu={quota:5000,period:100000}' "$(script 'while :; do :; done')"
	running
	local try
	for try in {1..50}; do
		stats
		[[ $(figure .cpu.throttling.throttledTime) == null ]] || break
		sleep 0.1
	done
	above0 .cpu.throttling.periods
	above0 .cpu.throttling.throttledPeriods
	above0 .cpu.throttling.throttledTime
}

@test "events --stats: memory" {
	requires controller=memory
	bundle '.linux.resources.memory={limit:67108864}' \
		"$(script 'head -c 10000000 /dev/zero >/dev/shm/x; echo have; sleep 100')"
	running
	await text "$CTOUT" have
	stats
	equal "$(figure .memory.usage.limit)" 67108864
	equal "$(figure '.memory.usage.usage>10000000')" true
	above0 '.memory.usage.max'
	equal "$(figure .memory.usage.failcnt)" 0
	above0 '.memory.raw|length'
	if cgroup2; then above0 .memory.raw.anon; else above0 .memory.raw.rss; fi
}

@test "events --stats: processes" {
	requires controller=pids
	bundle '.linux.resources.pids={limit:17}' "$(script 'sleep 100 & sleep 100 & echo up; wait')"
	running
	await text "$CTOUT" up
	stats
	equal "$(figure .pids.limit)" 17
	equal "$(figure '.pids.current>=3')" true
}

@test "events --stats: cpuset" {
	requires cgroup1
	requires controller=cpuset
	up '.linux.resources.cpu={cpus:"0",mems:"0"}'
	stats
	equal "$(figure .cpuset.cpus)" '[0]'
	equal "$(figure .cpuset.mems)" '[0]'
}

@test "events --stats: pressure" {
	requires cgroup2
	[[ -e /proc/pressure/cpu ]] || skip "no PSI in this kernel"
	needs_runc 1.2 "PSI"
	up
	cat "$(cgroup_dir -)/cpu.pressure" >/dev/null 2>&1 || skip "PSI is off"
	stats
	equal "$(figure '.cpu.psi|keys_unsorted')" '["some","full"]'
	equal "$(figure '.cpu.psi.some|keys_unsorted')" '["avg10","avg60","avg300","total"]'
	equal "$(figure '.memory.psi.some.total|type')" '"number"'
}

@test "events --stats: network devices" {
	differs_from_runc "knows the container's devices"
	up
	stats
	equal "$(figure .network_interfaces)" null # only lo
	ip link add "e$$" type dummy 2>/dev/null || skip "cannot make a network device here"
	ip link set "e$$" netns "$PID" name eth7
	nsenter -t "$PID" -n ip link set eth7 up
	stats
	equal "$(figure '.network_interfaces|map(.Name)')" '["eth7"]'
	equal "$(figure '.network_interfaces[0]|keys_unsorted')" \
		'["Name","RxBytes","RxPackets","RxErrors","RxDropped","TxBytes","TxPackets","TxErrors","TxDropped"]'
}

@test "events --stats: created and paused containers" {
	bundle "$(args sleep 100)"
	created
	stats
	call start "$ID"
	call pause "$ID"
	stats
	call resume "$ID"
	ok
}

@test "events: a stopped container, and one that is not there" {
	up
	call kill "$ID" KILL
	ended
	call events "$ID"
	fails 1 "container with id $ID is not running"
	call events --stats "$ID"
	fails 1 "container with id $ID is not running"
	call events "$ID-none"
	fails 1 "does not exist"
}

@test "events: an interval that is none" {
	up
	local interval
	for interval in 0 0s -1s; do
		call events "--interval=$interval" "$ID"
		fails 1 "duration interval must be greater than 0"
	done
	call events --interval x "$ID"
	exited 1
}

@test "events: figures at an interval, until the container ends" {
	up
	spawn events "$RUNTIME" --root "$ROOT" events --interval 100ms "$ID"
	local pid=$SPAWNED_PID
	await text "$T/events.out" '"type":"stats"'
	# Each line is whole.
	head -n 1 "$T/events.out" | jq -e '.data.memory' >"$T/stats"
	call delete --force "$ID"
	ok
	reap events "$pid"
	exited 0
	equal "$(jq -r .type "$T/events.out" | sort -u)" stats
	differs_from_runc "says nothing of the end"
	equal "$error" ""
}

@test "events: ends when the program ends, with an interval of hours" {
	differs_from_runc "waits for the cgroup to go"
	up
	spawn events "$RUNTIME" --root "$ROOT" events --interval 9h "$ID"
	local pid=$SPAWNED_PID
	await -limit 5s poll "$pid" 2>/dev/null || sleep 0.2
	call kill "$ID" KILL
	ok
	reap events "$pid"
	exited 0
	equal "$output" ""
}

@test "events: a reader that has seen enough" {
	up
	# Not even until the next figures.
	equal "$(timeout 10 "$RUNTIME" --root "$ROOT" events --interval 100ms "$ID" 2>"$T/err" | head -n 1 | jq -r .type)" stats
	equal "$(<"$T/err")" ""
}

@test "events: nobody reads from the beginning" {
	differs_from_runc "ends at once"
	up
	local code=0
	{ timeout 10 "$RUNTIME" --root "$ROOT" events --interval 9h "$ID" 2>"$T/err" || echo "$?" >"$T/code"; } | true
	absent "$T/code"
	equal "$(<"$T/err")" ""
}

@test "events: out of memory, the program goes on" {
	requires controller=memory
	bundle '.linux.resources.memory={limit:33554432,swap:33554432}' \
		"$(script 'read x </go; sh -c "tail /dev/zero"; echo after; sleep 100')"
	mkfifo "$B/rootfs/go"
	running
	spawn events "$RUNTIME" --root "$ROOT" events --interval 200ms "$ID"
	local pid=$SPAWNED_PID
	# Once figures come, the watch is on.
	await text "$T/events.out" '"type":"stats"'
	echo go >"$B/rootfs/go"
	await -limit 25s text "$CTOUT" after
	await text "$T/events.out" '"type":"oom"'
	equal "$(jq -c 'select(.type=="oom")' "$T/events.out" | head -n 1)" "{\"type\":\"oom\",\"id\":\"$ID\"}"
	is running
	call delete --force "$ID"
	ok
	reap events "$pid"
	exited 0
	rm -f "$B/rootfs/go"
}

@test "events: out of memory, which ends the container" {
	requires controller=memory
	bundle '.linux.resources.memory={limit:33554432,swap:33554432}' "$(script 'read x </go; exec tail /dev/zero')"
	mkfifo "$B/rootfs/go"
	running
	spawn events "$RUNTIME" --root "$ROOT" events --interval 200ms "$ID"
	local pid=$SPAWNED_PID
	await text "$T/events.out" '"type":"stats"'
	echo go >"$B/rootfs/go"
	await -limit 25s exit "$PID"
	call delete --force "$ID"
	ok
	reap events "$pid"
	exited 0
	contains "$(jq -r .type "$T/events.out")" oom
	rm -f "$B/rootfs/go"
}

@test "events: no notice of memory without a lack of it" {
	requires controller=memory
	bundle '.linux.resources.memory={limit:67108864}' \
		"$(script 'head -c 15000000 /dev/zero >/dev/shm/x; echo done; sleep 100')"
	running
	spawn events "$RUNTIME" --root "$ROOT" events --interval 100ms "$ID"
	local pid=$SPAWNED_PID
	await text "$CTOUT" done
	await text "$T/events.out" '"type":"stats"'
	call delete --force "$ID"
	ok
	reap events "$pid"
	equal "$(jq -r .type "$T/events.out" | sort -u)" stats
}
