load lib

# A mount whose owners are mapped shows id N of the filesystem, which the
# mapping has as containerID, as its hostID.

mapping() { echo "[{containerID:$1,hostID:$2,size:$3}]"; }

# mapped FROM TO SIZE is the filter that maps the owners of the last mount.
mapped() { echo ".mounts[-1].uidMappings=$(mapping "$@")|.mounts[-1].gidMappings=$(mapping "$@")"; }

# in_userns is the filter for a user namespace whose root is host id 100000.
in_userns() {
	echo "$(new_ns user)|.linux.uidMappings=$(mapping 0 100000 65536)|.linux.gidMappings=$(mapping 0 100000 65536)"
}

owners() { script "cd $1; stat -c '%n %u:%g' *; touch new && stat -c '%n %u:%g' new"; }

volume() {
	mkdir "$T/v"
	chmod 777 "$T/v"
	: >"$T/v/a"
	: >"$T/v/b"
	chown 0:0 "$T/v/a"
	chown 5:6 "$T/v/b"
}

@test "idmap: a bind with a mapping of its own" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(mount_at /mnt bind "$T/v" bind idmap)" "$(mapped 0 0 10)" "$(mapped 0 1000 10)" "$(owners /mnt)"
	call run --bundle "$B" "$ID"
	# The container's root is not among the ids that can be written to it.
	fails 1 "Value too large"
	stdout $'a 1000:1000\nb 1005:1006'
	edit '.process.user={uid:1003,gid:1004}'
	run_payload
	stdout $'a 1000:1000\nb 1005:1006\nnew 1003:1004'
	equal "$(stat -c %u:%g "$T/v/new")" 3:4
}

@test "idmap: mappings alone are enough" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(mount_at /mnt bind "$T/v" bind)" "$(mapped 0 1000 10)" "$(script 'stat -c %u /mnt/b')"
	run_payload
	stdout 1005
}

@test "idmap: several ranges, users and groups apart" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(mount_at /mnt bind "$T/v" bind idmap)" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:50,size:1},{containerID:5,hostID:70,size:1}]' \
		'.mounts[-1].gidMappings=[{containerID:0,hostID:7000,size:100}]' "$(script 'cd /mnt; stat -c "%n %u:%g" *')"
	run_payload
	stdout $'a 50:7000\nb 70:7006'
}

@test "idmap: a bind with the mapping of the container's user namespace" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(in_userns)" "$(mount_at /mnt bind "$T/v" bind idmap)" "$(owners /mnt)"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout $'a 0:0\nb 5:6\nnew 0:0'
	equal "$(stat -c %u:%g "$T/v/new")" 0:0 "the owner on the host"
}

@test "idmap: with the mapping of a user namespace that is joined" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(in_userns)" "$(args sleep 100)"
	chown -R 100000:100000 "$B/rootfs"
	running
	local first=$ID
	ID=$ID-2
	config "$(no_ns network)" "$(join_ns user "/proc/$PID/ns/user")" "$(mount_at /mnt bind "$T/v" bind idmap)" \
		'.mounts|=map(select(.type!="sysfs"))|.linux.maskedPaths=[]' "$(owners /mnt)"
	run_payload
	stdout $'a 0:0\nb 5:6\nnew 0:0'
	call delete --force "$first"
	ok
}

@test "idmap: idmap is for one mount, ridmap for those below too" {
	requires isolated
	needs_runc 1.2 "id-mapped mounts"
	volume
	mkdir "$T/v/sub"
	mount -t tmpfs tmpfs "$T/v/sub"
	: >"$T/v/sub/c"
	bundle "$(mount_at /mnt bind "$T/v" rbind idmap)" "$(mapped 0 1000 10)" "$(script 'stat -c %u /mnt/a /mnt/sub/c')"
	run_payload
	stdout $'1000\n0'
	edit '.mounts[-1].options=["rbind","ridmap"]'
	run_payload
	stdout $'1000\n1000'
	umount "$T/v/sub"
}

@test "idmap: with other flags" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	probe "$(mount_at /mnt bind "$T/v" bind ro nosuid nodev noexec idmap)" "$(mapped 0 1000 10)"
	local option
	for option in ro nosuid nodev noexec idmapped; do
		contains " $(got '[.mounts[]|select(.target=="/mnt")]|last|.options|join(" ")') " " $option "
	done
}

@test "idmap: a file" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(mount_at /etc/given bind "$T/v/b" bind idmap)" "$(mapped 0 1000 10)" "$(script 'stat -c %u:%g /etc/given')"
	run_payload
	stdout 1005:1006
}

@test "idmap: many mounts with one mapping" {
	needs_runc 1.2 "id-mapped mounts"
	volume
	bundle "$(in_userns)" "$(script 'stat -c %u /many/*/b | sort | uniq -c | tr -s " "')" \
		"[range(20)|{destination:\"/many/\(.)\",type:\"bind\",source:\"$T/v\",options:[\"bind\",\"idmap\"]}] as \$m|.mounts+=\$m"
	chown -R 100000:100000 "$B/rootfs"
	run_payload
	stdout " 20 5"
}

@test "idmap: a fresh filesystem" {
	differs_from_runc "new filesystems can be id-mapped"
	bundle "$(mount_at /mnt tmpfs tmpfs mode=1777 size=1m idmap)" "$(mapped 0 1000 10)" \
		'.process.user={uid:1004,gid:1005}' "$(script 'stat -c "%a %u" /mnt; touch /mnt/x; stat -c %u:%g /mnt/x; df -k /mnt | tail -n 1 | tr -s " " | cut -d" " -f2')"
	run_payload
	stdout $'1777 1000\n1004:1005\n1024'
}

@test "idmap: a filesystem image in a user namespace" {
	requires isolated
	requires program=mkfs.ext4
	differs_from_runc "new filesystems can be id-mapped"
	local loop
	mkdir "$T/image.d"
	echo text >"$T/image.d/file"
	chown 7:8 "$T/image.d/file"
	truncate -s 8M "$T/image"
	mkfs.ext4 -q -d "$T/image.d" "$T/image"
	loop=$(losetup --find --show "$T/image") || skip "no loop device"
	bundle "$(in_userns)" "$(mount_at /mnt ext4 "$loop" ro idmap)" "$(script 'stat -c %u:%g /mnt/file; cat /mnt/file; touch /mnt/x')"
	chown -R 100000:100000 "$B/rootfs"
	call run --bundle "$B" "$ID"
	losetup --detach "$loop"
	exited 1
	stdout $'7:8\ntext'
	contains "$error" "Read-only file system"
}

@test "idmap: tmpcopyup with a mapping" {
	differs_from_runc "new filesystems can be id-mapped"
	bundle "$(in_userns)" "$(mount_at /home tmpfs tmpfs tmpcopyup idmap)" "$(script 'cd /home; stat -c "%a %u:%g" . alice')"
	chown -R 100000:100000 "$B/rootfs"
	chown 101000:101000 "$B/rootfs/home/alice"
	chmod 751 "$B/rootfs/home"
	run_payload
	stdout $'751 0:0\n755 1000:1000'
}

@test "idmap: a filesystem that cannot be mapped" {
	differs_from_runc "new filesystems can be id-mapped"
	bundle "$(mount_at /mnt proc proc idmap)" "$(mapped 0 1000 10)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6]: mount_setattr" "this kernel cannot map the owners of a filesystem of type proc"
	nothing_left
	config "$(mount_at /mnt bind /sys/kernel bind idmap)" "$(mapped 0 1000 10)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].source: mount_setattr /sys/kernel: invalid argument: this kernel cannot map the owners of a filesystem of type sysfs"
	nothing_left
}

@test "idmap: without anything to map by" {
	needs_runc 1.2 "id-mapped mounts"
	bundle "$(mount_at /mnt bind /tmp bind idmap)"
	call run --bundle "$B" "$ID"
	exited 1
	contains "$error" "apping"
	nothing_left
}

@test "idmap: users without groups, ranges that overlap" {
	differs_from_runc "wording of errors"
	bundle "$(mount_at /mnt bind /tmp bind idmap)" ".mounts[-1].uidMappings=$(mapping 0 1 2)"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].gidMappings: required along with uidMappings"
	edit ".mounts[-1].gidMappings=[{containerID:0,hostID:1,size:2},{containerID:1,hostID:9,size:2}]"
	call run --bundle "$B" "$ID"
	fails 1 "mounts[6].gidMappings[1]: overlaps entry 0 in the container"
}
