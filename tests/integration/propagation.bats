load lib

peers() { got "[.mounts[]|select(.target==\"$1\")]|last|.propagation|join(\" \")"; }

again() {
	config "$(args /bin/probe)" "$@"
	run_payload
	cp "$OUT" "$T/probe.json"
}

# volume makes $T/v a shared mount that holds an empty directory sub.
volume() {
	mkdir "$T/v"
	mount -t tmpfs tmpfs "$T/v"
	mount --make-shared "$T/v"
	mkdir "$T/v/sub"
}

as_admin() { call exec --cap CAP_SYS_ADMIN "$ID" "$@"; }

@test "propagation: of the root, in all values" {
	requires isolated
	needs_runc 1.3.1 "shared and unbindable"
	bundle
	mount --bind "$B/rootfs" "$B/rootfs"
	mount --make-shared "$B/rootfs"
	again
	matches "$(peers /)" '^master:[0-9]+$'
	local value
	for value in slave rslave; do
		again ".linux.rootfsPropagation=\"$value\""
		matches "$(peers /)" '^master:[0-9]+$'
	done
	for value in private rprivate; do
		again ".linux.rootfsPropagation=\"$value\""
		equal "$(peers /)" ""
		equal "$(peers /dev/shm)" ""
	done
	for value in unbindable runbindable; do
		again ".linux.rootfsPropagation=\"$value\""
		matches "$(peers /)" 'unbindable$'
	done
	again '.linux.rootfsPropagation="shared"'
	matches "$(peers /)" '^shared:[0-9]+'
	lacks "$(peers /dev/shm)" shared
	again '.linux.rootfsPropagation="rshared"'
	matches "$(peers /dev/shm)" '^shared:[0-9]+'
	# A peer group of its own, not the host's.
	local host
	host=$(sed -n "s|.* $B/rootfs .* shared:\([0-9]*\) .*|\1|p" /proc/self/mountinfo | tail -n 1)
	lacks "$(peers /) " "shared:$host "
	umount "$B/rootfs"
}

@test "propagation: a root that is a slave sees what the host mounts later" {
	requires isolated
	bundle '.linux.rootfsPropagation="rslave"' "$(args sleep 100)"
	mount --bind "$B/rootfs" "$B/rootfs"
	mount --make-shared "$B/rootfs"
	running
	mount -t tmpfs tmpfs "$B/rootfs/mnt"
	: >"$B/rootfs/mnt/file"
	call exec "$ID" ls /mnt
	stdout file
	call delete --force "$ID"
	ok
	umount "$B/rootfs/mnt" "$B/rootfs"
}

@test "propagation: a root that is private does not" {
	requires isolated
	bundle '.linux.rootfsPropagation="private"' "$(args sleep 100)"
	mount --bind "$B/rootfs" "$B/rootfs"
	mount --make-shared "$B/rootfs"
	running
	mount -t tmpfs tmpfs "$B/rootfs/mnt"
	: >"$B/rootfs/mnt/file"
	call exec "$ID" ls /mnt
	stdout ""
	call delete --force "$ID"
	ok
	umount "$B/rootfs/mnt" "$B/rootfs"
}

@test "propagation: a root that is unbindable cannot be bound" {
	requires isolated
	needs_runc 1.3.1 "shared and unbindable"
	bundle '.linux.rootfsPropagation="unbindable"' "$(args sleep 100)"
	running
	as_admin mount --bind / /mnt
	exited 255 || exited 1 || exited 32
	call delete --force "$ID"
	ok
}

@test "propagation: what the container mounts in a shared volume appears on the host" {
	requires isolated
	local option
	for option in rshared shared; do
		volume
		bundle '.linux.rootfsPropagation="rshared"' "$(mount_at /mnt bind "$T/v" rbind "$option")" "$(args sleep 100)"
		running
		as_admin sh -c 'mount -t tmpfs tmpfs /mnt/sub && : >/mnt/sub/inside'
		exited 0
		present "$T/v/sub/inside"
		call delete --force "$ID"
		ok
		umount "$T/v/sub" "$T/v"
		rm -r "$T/v" "$B"
	done
}

@test "propagation: and with the option alone" {
	requires isolated
	differs_from_runc "the option alone makes a volume shared with the host"
	volume
	bundle "$(mount_at /mnt bind "$T/v" rbind rshared)" "$(args sleep 100)"
	running
	as_admin sh -c 'mount -t tmpfs tmpfs /mnt/sub && : >/mnt/sub/inside'
	exited 0
	present "$T/v/sub/inside"
	call delete --force "$ID"
	ok
	umount "$T/v/sub" "$T/v"
}

@test "propagation: but not from a user namespace" {
	requires isolated
	volume
	chown 100000 "$T/v" "$T/v/sub"
	bundle "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=[{containerID:0,hostID:100000,size:65536}]' \
		"$(mount_at /mnt bind "$T/v" rbind rshared)" "$(args sleep 100)"
	chown -R 100000:100000 "$B/rootfs"
	running
	as_admin sh -c 'mount -t tmpfs tmpfs /mnt/sub && : >/mnt/sub/inside'
	exited 0
	absent "$T/v/sub/inside"
	call delete --force "$ID"
	ok
	umount "$T/v"
}

@test "propagation: slave and private volumes do not reach the host" {
	requires isolated
	local option
	for option in rslave slave rprivate private runbindable unbindable; do
		volume
		bundle "$(mount_at /mnt bind "$T/v" rbind "$option")" "$(args sleep 100)"
		running
		as_admin sh -c 'mount -t tmpfs tmpfs /mnt/sub && : >/mnt/sub/inside'
		exited 0
		absent "$T/v/sub/inside"
		call delete --force "$ID"
		ok
		umount "$T/v"
		rm -r "$T/v" "$B"
	done
}

@test "propagation: of a new filesystem" {
	bundle
	again "$(mount_at /mnt tmpfs tmpfs shared)"
	matches "$(peers /mnt)" '^shared:[0-9]+$'
	again "$(mount_at /mnt tmpfs tmpfs unbindable)"
	equal "$(peers /mnt)" unbindable
	again "$(mount_at /mnt tmpfs tmpfs rslave private)"
	equal "$(peers /mnt)" ""
}
