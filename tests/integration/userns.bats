load lib

MAPS='.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings=[{containerID:0,hostID:200000,size:65536}]'

setup() {
	begin
	bundle "$(new_ns user)" "$MAPS" "$(args /bin/probe)"
	chown -R 100000:200000 "$B/rootfs"
}

@test "userns: root inside is nobody outside" {
	edit "$(args sleep 100)"
	running
	equal "$(awk '/^Uid:/{print $2,$3,$4,$5}' "/proc/$PID/status")" "100000 100000 100000 100000"
	equal "$(awk '/^Gid:/{print $2,$3,$4,$5}' "/proc/$PID/status")" "200000 200000 200000 200000"
}

@test "userns: the mappings" {
	run_payload
	equal "$(jq -c '[.uid,.gid,.uidMap,.gidMap]' <<<"$output")" '[0,0,["0 100000 65536"],["0 200000 65536"]]'
}

@test "userns: several ranges" {
	edit '.linux.uidMappings=[{containerID:0,hostID:100000,size:1000},{containerID:1000,hostID:300000,size:5},{containerID:5000,hostID:400000,size:100}]'
	run_payload
	equal "$(jq -c .uidMap <<<"$output")" '["0 100000 1000","1000 300000 5","5000 400000 100"]'
}

@test "userns: forty ranges" {
	edit '.linux.uidMappings=[range(40)|{containerID:(.*2),hostID:(100000+.*3),size:1}]'
	run_payload
	equal "$(jq -c '.uidMap|length' <<<"$output")" 40
}

@test "userns: all mounts work" {
	edit "$(new_ns cgroup)" "$(mount_at /sys/fs/cgroup cgroup cgroup ro)" "$(mount_at /mnt tmpfs tmpfs size=1m)"
	run_payload
	local target
	for target in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup /mnt; do
		equal "$(jq "[.mounts[]|select(.target==\"$target\")]|length>=1" <<<"$output")" true "mount at $target"
	done
}

@test "userns: devices are there, bound from the host" {
	edit "$(script 'stat -c "%t:%T" /dev/null; echo x >/dev/null && head -c 2 /dev/zero | wc -c')"
	run_payload
	stdout $'1:3\n2'
}

@test "userns: capabilities are those inside" {
	edit '.process.capabilities.bounding=["CAP_SYS_ADMIN","CAP_CHOWN"]|.process.capabilities.effective=["CAP_SYS_ADMIN","CAP_CHOWN"]|.process.capabilities.permitted=["CAP_SYS_ADMIN","CAP_CHOWN"]' \
		"$(script 'mount -t tmpfs x /mnt && echo mounted; chown 5 /tmp && echo changed; date -s 2000-01-01 2>&1 | grep -c permitted')"
	run_payload
	stdout $'mounted\nchanged\n1'
}

@test "userns: another user inside" {
	edit '.process.user={uid:1000,gid:1001,additionalGids:[29]}'
	run_payload
	equal "$(jq -c '[.uid,.gid,.groups]' <<<"$output")" '[1000,1001,[29]]'
}

@test "userns: an id that is not mapped is refused" {
	edit '.process.user={uid:70000,gid:0}'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "userns: without mappings it is refused" {
	edit 'del(.linux.uidMappings)|del(.linux.gidMappings)'
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "userns: mappings without the namespace are refused" {
	differs_from_runc "id mappings without a user namespace are refused, not ignored"
	edit "$(no_ns user)"
	call run --bundle "$B" "$ID"
	exited 1
	nothing_left
}

@test "userns: the root stays unreadable for others" {
	edit "$(script 'cat /root/secret; cat /hosts-own')"
	echo inside >"$B/rootfs/root/secret"
	chown 100000 "$B/rootfs/root/secret"
	echo hosts >"$B/rootfs/hosts-own"
	chmod 600 "$B/rootfs/hosts-own"
	call run --bundle "$B" "$ID"
	exited 1
	stdout inside
	contains "$error" "Permission denied"
}

@test "userns: sysctl of the container's own namespaces" {
	edit '.linux.sysctl={"net.ipv4.ip_forward":"1","kernel.shmmni":"3000"}' \
		"$(script 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni')"
	run_payload
	stdout $'1\n3000'
}

@test "userns: a bundle below directories that root inside may not enter" {
	differs_from_runc "the root file system is opened before the user namespace is entered"
	chmod 700 "$T"
	edit "$(args echo fine)"
	run_payload
	stdout fine
}

@test "userns: exec has the same view" {
	edit "$(args sleep 100)"
	running
	call exec --user 1000:1000 "$ID" /bin/probe
	ok
	equal "$(jq -c '[.uid,.gid,.uidMap]' <<<"$output")" '[1000,1000,["0 100000 65536"]]'
}

@test "userns: a terminal" {
	edit '.process.terminal=true' "$(script 'tty; stat -c %u "$(tty)"')"
	spawn tty recvtty "$T/console"
	await file "$T/console"
	call run --bundle "$B" --detach --console-socket "$T/console" "$ID"
	ok
	reap tty "$SPAWNED_PID"
	equal "${output//$'\r'/}" $'/dev/pts/0\n0'
}

@test "userns: join by path what another container has" {
	needs_runc 1.2 "a user namespace by path without mappings"
	edit "$(args sleep 100)"
	running
	config "$(join_ns user "/proc/$PID/ns/user")" ".linux.cgroupsPath=\"/$ID-2\"" "$(args /bin/probe)"
	call run --bundle "$B" "$ID-2"
	ok
	equal "$(jq -r .namespaces.user "$OUT")" "$(readlink "/proc/$PID/ns/user")"
	equal "$(jq -c .uidMap "$OUT")" '["0 100000 65536"]'
}
