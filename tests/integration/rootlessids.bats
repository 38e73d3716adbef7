load lib
load users

# The runtime as an ordinary user who may map further ids, by newuidmap.

setup_file() {
	prepare
	make_users
}

teardown_file() { unmake_users; }

setup() {
	requires isolated
	differs_with_systemd "these users have no systemd; systemd.bats has one who has"
	requires program=newuidmap
	begin
	as rt-ann
	rootless "$(many_ids)"
}

@test "rootless ids: all of them" {
	edit "$(args /bin/probe)"
	call run --bundle "$B" "$ID"
	ran
	equal "$(jq -c '[.uid,.gid,.uidMap,.gidMap]' "$OUT")" \
		"[0,0,[\"0 $ANN 1\",\"1 $ANN_UIDS 65536\"],[\"0 $ANN 1\",\"1 $ANN_GIDS 65536\"]]"
}

@test "rootless ids: a user, and groups" {
	needs_runc 9 "additional groups in a rootless container"
	edit '.process.user={uid:1000,gid:1001,additionalGids:[29]}' "$(script 'id -u; id -g; id -G; cat /proc/self/setgroups')"
	call run --bundle "$B" "$ID"
	ok
	stdout $'1000\n1001\n1001 29\nallow'
}

@test "rootless ids: the caller's other groups are not inside" {
	differs_from_runc "the caller's groups are dropped where the namespace lets them"
	equal "$(id -G rt-ann)" "$ANN 61010"
	edit "$(script 'id -G')"
	call run --bundle "$B" "$ID"
	ok
	stdout 0
}

@test "rootless ids: with one group they stay, and nobody can add any" {
	edit "$(one_id)" "$(script 'id -G')"
	call run --bundle "$B" "$ID"
	ran
	stdout "0 65534"
	edit '.process.user.additionalGids=[0]'
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "process.user.additionalGids: the user namespace of a caller without privilege denies setgroups, unless newgidmap maps more than the caller's own group (linux.gidMappings)"
	nothing_left
}

@test "rootless ids: files belong to the ids that were mapped" {
	edit '.process.capabilities.bounding+=["CAP_CHOWN"]|.process.capabilities.effective+=["CAP_CHOWN"]|.process.capabilities.permitted+=["CAP_CHOWN"]' \
		"$(script 'touch /x && chown 1:1 /x')"
	call run --bundle "$B" "$ID"
	ran
	equal "$(stat -c %u:%g "$B/rootfs/x")" "$ANN_UIDS:$ANN_GIDS"
	rm "$B/rootfs/x"
}

@test "rootless ids: exec as another user" {
	edit "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call exec --user 5:6 "$ID" /bin/probe
	ran
	equal "$(jq -c '[.uid,.gid]' <<<"$output")" "[5,6]"
	[[ $RUNTIME_KIND == runc ]] || {
		call exec --user 5:6 --additional-gids 7 "$ID" id -G
		ok
		stdout "6 7"
	}
	call kill "$ID" KILL
	ended
}

@test "rootless ids: a payload of another id is killed and listed" {
	edit '.process.user={uid:1000,gid:1000}' "$(args sleep 100)"
	call run --detach --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(stat -c %u "/proc/$PID")" $((ANN_UIDS + 999))
	if [[ $RUNTIME_KIND != runc ]]; then
		call ps --format json "$ID"
		ok
		stdout "[$PID]"
	fi
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ran
}

@test "rootless ids: root inside need not be the caller" {
	differs_from_runc "the caller need not be mapped"
	edit ".linux.uidMappings=[{containerID:0,hostID:$ANN_UIDS,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:$ANN_GIDS,size:65536}]" "$(args sleep 100)"
	chmod 755 "$B"
	call create --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	equal "$(stat -c %u "/proc/$PID")" $ANN_UIDS
	call exec "$ID" id -u
	ran
	stdout 0
	call start "$ID"
	ran
	call kill "$ID" KILL
	ended
	call delete "$ID"
	ran
}

@test "rootless ids: a root that only ids of the container may enter" {
	differs_from_runc "the root file system is opened with the rights of both"
	mkdir "$T/store"
	mv "$B/rootfs" "$T/store/rootfs"
	chown -hR $ANN_UIDS:$ANN_GIDS "$T/store"
	chmod 700 "$T/store"
	edit ".root.path=\"$T/store/rootfs\"" "$(args echo fine)"
	call run --bundle "$B" "$ID"
	ok
	stdout fine
}

@test "rootless ids: a range that nobody gave: the missing line" {
	edit ".linux.uidMappings[1]={containerID:1,hostID:700000000,size:1000}"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.uidMappings: $(command -v newuidmap): exit status 1: newuidmap: uid range [1-1001) -> [700000000-700001000) not allowed; add this line to /etc/subuid: rt-ann:700000000:1000"
	nothing_left
}

@test "rootless ids: a range that is given in part" {
	edit ".linux.gidMappings[1].size=70000"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "add this line to /etc/subgid: rt-ann:$((ANN_GIDS + 65536)):4464"
	nothing_left
}

@test "rootless ids: a user without any" {
	as rt-ben
	edit "$(one_id)" "$(many_ids 10)" ".linux.uidMappings+=[{containerID:100,hostID:500000,size:1}]"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "add this line to /etc/subgid: rt-ben:$ANN_GIDS:10"
	edit ".linux.gidMappings|=[.[0]]"
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "add these lines to /etc/subuid: rt-ben:$ANN_UIDS:10 and rt-ben:500000:1"
	nothing_left
}

@test "rootless ids: no newuidmap" {
	differs_from_runc "wording of errors"
	mkdir "$T/bin"
	ln -s "$(command -v env)" "$(command -v setpriv)" "$T/bin"
	WRAP="$WRAP PATH=.:relative:$T/bin" call run --bundle "$B" "$ID"
	fails 1 "linux.gidMappings: newgidmap: executable file not found in \$PATH: without it a user may map one id, the own one (Debian: package uidmap)"
	nothing_left
}

@test "rootless ids: a newuidmap without privilege" {
	differs_from_runc "wording of errors"
	mkdir "$T/bin"
	cp "$(command -v newuidmap)" "$(command -v newgidmap)" "$T/bin"
	chmod 755 "$T"/bin/*
	WRAP="$WRAP PATH=$T/bin:$PATH" call run --bundle "$B" "$ID"
	fails 1 "linux.gidMappings: $T/bin/newgidmap: exit status 1: newgidmap: " "; /etc/subgid allows these ids: newgidmap has to be set-user-id root, or have cap_setgid, on a file system without nosuid, and its caller must not have no-new-privileges"
	nothing_left
}

@test "rootless ids: one group and many users" {
	edit '.linux.gidMappings|=[.[0]]' "$(script 'cat /proc/self/setgroups; tr -s " " </proc/self/uid_map | wc -l; tr -s " " </proc/self/gid_map')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'deny\n2\n 0 61001 1'
}

@test "rootless ids: a terminal" {
	edit '.process.terminal=true' '.process.user={uid:1000,gid:1000}' "$(script 'tty; stat -c %u "$(tty)"')"
	spawn tty recvtty "$T/xdg/console"
	await file "$T/xdg/console"
	chmod 666 "$T/xdg/console"
	call run --bundle "$B" --detach --console-socket "$T/xdg/console" "$ID"
	ran
	reap tty "$SPAWNED_PID"
	equal "${output//$'\r'/}" $'/dev/pts/0\n1000'
}

@test "rootless ids: a group for terminals" {
	edit '.mounts|=map(if .destination=="/dev/pts" then .options+=["gid=5"] else . end)' "$(script 'stat -c %g /dev/pts/ptmx >/dev/null; grep -o "devpts.*gid=[0-9]*" /proc/mounts | grep -o "gid=.*"')"
	call run --bundle "$B" "$ID"
	ran
	stdout "gid=$((ANN_GIDS + 4))"
}

# --- as root of a user namespace that somebody else made, as Podman does it ----

@test "rootless ids: as root of a user namespace with many ids" {
	as rt-ann unshare --user --map-root-user --map-auto --mount
	bundle 'del(.linux.cgroupsPath)|.linux.resources={}' "$(script 'id -u; cat /proc/self/uid_map | tr -s " "; stat -c %t:%T /dev/null; chown 5:5 /tmp && stat -c %u /tmp')" \
		'.process.capabilities.bounding+=["CAP_CHOWN"]|.process.capabilities.effective+=["CAP_CHOWN"]|.process.capabilities.permitted+=["CAP_CHOWN"]'
	own
	invoke run --bundle "$B" "$ID"
	ran
	stdout $'0\n 0 61001 1\n 1 610000000 65535\n1:3\n5'
	present "$T/xdg/$RUNTIME_KIND"
	rmdir "$T/xdg/$RUNTIME_KIND"
}

@test "rootless ids: and another user namespace in that one" {
	as rt-ann unshare --user --map-root-user --map-auto --mount
	edit '.linux.uidMappings=[{containerID:0,hostID:1,size:1000}]|.linux.gidMappings=[{containerID:0,hostID:1,size:1000}]' "$(args /bin/probe)"
	chown -hR $ANN_UIDS:$ANN_GIDS "$B/rootfs"
	call run --bundle "$B" "$ID"
	ran
	equal "$(jq -c '[.uid,.gid,.uidMap]' "$OUT")" '[0,0,["0 1 1000"]]'
	edit '.linux.uidMappings=[{containerID:0,hostID:1,size:70000}]'
	call run --bundle "$B" "$ID"
	exited 1
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "linux.uidMappings[0].hostID: write /proc/"
	[[ $RUNTIME_KIND == runc ]] || contains "$error" "the user namespace of the caller has no uids 65536-70000, it has 0, 1-65535"
	nothing_left
}

# held NAME OPTION… makes namespaces as that user, and every call from here on
# one in them.
held() {
	local name=$1
	shift
	as "$name"
	# shellcheck disable=SC2086 # words of a command
	spawn held $WRAP unshare --user --map-root-user "$@" sleep 1000
	local pid=$SPAWNED_PID
	until [[ $(<"/proc/$pid/comm") == sleep ]]; do :; done
	WRAP="nsenter --target $pid --user --mount env USER=$name XDG_RUNTIME_DIR=$T/xdg"
}

@test "rootless ids: a life as root of a user namespace" {
	held rt-ann --map-auto --mount
	edit '.linux.uidMappings=[{containerID:0,hostID:1,size:1000}]|.linux.gidMappings=[{containerID:0,hostID:1,size:1000}]' "$(args sleep 100)"
	chown -hR $ANN_UIDS:$ANN_GIDS "$B/rootfs"
	call create --bundle "$B" "$ID"
	ran
	PID=$(pid_of)
	call exec "$ID" /bin/probe
	ran
	equal "$(jq -c '[.uid,.gid,.uidMap]' <<<"$output")" '[0,0,["0 1 1000"]]'
	call start "$ID"
	ran
	call exec --user 9:9 "$ID" id -u
	ran
	stdout 9
	if [[ $RUNTIME_KIND != runc ]]; then
		call ps --format json "$ID"
		ok
		equal "$(jq length <<<"$output")" 1
	fi
	call list -q
	ok
	stdout "$ID"
	call kill "$ID" KILL
	ok
	ended
	call delete "$ID"
	ran
}

@test "rootless ids: as root of a user namespace, in the host's mount namespace" {
	needs_runc 1.2 "a mount namespace that is not the caller's"
	held rt-ann --map-auto
	edit '.linux.uidMappings=[{containerID:0,hostID:1,size:1000}]|.linux.gidMappings=[{containerID:0,hostID:1,size:1000}]' "$(args sleep 100)"
	chown -hR $ANN_UIDS:$ANN_GIDS "$B/rootfs"
	call create --bundle "$B" "$ID"
	ran
	call delete --force "$ID"
	ran
	bundle 'del(.linux.cgroupsPath)|.linux.resources={}' "$(args echo fine)"
	own
	call run --bundle "$B" "$ID"
	ran
	stdout fine
}

@test "rootless ids: as root of a user namespace with one id" {
	needs_runc 1.2 "a mount namespace that is not the caller's"
	as rt-ben unshare --user --map-root-user
	own
	edit '.linux.uidMappings=[{containerID:0,hostID:0,size:1}]|.linux.gidMappings=[{containerID:0,hostID:0,size:1}]' "$(script 'id -u; touch /x')"
	call run --bundle "$B" "$ID"
	ran
	stdout 0
	equal "$(stat -c %u "$B/rootfs/x")" $BEN
	rm "$B/rootfs/x"
	edit "$(no_ns user)" 'del(.linux.uidMappings,.linux.gidMappings)'
	call run --bundle "$B" "$ID"
	ran
	stdout 0
	rm "$B/rootfs/x"
	if [[ $RUNTIME_KIND != runc ]]; then
		edit "$(mount_at /mnt devpts devpts gid=5)"
		call run --bundle "$B" "$ID"
		fails 1 "mounts[6]: " ": invalid argument" " of the user namespace"
	fi
	nothing_left
}

# --- in a container that hides parts of /proc ----------------------------------

# masked lets calls be made where something is mounted over a part of /proc.
masked() {
	cat >"$T/masked" <<-'END'
		#!/bin/sh
		mount --bind /dev/null /proc/timer_list || exit
		exec "$@"
	END
	chmod 755 "$T/masked"
	WRAP="unshare --mount $T/masked $WRAP"
}

@test "rootless ids: where /proc is masked, a new one is refused, with the reason" {
	differs_from_runc "wording of errors"
	masked
	call run --bundle "$B" "$ID"
	fails 1 "mounts[0]: fsmount proc: operation not permitted" "the caller's own /proc is partly hidden (" "/proc/timer_list), and the kernel allows no new one that shows it: the container around this one needs a /proc without masks"
	nothing_left
}

@test "rootless ids: where /proc is masked, it can be bound, and keeps its masks" {
	masked
	edit "$(no_ns pid)" '.mounts|=map(if .destination=="/proc" then {destination:"/proc",type:"none",source:"/proc",options:["rbind"]} else . end)' \
		'.linux.maskedPaths=[]|.linux.readonlyPaths=["/proc/sys"]' '.linux.sysctl={"kernel.shmmni":"3000"}' "$(script 'wc -c </proc/timer_list; cat /proc/sys/kernel/shmmni; umount /proc/timer_list 2>&1 | grep -c .')"
	call run --bundle "$B" "$ID"
	ran
	stdout $'0\n3000\n1'
}
