load lib

# The runtime inside a user namespace of somebody else: root there, with all
# ids, but without any privilege over the host.

# nest makes the namespaces and sets WRAP to a command that enters them. FILTER
# is for a config that can work there.
nest() {
	spawn nest unshare --user --mount --propagation private sleep 1000
	local pid=$SPAWNED_PID
	while [[ $(readlink "/proc/$pid/ns/user") == "$(readlink /proc/self/ns/user)" || $(</proc/$pid/comm) != sleep ]]; do :; done
	echo "0 0 4294967295" >"/proc/$pid/uid_map"
	echo "0 0 4294967295" >"/proc/$pid/gid_map"
	WRAP="nsenter --target $pid --user --mount --setuid 0 --setgid 0"
}

volume() {
	mkdir "$T/v"
	mount -t tmpfs -o "$1" tmpfs "$T/v"
}

@test "nested: a container in a user namespace of somebody else" {
	requires isolated
	needs_runc 1.2 "device rules that nobody asked for"
	bundle '.linux.resources={}' "$(script 'stat -c "%n %a %t:%T" /dev/null /dev/zero; echo x >/dev/null; ls /proc/self/fd >/dev/null && touch /x')"
	nest
	call run --bundle "$B" "$ID"
	ok
	stdout $'/dev/null 666 1:3\n/dev/zero 666 1:5'
}

@test "nested: a user namespace in it" {
	requires isolated
	needs_runc 1.2 "device rules that nobody asked for"
	local map='[{containerID:0,hostID:100000,size:65536}]'
	bundle '.linux.resources={}' "$(new_ns user)" ".linux.uidMappings=$map|.linux.gidMappings=$map" \
		"$(script 'cat /proc/self/uid_map; id -u; echo x >/dev/null')"
	chown -R 100000:100000 "$B/rootfs"
	nest
	call run --bundle "$B" "$ID"
	ok
	matches "$output" $'^ *0 +100000 +65536\n0$'
}

@test "nested: what is locked stays, unless it is to go" {
	requires isolated
	needs_runc 1.2 "device rules that nobody asked for"
	volume nosuid,nodev,noexec,ro
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind)" "$(args /bin/probe)"
	nest
	call run --bundle "$B" "$ID"
	ok
	cp "$OUT" "$T/probe.json"
	local option
	for option in nosuid nodev noexec ro; do
		contains " $(got '[.mounts[]|select(.target=="/mnt")]|last|.options|join(" ")') " " $option "
	done
	for option in suid:nosuid dev:nodev exec:noexec rw:ro; do
		config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind "${option%:*}")"
		call run --bundle "$B" "$ID"
		exited 1
		contains "$error" "not permitted"
		[[ $RUNTIME_KIND == runc ]] || contains "$error" "mounts[6].options: mount_setattr $T/v: operation not permitted: who mounted it in a more privileged user namespace has locked ${option#*:};"
	done
	umount "$T/v"
}

@test "nested: how access times are kept is locked too" {
	requires isolated
	differs_from_runc "wording of errors"
	volume noatime
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind strictatime)"
	nest
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].options: mount_setattr $T/v: operation not permitted: who mounted it in a more privileged user namespace has locked how access times are kept"
	config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind noatime nosuid)"
	call run --bundle "$B" "$ID"
	ok
	umount "$T/v"
}

@test "nested: what is not locked can be taken away, and more can be added" {
	requires isolated
	needs_runc 1.2 "device rules that nobody asked for"
	volume nosuid
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind rw dev exec)" "$(script 'touch /mnt/x')"
	nest
	call run --bundle "$B" "$ID"
	ok
	config '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind ro nodev noexec)" "$(script 'touch /mnt/y')"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "Read-only file system"
	umount "$T/v"
}

@test "nested: mapping the owners of a mount takes privilege over it" {
	requires isolated
	differs_from_runc "wording of errors"
	mkdir "$T/v"
	bundle '.linux.resources={}' "$(mount_at /mnt bind "$T/v" bind idmap)" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:7,size:1}]'
	nest
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].source: mount_setattr $T/v: operation not permitted: it takes privilege over the filesystem"
	nothing_left
	# Over a filesystem of one's own there is that.
	config '.linux.resources={}' "$(mount_at /mnt tmpfs tmpfs idmap)" "$(script 'stat -c %u:%g /mnt')" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:8,size:1}]'
	call run --bundle "$B" "$ID"
	ok
	stdout 7:8
}

@test "nested: a copy of a directory, a remount, a mount over the root" {
	requires isolated
	differs_from_runc "a mount at / is made, not refused"
	bundle '.linux.resources={}' ".mounts=[{destination:\"/\",type:\"tmpfs\",source:\"tmpfs\",options:[\"tmpcopyup\"]}]+.mounts" \
		"$(mount_at /mnt tmpfs tmpfs size=1m)" "$(mount_at /mnt tmpfs tmpfs remount ro size=2m)" "$(script 'stat -c %u /home/alice; df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2; touch /new; touch /mnt/x')"
	nest
	call run --bundle "$B" "$ID"
	exited 1
	stdout $'1000\n2048'
	contains "$error" "Read-only file system"
	absent "$B/rootfs/new"
}
