load lib

# Kernels that lack a newer system call, and filters around the runtime that
# refuse one: denysys plays both. Either everything works as ever, or it is
# refused with the name of the call, the kernel that has it and what to do.

# lacking WHAT ERROR lets all calls of the runtime run so, until with_all.
lacking() { WRAP="denysys $1 $2 --"; }
with_all() { WRAP=""; }

# rich is a config with most things that mounts and identities can have.
rich() {
	mkdir -p "$T/v/below"
	echo volume >"$T/v/file"
	bundle "$(args sleep 1000)" '.root.readonly=true' \
		"$(mount_at /mnt bind "$T/v" rbind ro nosuid noexec noatime)" \
		"$(mount_at /var bind "$T/v" bind nodev rslave)" \
		"$(mount_at /etc/hostname bind "$T/v/file" bind ro)" \
		"$(mount_at /home tmpfs tmpfs tmpcopyup nodev size=1m)" \
		"$(mount_at /run tmpfs tmpfs ro)" \
		"$(mount_at /sys/fs/cgroup cgroup cgroup ro nosuid)" \
		'.linux.devices=[{path:"/dev/fuse",type:"c",major:10,minor:229,fileMode:432,uid:7,gid:8}]' \
		'.linux.sysctl={"net.ipv4.ip_forward":"1"}' "$(new_ns cgroup)" \
		'.linux.seccomp={defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["acct"],action:"SCMP_ACT_ERRNO"}]}' \
		'.hostname="rich"|.process.user={uid:1000,gid:1000,additionalGids:[5]}' "$@"
	touch "$B/rootfs/etc/hostname"
}

in_user_namespace() {
	edit "$(new_ns user)" '.linux.uidMappings=[{containerID:0,hostID:100000,size:65536}]|.linux.gidMappings=.linux.uidMappings'
	chown -R 100000:100000 "$B/rootfs"
}

# works is ok, but for a word of the cgroup library about a refused openat2.
works() {
	error=$(grep -v 'falling back to securejoin' <<<"$error" || true)
	ok
}

# seen prints what a process in the container sees, as far as it is the same in
# every container with the config.
seen() {
	call exec "$ID" sh -c '
		cut -d" " -f4- /proc/self/mountinfo | sed -E "s/^\S+ //; s/(shared|master|propagate_from):[0-9]+/\1/g" | sed "s/'"$ID"'/ID/g"
		cat /mnt/file /etc/hostname /proc/sys/net/ipv4/ip_forward; hostname
		ls -ln /home /dev; id; umask; grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status
		cat /proc/keys | wc -c; ls /sys/firmware | wc -l
		for f in /x /mnt/x /run/x /var/x /proc/sys/kernel/domainname; do { echo x >$f; } 2>&1; done
		ls /proc/self/fd | wc -l'
	exited 0
	# Times and the sizes of directories are not meant.
	# Neither is the order of mounts, nor whose null device masks a file.
	sed -E 's/[A-Z][a-z]{2} +[0-9]+ +[0-9:]+ / /; s/,inode64//; s|^(/proc/[a-z_]+) .* (dev)?tmpfs .*|\1 masked|' "$OUT" >"$T/seen"
	[[ ${users:-} != yes ]] || sed -i -E '\#^/dev/(null|zero|full|random|urandom|tty) #d; s/^(c[rwx-]+ +1) .*, /\\1 /' "$T/seen"
	grep -E ' - | masked$' "$T/seen" | sort
	grep -vE ' - | masked$' "$T/seen"
}

# life is create, start, exec, ps, kill and delete. It sets $view.
life() {
	call create --bundle "$B" "$ID"
	works
	call start "$ID"
	works
	view=$(seen)
	call exec "$ID" /nowhere
	fails 255 'no such file or directory'
	call ps "$ID"
	works
	contains "$output" "sleep 1000"
	call kill "$ID" KILL
	works
	call delete --force "$ID"
	works
}

# for_user leaves out what old ways cannot do in a user namespace: devices that
# are not as on the host, and how access times are kept. The others are the
# host's then, as with other runtimes.
for_user() { edit 'del(.linux.devices)|.mounts|=map(if .options then .options-=["noatime"] else . end)'; }

# same WHAT ERROR… wants the life of a rich container to be the same without.
same() {
	local what=$1 error_number expected users
	shift
	for users in no yes; do
		rich
		if [[ $users == yes ]]; then
			in_user_namespace
			for_user
		fi
		# What is seen with all calls is found out once a file.
		with_all
		if [[ ! -e $BATS_FILE_TMPDIR/$users ]]; then
			life
			echo "$view" >"$BATS_FILE_TMPDIR/$users"
		fi
		expected=$(<"$BATS_FILE_TMPDIR/$users")
		for error_number; do
			lacking "$what" "$error_number"
			life
			nothing_left
			[[ $view == "$expected" ]] || flunk "$what $error_number, user namespace: $users" "$(diff <(echo "$expected") <(echo "$view"))"
		done
	done
}

not_on_runc() { [[ $RUNTIME_KIND == rung ]] || skip "runc has ways of its own"; }
setup() {
	begin
	not_on_runc
}

@test "fallback: openat2" { same openat2 ENOSYS EPERM; }
@test "fallback: clone3" { same clone3 ENOSYS EPERM; }
@test "fallback: clone3 without cgroups to be born in" { same clone-into-cgroup E2BIG; }
@test "fallback: close_range" { same close_range ENOSYS EPERM; }
@test "fallback: close_range without its flag" { same close_range-cloexec EINVAL; }
@test "fallback: faccessat2" { same faccessat2 ENOSYS EPERM; }
@test "fallback: fchmodat2" { same fchmodat2 ENOSYS EPERM; }
@test "fallback: mount_setattr" { same mount_setattr ENOSYS EPERM; }
@test "fallback: pidfd_open" { same pidfd_open ENOSYS EPERM; }
@test "fallback: pidfd_send_signal" { same pidfd_send_signal ENOSYS EPERM; }
@test "fallback: both" { same pidfd_open,pidfd_send_signal ENOSYS EPERM; }
@test "fallback: setns with a pidfd" { same setns-pidfd EINVAL; }
@test "fallback: waitid with a pidfd" { same waitid-pidfd EINVAL; }
@test "fallback: statx" { same statx ENOSYS EPERM; }
@test "fallback: memfd_create with MFD_EXEC" { same memfd-exec EINVAL; }
@test "fallback: all that Linux 5.11 has not" { same linux-5.11 ENOSYS EPERM; }
@test "fallback: all that Linux 5.4 has not" { same linux-5.4 ENOSYS EPERM; }
@test "fallback: all of them" { same linux-5.0 ENOSYS EPERM; }

@test "fallback: fsopen" { same fsopen ENOSYS EPERM; }
@test "fallback: fsconfig" { same fsconfig ENOSYS EPERM; }
@test "fallback: fsmount" { same fsmount ENOSYS EPERM; }
@test "fallback: open_tree" { same open_tree ENOSYS EPERM; }
@test "fallback: move_mount" { same move_mount ENOSYS EPERM; }

@test "fallback: what user namespaces cannot have without detached mounts" {
	rich
	in_user_namespace
	lacking fsopen EPERM
	call run --bundle "$B" "$ID"
	fails 1 'linux.devices[0]: /dev/fuse' 'Linux 5.2' 'allow them'
	nothing_left
	edit 'del(.linux.devices)'
	call run --bundle "$B" "$ID"
	fails 1 'mounts[6].options: mount_setattr' 'operation not permitted' 'locked'
	nothing_left
	rich
	in_user_namespace
	lacking mount_setattr,openat2 ENOSYS
	call create --bundle "$B" "$ID"
	works
	call delete --force "$ID"
	works
}

@test "fallback: recursive attributes without mount_setattr" {
	requires isolated
	mkdir -p "$T/v/below"
	bundle "$(mount_at /mnt bind "$T/v" rbind rro)" "$(script 'touch /mnt/x')"
	local error_number
	for error_number in ENOSYS EPERM; do
		lacking mount_setattr "$error_number"
		call run --bundle "$B" "$ID" # nothing is below it: one mount it is
		exited 1
		contains "$error" 'Read-only file system'
		mount -t tmpfs tmpfs "$T/v/below"
		call run --bundle "$B" "$ID"
		fails 1 'mounts[6].options: mount_setattr' 'something is mounted below it' 'Linux 5.12'
		# What is read-only already need not be changed.
		mount -o remount,bind,ro "$T/v/below"
		call run --bundle "$B" "$ID"
		fails 1 'Read-only file system'
		umount "$T/v/below"
	done
}

@test "fallback: read-only paths without mount_setattr" {
	requires isolated
	bundle '.linux.readonlyPaths+=["/mnt","/home"]' "$(mount_at /home/alice tmpfs tmpfs)"
	lacking mount_setattr ENOSYS
	call run --bundle "$B" "$ID"
	fails 1 'linux.readonlyPaths[6]: mount_setattr /home' 'something is mounted below it' 'Linux 5.12'
	nothing_left
	edit '.linux.readonlyPaths|=map(select(.!="/home"))' "$(script 'touch /mnt/x')"
	call run --bundle "$B" "$ID"
	fails 1 'Read-only file system'
}

@test "fallback: owners of mounts are mapped by mount_setattr alone" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt bind "$T/v" bind idmap)" \
		'.mounts[-1].uidMappings=[{containerID:0,hostID:7,size:1}]|.mounts[-1].gidMappings=[{containerID:0,hostID:7,size:1}]'
	lacking mount_setattr ENOSYS
	call run --bundle "$B" "$ID"
	fails 1 'mounts[6].source: mount_setattr' 'Linux 5.12'
	lacking mount_setattr EPERM
	call run --bundle "$B" "$ID"
	fails 1 'mounts[6].source: mount_setattr' 'Linux 5.12'
}

@test "fallback: a volume shared with the host takes detached mounts" {
	mkdir "$T/v"
	bundle "$(mount_at /mnt bind "$T/v" bind shared)"
	lacking fsopen ENOSYS
	call run --bundle "$B" "$ID"
	fails 1 'mounts[6].options: a mount that is shared with the host' 'Linux 5.2' 'allow them'
	nothing_left
}

@test "fallback: a remount without fspick" {
	bundle "$(mount_at /mnt tmpfs tmpfs size=1m)" "$(mount_at /mnt tmpfs tmpfs remount size=2m)"
	lacking fspick ENOSYS
	call run --bundle "$B" "$ID"
	fails 1 'mounts[7].options: fspick /mnt' 'Linux 5.2'
	lacking fspick EPERM
	call run --bundle "$B" "$ID"
	fails 1 'mounts[7].options: fspick /mnt' 'Linux 5.2'
}

@test "fallback: a terminal, hooks and further descriptors" {
	rich "$(script 'tty')" '.process.terminal=true' \
		'.hooks={createContainer:[{path:"/bin/sh",args:["sh","-c","cat >/dev/null; ls /proc/self/fd | wc -l >'"$T"'/fds"]}]}'
	local what
	for what in openat2 close_range mount_setattr fsopen linux-5.4 linux-5.0; do
		lacking "$what" ENOSYS
		WRAP="ptyrun $WRAP" call run --bundle "$B" "$ID"
		exited 0
		contains "$output" /dev/pts/0
		equal "$(<"$T/fds")" 4
		nothing_left
	done
}
