load lib

# Namespaces that are joined or made together, and the user namespace's part.

ns() { readlink "/proc/${2:-self}/ns/$1"; }

mapping() { echo "[{containerID:$1,hostID:$2,size:$3}]"; }

maps() { echo ".linux.uidMappings=$1|.linux.gidMappings=${2:-$1}"; }

in_userns() { echo "$(new_ns user)|$(maps "$(mapping 0 100000 65536)")"; }

# owner starts a container that has all namespaces of its own; $OWNER is its
# pid. A config for $ID-2 comes next.
owner() {
	bundle "$(in_userns)" "$(new_ns cgroup)" "$(args sleep 100)" "$@"
	chown -R 100000:100000 "$B/rootfs"
	running
	OWNER=$PID
	FIRST=$ID
	ID=$ID-2
}

# joined FILTER… is the config of a container that joins what the owner has.
joined() {
	config "$(join_ns network "/proc/$OWNER/ns/net")" "$(join_ns ipc "/proc/$OWNER/ns/ipc")" "$(join_ns uts "/proc/$OWNER/ns/uts")" \
		"$(join_ns pid "/proc/$OWNER/ns/pid")" "$(join_ns cgroup "/proc/$OWNER/ns/cgroup")" "$(join_ns user "/proc/$OWNER/ns/user")" \
		'del(.hostname)' "$(args /bin/probe)" "$@"
}

gone() {
	call delete --force "$FIRST"
	ok
}

@test "joins: all eight namespaces are new" {
	requires timens
	needs_runc 1.2 "time namespaces"
	probe "$(in_userns)" "$(new_ns cgroup)" "$(new_ns time)"
	local type
	for type in mnt pid net ipc uts user cgroup time; do
		differ "$(got ".namespaces.$type")" "$(ns $type)" "$type"
	done
}

@test "joins: all eight namespaces, and exec into them" {
	requires timens
	needs_runc 1.2 "time namespaces"
	bundle "$(in_userns)" "$(new_ns cgroup)" "$(new_ns time)" "$(args sleep 100)"
	edit '.linux.timeOffsets={monotonic:{secs:1000,nanosecs:5},boottime:{secs:-1}}'
	chown -R 100000:100000 "$B/rootfs"
	running
	call exec "$ID" /bin/probe
	ok
	local type
	for type in mnt pid net ipc uts user cgroup time; do
		equal "$(jq -r ".namespaces.$type" <<<"$output")" "$(ns $type "$PID")" "$type"
		differ "$(ns $type "$PID")" "$(ns $type)" "$type"
	done
	call exec "$ID" cat /proc/self/timens_offsets
	matches "$output" 'monotonic +1000 +5'
	matches "$output" 'boottime +-1 +0'
}

@test "joins: a pod: user namespace and all others by path" {
	needs_runc 1.2 "a user namespace by path without mappings"
	owner
	joined
	run_payload
	local type
	for type in net ipc uts pid user cgroup; do
		equal "$(jq -r ".namespaces.$type" <<<"$output")" "$(ns $type "$OWNER")" "$type"
	done
	differ "$(jq -r .namespaces.mnt <<<"$output")" "$(ns mnt "$OWNER")"
	gone
}

@test "joins: the order of the entries does not matter" {
	needs_runc 1.2 "a user namespace by path without mappings"
	owner
	joined '.linux.namespaces|=reverse'
	run_payload
	equal "$(jq -r .namespaces.user <<<"$output")" "$(ns user "$OWNER")"
	equal "$(jq -r .namespaces.net <<<"$output")" "$(ns net "$OWNER")"
	gone
}

@test "joins: a user namespace by path, and new ones that belong to it" {
	needs_runc 1.2 "a user namespace by path without mappings"
	owner
	config "$(join_ns user "/proc/$OWNER/ns/user")" "$(script 'hostname changed && hostname')" \
		'.process.capabilities.effective+=["CAP_SYS_ADMIN"]|.process.capabilities.permitted+=["CAP_SYS_ADMIN"]|.process.capabilities.bounding+=["CAP_SYS_ADMIN"]'
	run_payload
	stdout changed
	gone
}

@test "joins: path and mappings that are the same" {
	needs_runc 1.2 "path and mappings together"
	owner
	joined "$(maps "$(mapping 0 100000 65536)")"
	run_payload
	equal "$(jq -r .namespaces.user <<<"$output")" "$(ns user "$OWNER")"
	# However they are divided.
	joined "$(maps '[{containerID:100,hostID:100100,size:65436},{containerID:0,hostID:100000,size:100}]')"
	run_payload
	gone
}

@test "joins: path and mappings that differ" {
	differs_from_runc "wording of errors"
	owner
	joined "$(maps "$(mapping 0 100000 65535)" "$(mapping 0 100000 65536)")"
	call run --bundle "$B" "$ID"
	fails 1 "linux.uidMappings: not those of the user namespace to join: 0 100000 65536"
	joined "$(maps "$(mapping 0 100000 65536)" "$(mapping 0 1000 65536)")"
	call run --bundle "$B" "$ID"
	fails 1 "linux.gidMappings: not those of the user namespace to join: 0 100000 65536"
	gone
	nothing_left
}

@test "joins: several ranges of ids" {
	probe "$(new_ns user)" "$(maps '[{containerID:0,hostID:100000,size:10},{containerID:10,hostID:200000,size:5},{containerID:1000,hostID:300000,size:7}]')"
	want .uidMap '["0 100000 10","10 200000 5","1000 300000 7"]'
	want .gidMap '["0 100000 10","10 200000 5","1000 300000 7"]'
}

@test "joins: more ranges than a map had lines once" {
	bundle "$(new_ns user)" '.linux.uidMappings=[range(300)|{containerID:(.*2),hostID:(100000+.*3),size:1}]|.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		"$(script 'wc -l </proc/self/uid_map')"
	run_payload
	stdout 300
}

@test "joins: an id that is not mapped" {
	differs_from_runc "wording of errors"
	bundle "$(new_ns user)" "$(maps "$(mapping 0 100000 10)")" '.process.user={uid:10,gid:3,additionalGids:[4,11]}' \
		'.mounts|=map(select(.destination=="/dev/pts").options-=["gid=5"])'
	call run --bundle "$B" "$ID"
	fails 1 "process.user.uid: 10 is not mapped by linux.uidMappings" "process.user.additionalGids[1]: 11 is not mapped by linux.gidMappings"
}

@test "joins: offsets without a new time namespace" {
	differs_from_runc "wording of errors"
	bundle '.linux.timeOffsets={monotonic:{secs:1}}'
	call run --bundle "$B" "$ID"
	fails 1 "linux.timeOffsets: needs a time namespace in linux.namespaces"
	config "$(join_ns time /proc/self/ns/time)" '.linux.timeOffsets={monotonic:{secs:1}}'
	call run --bundle "$B" "$ID"
	fails 1 "linux.timeOffsets: needs a new time namespace"
	config "$(new_ns time)" '.linux.timeOffsets={realtime:{secs:1}}'
	call run --bundle "$B" "$ID"
	fails 1 'linux.timeOffsets["realtime"]: unknown clock "realtime"'
}

@test "joins: offsets that the kernel refuses" {
	requires timens
	differs_from_runc "wording of errors"
	bundle "$(new_ns time)" '.linux.timeOffsets={boottime:{secs:-4000000000}}'
	call run --bundle "$B" "$ID"
	fails 1 "linux.timeOffsets: write /proc/" "numerical result out of range"
	nothing_left
}

@test "joins: each type, with a file of another type, is refused by its field" {
	differs_from_runc "wording of errors"
	bundle
	local type file=ipc i
	for type in pid network mount ipc uts user cgroup time; do
		[[ $type == ipc ]] && file=net || file=ipc
		config '.linux.namespaces=[{type:"mount"}]' "$(join_ns "$type" "/proc/self/ns/$file")" 'del(.hostname)|.mounts=[]|.linux.maskedPaths=[]|.linux.readonlyPaths=[]'
		i=$(jq "[.linux.namespaces[].type]|index(\"$type\")" "$B/config.json")
		call run --bundle "$B" "$ID"
		fails 1 "linux.namespaces[$i].path: /proc/self/ns/$file: a namespace of another type"
		nothing_left
	done
}
