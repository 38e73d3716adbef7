load lib

ns() { readlink "/proc/${2:-self}/ns/$1"; }

@test "namespaces: each of the config is new, no other" {
	probe '.linux.namespaces=[{type:"mount"},{type:"pid"},{type:"ipc"}]' 'del(.hostname)'
	differ "$(got .namespaces.mnt)" "$(ns mnt)"
	differ "$(got .namespaces.pid)" "$(ns pid)"
	differ "$(got .namespaces.ipc)" "$(ns ipc)"
	want .namespaces.net "$(ns net)"
	want .namespaces.uts "$(ns uts)"
	want .namespaces.user "$(ns user)"
	want .namespaces.cgroup "$(ns cgroup)"
}

@test "namespaces: cgroup, new" {
	probe "$(new_ns cgroup)"
	differ "$(got .namespaces.cgroup)" "$(ns cgroup)"
	want '[.cgroup[]|select(test(":(memory|pids):|^0::"))|split(":")[2]]|unique' '["/"]'
}

@test "namespaces: time, new, with offsets" {
	requires timens
	needs_runc 1.2 "time namespaces"
	bundle "$(new_ns time)" '.linux.timeOffsets={boottime:{secs:1000000},monotonic:{secs:500}}' \
		"$(script 'readlink /proc/self/ns/time; cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets')"
	not_yet linux.timeOffsets
	run_payload
	differ "$(head -n 1 "$OUT")" "$(ns time)"
	[[ $(sed -n 2p "$OUT") -gt 1000000 ]] || flunk "uptime: $output"
	matches "$output" 'monotonic +500 '
}

# covers: linux.timeOffsets
@test "namespaces: time, with nanoseconds" {
	requires timens
	needs_runc 1.2 "time namespaces"
	bundle "$(new_ns time)" '.linux.timeOffsets={boottime:{secs:7,nanosecs:250000000},monotonic:{secs:5,nanosecs:1}}' \
		"$(script 'cat /proc/self/timens_offsets')"
	run_payload
	matches "$output" 'monotonic +5 +1($|[^0-9])'
	matches "$output" 'boottime +7 +250000000'
}

@test "namespaces: network: new has only a loopback device that is up" {
	bundle "$(script 'ls /sys/class/net; cat /sys/class/net/lo/flags; ping -c 1 -W 2 127.0.0.1 >/dev/null 2>&1; cat /proc/net/dev | wc -l')"
	run_payload
	# IFF_UP and IFF_LOOPBACK
	matches "$output" $'^lo\n0x9\n'
}

@test "namespaces: each type by path" {
	bundle "$(args sleep 100)" "$(new_ns cgroup)"
	running
	local type file holder=$PID
	for type in network ipc uts pid cgroup; do
		file=$type
		[[ $type == network ]] && file=net
		config "$(join_ns "$type" "/proc/$holder/ns/$file")" ".linux.cgroupsPath=\"/$ID-2\"" \
			"$(args /bin/probe)" 'del(.hostname)'
		call run --bundle "$B" "$ID-2"
		ok
		equal "$(jq -r ".namespaces.$file" "$OUT")" "$(ns $file "$holder")" "$type by path"
	done
}

@test "namespaces: mount by path" {
	bundle "$(args sleep 100)"
	running
	# A holder of a mount namespace in which the bundle is to be seen.
	spawn holder unshare --mount sh -c 'echo ready; exec sleep 100'
	local holder=$SPAWNED_PID
	await text "$T/holder.out" ready
	config "$(join_ns mount "/proc/$holder/ns/mnt")" ".linux.cgroupsPath=\"/$ID-2\"" "$(args /bin/probe)" \
		'.linux.maskedPaths=[]' '.linux.readonlyPaths=[]' 
	call run --bundle "$B" "$ID-2"
	[[ $RUNTIME_KIND == runc ]] || exited 0
	[[ $status != 0 ]] || equal "$(jq -r .namespaces.mnt "$OUT")" "$(ns mnt "$holder")"
}

@test "namespaces: time by path" {
	requires timens
	needs_runc 1.2 "time namespaces"
	spawn holder unshare --time --fork sh -c 'echo ready; exec sleep 100'
	await text "$T/holder.out" ready
	local holder
	holder=$(pgrep -P "$SPAWNED_PID")
	SPAWNED+=("$holder")
	bundle "$(join_ns time "/proc/$holder/ns/time")" "$(args /bin/probe)"
	run_payload
	equal "$(jq -r .namespaces.time <<<"$output")" "$(ns time "$holder")"
	kill -KILL "$holder"
	ended "$holder"
}

@test "namespaces: user by path" {
	spawn holder unshare --user --map-root-user sh -c 'echo ready; exec sleep 100'
	local holder=$SPAWNED_PID
	await text "$T/holder.out" ready
	needs_runc 1.2 "a user namespace by path without mappings"
	# Its map has one id, so devpts can have no group 5.
	bundle "$(join_ns user "/proc/$holder/ns/user")" "$(args /bin/probe)" \
		'.mounts|=map(select(.destination=="/dev/pts").options-=["gid=5"])'
	run_payload
	equal "$(jq -r .namespaces.user <<<"$output")" "$(ns user "$holder")"
	equal "$(jq -c .uidMap <<<"$output")" '["0 0 1"]'
}

@test "namespaces: by path of one that was kept with a bind mount" {
	requires isolated
	: >"$T/net"
	unshare --net="$T/net" true
	bundle "$(join_ns network "$T/net")" "$(script 'readlink /proc/self/ns/net; cat /sys/class/net/lo/flags')"
	run_payload
	contains "$output" "$(nsenter --net="$T/net" readlink /proc/self/ns/net)"
	umount "$T/net"
}

@test "namespaces: a path of the wrong type is refused" {
	bundle
	local type
	for type in network ipc uts pid; do
		config "$(join_ns "$type" /proc/self/ns/mnt)" 'del(.hostname)'
		call run --bundle "$B" "$ID"
		exited 1
		nothing_left
	done
	config "$(join_ns mount /proc/self/ns/net)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "namespaces: a path that is no namespace is refused" {
	bundle "$(join_ns network /etc/passwd)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
	config "$(join_ns network "$T/none")"
	call run --bundle "$B" "$ID"
	fails 1 "no such file or directory"
	nothing_left
	mkfifo "$T/fifo"
	config "$(join_ns network "$T/fifo")"
	differs_from_runc "a fifo as a namespace's path does not block the start"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "namespaces: a type twice is refused" {
	bundle '.linux.namespaces += [{type:"ipc"}]'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "namespaces: an unknown type is refused" {
	bundle '.linux.namespaces += [{type:"nosuch"}]'
	call run --bundle "$B" "$ID"
	fails 1 nosuch
	nothing_left
}

@test "namespaces: errors name the field" {
	differs_from_runc "errors in config.json carry the JSON path of the field"
	bundle '.linux.namespaces += [{type:"nosuch"}]'
	call run --bundle "$B" "$ID"
	fails 1 "linux.namespaces[5].type"
	config "$(join_ns network "$T/none")"
	call run --bundle "$B" "$ID"
	fails 1 "linux.namespaces[4].path"
}

@test "namespaces: a shared PID namespace: the payload is one of its processes" {
	bundle "$(args sleep 100)"
	running
	config "$(join_ns pid "/proc/$PID/ns/pid")" ".linux.cgroupsPath=\"/$ID-2\"" "$(script 'echo $$; cat /proc/1/comm')"
	call run --bundle "$B" "$ID-2"
	ok
	matches "$output" $'^[0-9]+\nsleep$'
	differ "$(head -n 1 "$OUT")" 1
}

@test "namespaces: a shared PID namespace: delete of the owner ends the other too" {
	bundle "$(args sleep 100)"
	running
	local first=$PID second
	config "$(join_ns pid "/proc/$first/ns/pid")" ".linux.cgroupsPath=\"/$ID-2\"" "$(args sleep 100)"
	call run --bundle "$B" --detach "$ID-2"
	exited 0
	second=$(pid_of "$ID-2")
	call delete --force "$ID"
	ok
	ended "$second"
	is stopped "$ID-2"
	call kill --all "$ID-2" KILL
	[[ $RUNTIME_KIND == runc ]] || ok
	call delete "$ID-2"
	ok
	nothing_left
}

@test "namespaces: without a PID namespace the payload is one of the host's processes" {
	bundle "$(no_ns pid)" "$(args sleep 100)"
	running
	equal "$(ns pid "$PID")" "$(ns pid)"
	call exec "$ID" /bin/probe
	ok
	equal "$(jq -r .namespaces.pid <<<"$output")" "$(ns pid)"
}

@test "namespaces: no linux section but the mount namespace" {
	bundle '.linux={namespaces:[{type:"mount"}],cgroupsPath:.linux.cgroupsPath}' 'del(.hostname)' "$(args /bin/probe)"
	run_payload
	equal "$(jq -r .namespaces.pid <<<"$output")" "$(ns pid)"
}
